/** Decisions on applications, made on several devices. */

import { beforeEach, describe, expect, test } from 'vitest'
import { crew, asking, applying, devices, quiet, perform, startDevices } from './notice-devices.ts'

beforeEach(() => startDevices())

describe('applications', () => {
  test('of two decisions about an application the first counts', async () => {
    for (const call of [crew, asking, applying]) await perform(call)
    const [ann] = devices.get('ann')!
    const [bob] = devices.get('bob')!
    bob.network.cut()
    const late = await bob.apply('handleGroupApplication', {
      groupID: 'crew',
      userID: 'dora',
      handleAction: 'Reject'
    })
    expect((await bob.notices()).at(-1)?.application).toBe('refused')
    await ann.settle('handleGroupApplication', {
      groupID: 'crew',
      userID: 'dora',
      handleAction: 'Agree'
    })
    bob.network.restore()
    await bob.caughtUp()
    await quiet()
    expect(await bob.engine.settled(late.opID)).toMatchObject({
      verdict: { kind: 'rejected', error: { code: 10024 } }
    })
    for (const [userID, pair] of devices) {
      for (const client of pair) {
        expect([
          userID,
          (await client.members('crew')).map(member => member.userID).sort()
        ]).toEqual([userID, ['ann', 'bob', 'carl', 'dora']])
      }
    }
    for (const client of [ann, bob])
      expect((await client.notices()).at(-1)).toMatchObject({
        operationType: 1,
        application: 'agreed'
      })
  })

  test('a decision about a handled application is refused at once', async () => {
    for (const call of [crew, asking, applying]) await perform(call)
    await perform([
      'ann',
      'handleGroupApplication',
      { groupID: 'crew', userID: 'dora', handleAction: 'Reject' }
    ])
    const [bob] = devices.get('bob')!
    expect(
      await bob.engine.apply('handleGroupApplication', {
        groupID: 'crew',
        userID: 'dora',
        handleAction: 'Agree'
      })
    ).toMatchObject({ code: 10024 })
  })

  test('a second application after a refusal can be decided', async () => {
    for (const call of [crew, asking, applying]) await perform(call)
    await perform([
      'ann',
      'handleGroupApplication',
      { groupID: 'crew', userID: 'dora', handleAction: 'Reject' }
    ])
    await perform(applying)
    const [bob] = devices.get('bob')!
    expect((await bob.notices()).map(notice => notice.application)).toEqual([
      null,
      'refused',
      'pending'
    ])
    await bob.settle('handleGroupApplication', {
      groupID: 'crew',
      userID: 'dora',
      handleAction: 'Agree'
    })
    expect((await bob.notices()).map(notice => notice.application)).toEqual([
      null,
      'refused',
      'agreed'
    ])
  })
})
