/** The delivery of tips and notices: once, in order, and only as far back as allowed. */

import { beforeEach, describe, expect, test } from 'vitest'
import { giveNotice } from '../../src/server/authority/admin.ts'
import { createTestClient } from '../harness.ts'
import {
  crew,
  asking,
  applying,
  server,
  devices,
  quiet,
  perform,
  startDevices,
  startServer
} from './notice-devices.ts'

beforeEach(() => startDevices())

describe('delivery', () => {
  test('a delivered event does not come again, even after a restart', async () => {
    await perform(crew)
    const [bob] = devices.get('bob')!
    const [arrival] = await bob.undelivered()
    expect(arrival).toMatchObject({ kind: 'notice', notice: { operationType: 7 } })
    await bob.engine.delivered(arrival!.number)
    expect(await bob.undelivered()).toEqual([])
    await bob.engine.close()
    const again = createTestClient(server, 'bob', { storage: bob.storage, keepUndelivered: true })
    await again.caughtUp()
    expect([await again.undelivered(), (await again.notices()).length]).toEqual([[], 1])
  })

  test('an undelivered event waits for the next start', async () => {
    await perform(crew)
    const [bob] = devices.get('bob')!
    await bob.engine.close()
    const again = createTestClient(server, 'bob', {
      storage: bob.storage,
      keepUndelivered: true,
      paused: true
    })
    expect(await again.undelivered()).toMatchObject([{ notice: { operationType: 7 } }])
  })

  test('tips and notices of a time away come in order', async () => {
    await perform(crew)
    const [, bob] = devices.get('bob')!
    bob.network.cut()
    await perform(['carl', 'quitGroup', { groupID: 'crew' }])
    await perform(['ann', 'setGroupMemberRole', { groupID: 'crew', userID: 'bob', role: 'Member' }])
    await perform(['ann', 'updateGroupProfile', { groupID: 'crew', name: 'Boat' }])
    bob.network.restore()
    await bob.caughtUp()
    expect((await bob.tips('crew')).map(tip => tip.operationType)).toEqual([2, 5, 6])
    expect((await bob.notices()).map(notice => notice.operationType)).toEqual([7, 10])
  })

  test('a notice comes with the rows of its group, not before', async () => {
    await perform(crew)
    const network = server.network()
    // The server sends the feed and the rows of a group in two frames, and the second one is late.
    const connect: typeof network.connect = events =>
      network.connect({
        ...events,
        onFrame(frame) {
          const { groups, ...feedOnly } = JSON.parse(frame) as { groups?: unknown[] }
          if (!groups || groups.length === 0) return events.onFrame(frame)
          events.onFrame(JSON.stringify({ ...feedOnly, groups: [], caughtUp: false }))
          server.clock.setTimer(() => events.onFrame(frame), 2000)
        }
      })
    const phone = createTestClient(
      { ...server, network: () => ({ ...network, connect }) },
      'carl',
      {
        keepUndelivered: true
      }
    )
    await server.clock.advance(1000)
    expect([(await phone.notices()).length, await phone.undelivered()]).toEqual([1, []])
    await server.clock.advance(2000)
    expect(await phone.undelivered()).toMatchObject([{ notice: { groupID: 'crew' } }])
  })

  test('the last hundred tips are kept', async () => {
    await perform(crew)
    for (let count = 0; count < 110; count++)
      await server.judge('ann', {
        name: 'updateGroupProfile',
        args: { groupID: 'crew', name: `Boat ${count}` },
        groupID: 'crew'
      })
    await quiet()
    const [bob] = devices.get('bob')!
    const tips = await bob.tips('crew')
    expect([tips.length, tips[0]?.newGroupProfile, tips.at(-1)?.newGroupProfile]).toEqual([
      100,
      { name: 'Boat 10' },
      { name: 'Boat 109' }
    ])
  })

  test('a new member gets no earlier tips', async () => {
    await perform(crew)
    await perform(['ann', 'updateGroupProfile', { groupID: 'crew', name: 'Boat' }])
    await perform(['dora', 'joinGroup', { groupID: 'crew' }])
    for (const client of devices.get('dora')!)
      expect((await client.tips('crew')).map(tip => tip.operationType)).toEqual([1])
  })

  test('a new device gets recent notices, pending applications included', async () => {
    for (const call of [crew, asking, applying]) await perform(call)
    const fresh = createTestClient(server, 'ann')
    await fresh.caughtUp()
    expect(
      (await fresh.notices()).map(notice => [notice.operationType, notice.application])
    ).toEqual([
      [6, null],
      [1, 'pending']
    ])
  })

  test('the tips that Tencent leaves out can be left out', async () => {
    startServer({ policy: { suppressTips: 'tencent' } })
    const ann = createTestClient(server, 'ann')
    await server.judge('ann', {
      name: 'createGroup',
      args: { groupID: 'crew', name: 'Crew', type: 'ChatRoom' },
      groupID: 'crew'
    })
    await server.judge('bob', { name: 'joinGroup', args: { groupID: 'crew' }, groupID: 'crew' })
    await server.judge('ann', {
      name: 'updateGroupProfile',
      args: { groupID: 'crew', muteAllMembers: true },
      groupID: 'crew'
    })
    await server.judge('ann', {
      name: 'updateGroupProfile',
      args: { groupID: 'crew', name: 'Boat' },
      groupID: 'crew'
    })
    await quiet()
    expect((await ann.tips('crew')).map(tip => tip.operationType)).toEqual([6])
  })

  test('a notice of the app reaches all members, or those named', async () => {
    await perform(crew)
    const give = (userDefinedField: string, userIDs?: string[]) =>
      server.database.transaction(tx =>
        giveNotice(
          tx,
          { groupID: 'crew', userDefinedField, ...(userIDs && { userIDs }) },
          { nowMs: server.clock.now() }
        )
      )
    for (const announcement of [await give('to all'), await give('to carl', ['carl', 'dora'])]) {
      if ('code' in announcement) throw new Error(announcement.message)
      server.publish(announcement)
    }
    await quiet()
    const custom = async (userID: string) =>
      (await devices.get(userID)![0].notices()).flatMap(notice =>
        notice.operationType === 255 ? notice.userDefinedField : []
      )
    expect([await custom('ann'), await custom('carl'), await custom('dora')]).toEqual([
      ['to all'],
      ['to all', 'to carl'],
      []
    ])
    expect(await give('x'.repeat(8001))).toMatchObject({ code: 10004 })
  })
})

test("settings for a group reach only the user's other devices", async () => {
  await perform(crew)
  await perform(['carl', 'setMessageRemindType', { groupID: 'crew', messageRemindType: 'Discard' }])
  for (const client of devices.get('carl')!)
    expect((await client.group('crew'))?.selfInfo?.messageRemindType).toBe('Discard')
  for (const client of devices.get('ann')!) {
    expect((await client.group('crew'))?.selfInfo?.messageRemindType).toBe('AcceptAndNotify')
    expect(JSON.stringify(client.network.transcript)).not.toContain('Discard')
  }
})
