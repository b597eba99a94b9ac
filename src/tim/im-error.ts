/** How calls answer in Tencent's API: `IMResponse` when they succeed, a rejection with `IMError` when not. */

import { describe } from '../kernel/error-texts.ts'
import { groupError, type GroupError, type Reason } from '../kernel/errors.ts'

/**
 * What a successful call resolves with. Source: `tim-groups.md` §2.3.
 *
 * @example
 * const imResponse = await tim.getGroupList()
 * console.log(imResponse.code, imResponse.data.groupList) // 0 [ … ]
 */
export type IMResponse<D> = { readonly code: 0; readonly data: D }

export const respond = <D>(data: D): IMResponse<D> => ({ code: 0, data })

/**
 * What a failed call rejects with: a `code` of `tim-groups.md` §5 and a text that can be shown.
 *
 * @example
 * tim.dismissGroup('crew').catch(imError => console.warn(imError.code, imError.message))
 */
export class IMError extends Error {
  readonly code: number
  readonly data: Readonly<Record<string, unknown>>

  constructor({ code, message }: GroupError, data: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.name = 'IMError'
    this.code = code
    this.data = data
  }
}

/** An error of the face's own. */
export const ownError = (reason: Reason, detail?: string): GroupError =>
  describe(groupError(reason, detail))
