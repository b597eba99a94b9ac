/** A call of Tencent's API resolves with an `IMResponse`, or rejects with an `IMError`. */

import { describe } from '../kernel/error-texts.ts'
import { groupError, type GroupError, type Reason } from '../kernel/errors.ts'

/**
 * A successful call resolves with it. `code` is always 0, and `data` has the result.
 *
 * @example
 * const imResponse = await tim.getGroupList()
 * console.log(imResponse.code, imResponse.data.groupList) // 0 [ … ]
 */
export type IMResponse<D> = { readonly code: 0; readonly data: D }

export const respond = <D>(data: D): IMResponse<D> => ({ code: 0, data })

/**
 * A failed call rejects with it. `code` is Tencent's code of the error, or one of this package:
 * 45xx. `message` is a text for users. `data` names the operation and the group, if known.
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

/** An error that has its origin here, not in the store. */
export const ownError = (reason: Reason, detail?: string): GroupError =>
  describe(groupError(reason, detail))
