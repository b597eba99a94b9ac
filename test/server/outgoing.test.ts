/** The delta that a session sends next. */

import { expect, test } from 'vitest'
import type { DeltaMessage } from '../../src/protocol/server-messages.ts'
import { deltaFrames } from '../../src/server/sessions/frames.ts'
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

const verdictsOf = (groupID: string) =>
  Array.from({ length: 300 }, (_each, index) => ({
    kind: 'applied' as const,
    opID: `${groupID}${index}`,
    groupID,
    seq: index,
    result: 'x'.repeat(4000)
  }))
const delta: DeltaMessage = {
  type: 'delta',
  serverTime: 0,
  groups: [],
  verdicts: verdictsOf('den'),
  retry: ['later'],
  caughtUp: true
}
const parsed = (frames: readonly string[]) => frames.map(each => JSON.parse(each) as DeltaMessage)

test('frames of many long verdicts arrive within seconds', () => {
  const frames = deltaFrames(delta)
  expect(Math.max(...frames.map(({ length }) => length))).toBeLessThan(70_000)
  expect(parsed(frames).flatMap(({ verdicts }) => verdicts)).toEqual(delta.verdicts)
  expect(parsed(frames).map(({ retry, caughtUp }) => [retry, caughtUp])).toEqual([
    ...frames.slice(1).map(() => [[], false]),
    [['later'], true]
  ])
})

test('no row precedes its verdict, and no verdict the feed', () => {
  const group = {
    groupID: 'crew',
    to: 300,
    group: { notification: 'x'.repeat(30_000) }
  } as unknown as DeltaMessage['groups'][number]
  const feed = { from: 0, to: 1, events: [] }
  const frames = deltaFrames({ ...delta, feed, groups: [group], verdicts: verdictsOf('crew') })
  expect(Math.max(...frames.map(({ length }) => length))).toBeLessThan(100_000)
  const [first, ...others] = parsed(frames)
  const last = others.pop()
  expect(first).toMatchObject({ feed, groups: [], verdicts: [] })
  expect(others.every(({ groups }) => groups.length === 0)).toBe(true)
  expect(last).toMatchObject({ groups: [group], caughtUp: true })
  expect([...others, last].flatMap(each => each?.verdicts)).toEqual(verdictsOf('crew'))
})
