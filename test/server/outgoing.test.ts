/** The delta that a session sends next. */

import { expect, test } from 'vitest'
import { createOutgoing } from '../../src/server/sessions/replica/outgoing.ts'

test('a verdict does not wait for the rows of another one', () => {
  const outgoing = createOutgoing()
  for (const groupID of ['crew', 'den']) {
    const verdict = { kind: 'applied', opID: groupID, groupID, seq: 1, result: undefined } as const
    outgoing.addVerdict({ verdict, readsBefore: 0 })
  }
  const next = (ready: string) =>
    outgoing.next(({ verdict }) => verdict.groupID === ready)?.verdicts.map(({ opID }) => opID)
  expect([next('den'), next('den'), next('crew')]).toEqual([['den'], undefined, ['crew']])
})
