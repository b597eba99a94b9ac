/**
 * Arguments of every group call, checked by Tencent's SDK 2.27.6 and by `strict2x`: both throw at
 * once for the same ones. `strict2x` has the checks of 2.6.3, so some calls differ.
 */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { prepare } from '../../src/kernel/decide.ts'
import type { IMError } from '../../src/tim/im-error.ts'
import { newGroup } from '../../src/tim/new-group.ts'
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
  /** 2.6.3 checks nothing of these calls. */
  const unchecked = ['handleGroupApplication', 'addGroupMember']
  const shapeless = ['an empty text', 'an empty object', 'a number', 'a list']
  /**
   * Arguments that 2.6.3 and 2.27.6 check differently. 2.27.6 breaks in its check of attributes if
   * there are none.
   */
  const changed: Readonly<Record<string, readonly [here: Check, there: Check, readonly string[]]>> =
    {
      setMessageRemindType: [
        'refused',
        'passed',
        [...shapeless, 'a number as groupID', 'an empty groupID', 'no type']
      ],
      addGroupMember: [
        'passed',
        'refused',
        [
          ...shapeless,
          ...['a number as groupID', 'an empty groupID', 'no users', 'an empty list'],
          'a text as users'
        ]
      ],
      initGroupAttributes: ['refused', 'passed', [...shapeless, 'no attributes']],
      setGroupAttributes: ['refused', 'passed', [...shapeless, 'no attributes']]
    }

  const isNothing = (argument: unknown) => argument === undefined || argument === null
  const checkHere = (call: string, argument: unknown) =>
    checkOf(() => validate2x(call, argument)).check

  test.each(refused.filter(([, , argument]) => isNothing(argument)))(
    '%s with %s throws in the SDK, and here if 2.6.3 checks it',
    (call, _title, argument) => {
      expect(checkHere(call, argument)).toBe(unchecked.includes(call) ? 'passed' : 'refused')
      expect(ask(call, argument).check).not.toBe('passed')
    }
  )

  test.each(refused.filter(([, , argument]) => !isNothing(argument)))(
    '%s with %s is checked as in the SDK',
    (call, title, argument) => {
      const here = checkHere(call, argument)
      const { check } = ask(call, argument)
      // After its checks, the SDK breaks on a group that it does not have.
      const there = check === 'broken' ? 'passed' : check
      const [changedHere, changedThere, titles] = changed[call] ?? [here, here, []]
      expect([here, there]).toEqual(
        titles.includes(title) ? [changedHere, changedThere] : [here, here]
      )
    }
  )

  test.each(Object.entries(greatest))('the greatest argument of %s passes', (call, argument) => {
    expect(checkHere(call, argument)).toBe('passed')
    expect(ask(call, argument).check).not.toBe('refused')
  })

  /** The code of `createGroup` here, before it is enqueued. */
  function codeHere(argument: unknown): number {
    try {
      const args = newGroup(argument as never)
      const prepared = prepare({ name: 'createGroup', args, groupID: 'crew' }, 'ann')
      return prepared.ok ? 0 : prepared.error.code
    } catch (error) {
      return (error as IMError).code
    }
  }

  test.each(refused.filter(([call, , , code]) => call === 'createGroup' && code === 2600))(
    '%s with %s has the code of the SDK',
    async (call, title, argument) => {
      // 2.27.6 has this type of group, and here it is refused.
      const there = title === 'a type of a later SDK' ? 0 : 2600
      expect([codeHere(argument), await codeOf(ask(call, argument).answer)]).toEqual([2600, there])
    }
  )
})
