/**
 * Arguments of every group call, checked by Tencent's SDK 2.27.6 and by `strict2x`: both throw at
 * once for the same ones. `strict2x` has the checks of 2.6.3, so some calls differ.
 */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { validate2x } from '../../src/tim/validate.ts'
import { beyondLimit, greatest, illShaped } from './call-arguments.ts'
import { openSdk, type Sdk } from './sdk-page.ts'

let sdk: Sdk
beforeAll(async () => {
  // Both print each problem.
  for (const name of ['log', 'warn', 'error'] as const)
    vi.spyOn(console, name).mockImplementation(() => undefined)
  sdk = await openSdk()
})
afterAll(() => void vi.restoreAllMocks())

const refused = [...illShaped, ...beyondLimit]

/** `refused` by a check of the parameters, `broken` by an error in the SDK, or not at once. */
type Check = 'refused' | 'broken' | 'passed'

function checkOf(call: () => unknown): { check: Check; answer?: unknown } {
  try {
    return { check: 'passed', answer: call() }
  } catch (error) {
    return { check: String(error).includes('Params validate failed') ? 'refused' : 'broken' }
  }
}

/** An SDK may change its argument. */
function ask(call: string, argument: unknown): { check: Check; answer?: unknown } {
  const asked = checkOf(() => sdk[call]!(structuredClone(argument)))
  // Expected: the server of this test has no groups.
  void Promise.resolve(asked.answer).catch(() => undefined)
  return asked
}

/** The code of a call that rejects before it asks the server. */
async function codeOf(answer: unknown): Promise<number> {
  const code = (error: { code: number }) => error.code
  return Promise.resolve(answer).then(() => 0, code)
}

describe('arguments that Tencent checks', () => {
  /**
   * Of the first two calls, 2.6.3 checked only the first one, and 2.27.6 checks only the second
   * one. 2.27.6 breaks in its check of attributes if there are none.
   */
  const changed: Readonly<Record<string, readonly [here: Check, there: Check]>> = {
    setMessageRemindType: ['refused', 'passed'],
    addGroupMember: ['passed', 'refused'],
    initGroupAttributes: ['refused', 'passed'],
    setGroupAttributes: ['refused', 'passed']
  }

  const isNothing = (argument: unknown) => argument === undefined || argument === null

  test.each(refused.filter(([, , argument]) => isNothing(argument)))(
    '%s with %s throws in the SDK',
    (call, _title, argument) => {
      expect(ask(call, argument).check).not.toBe('passed')
    }
  )

  test.each(refused.filter(([, , argument]) => !isNothing(argument)))(
    '%s with %s is checked as in the SDK',
    (call, _title, argument) => {
      const here = checkOf(() => validate2x(call, argument)).check
      const { check } = ask(call, argument)
      // After its checks, the SDK breaks on a group that it does not have.
      const there = check === 'broken' ? 'passed' : check
      expect([here, there]).toEqual(here === there ? [here, here] : changed[call])
    }
  )

  test.each(Object.entries(greatest))('the greatest argument of %s passes', (call, argument) => {
    expect(checkOf(() => validate2x(call, argument)).check).toBe('passed')
    expect(ask(call, argument).check).not.toBe('refused')
  })

  const withType = refused.filter(
    ([call, , argument]) => call === 'createGroup' && Object.hasOwn(Object(argument), 'type')
  )
  test.each(withType)('%s with %s has the code of the SDK, if it has one', async (...row) => {
    const [call, , argument, code] = row
    const answer = await codeOf(ask(call, argument).answer)
    expect(answer === 2600 ? code : 2600).toBe(2600)
  })
})
