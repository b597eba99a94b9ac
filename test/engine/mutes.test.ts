/** Mutes end by the clock, and outlive a rejoin. */

import { beforeEach, describe, expect, test } from 'vitest'
import { crew, server, devices, perform, startDevices } from './notice-devices.ts'

beforeEach(() => startDevices())

describe('mutes', () => {
  test('end by the clock, and the lists show it', async () => {
    await perform(crew)
    const [bob] = devices.get('bob')!
    const muteUntil = async (userID: string) =>
      (await bob.members('crew')).find(member => member.userID === userID)?.muteUntil
    await bob.apply('setGroupMemberMuteTime', { groupID: 'crew', userID: 'carl', muteTime: 60 })
    expect(await muteUntil('carl')).toBeGreaterThan(0)
    const list = bob.watch({ kind: 'members', groupID: 'crew', offset: 0, limit: 100 })
    await server.clock.advance(30_000)
    list.patches.length = 0
    const sent = bob.network.transcript.filter(
      ({ message }) => message['type'] !== 'ping' && message['type'] !== 'pong'
    ).length
    await server.clock.advance(31_000)
    expect(await muteUntil('carl')).toBe(0)
    expect(list.patches).toMatchObject([
      { edits: [[expect.anything(), expect.anything(), { userID: 'carl', muteUntil: 0 }]] }
    ])
    expect(
      bob.network.transcript.filter(
        ({ message }) => message['type'] !== 'ping' && message['type'] !== 'pong'
      ).length
    ).toBe(sent)
  })

  test('survive a rejoin', async () => {
    await perform(crew)
    await perform([
      'ann',
      'setGroupMemberMuteTime',
      { groupID: 'crew', userID: 'carl', muteTime: 600 }
    ])
    await perform(['carl', 'quitGroup', { groupID: 'crew' }])
    await perform(['carl', 'joinGroup', { groupID: 'crew' }])
    const [ann] = devices.get('ann')!
    expect(
      (await ann.members('crew')).find(member => member.userID === 'carl')?.muteUntil
    ).toBeGreaterThan(0)
  })

  test('end when the member becomes the owner', async () => {
    await perform(crew)
    await perform([
      'ann',
      'setGroupMemberMuteTime',
      { groupID: 'crew', userID: 'carl', muteTime: 600 }
    ])
    await perform(['ann', 'changeGroupOwner', { groupID: 'crew', newOwnerID: 'carl' }])
    const [ann] = devices.get('ann')!
    expect(
      (await ann.members('crew')).map(member => [member.userID, member.role, member.muteUntil])
    ).toEqual([
      ['ann', 'Member', 0],
      ['bob', 'Admin', 0],
      ['carl', 'Owner', 0]
    ])
  })
})
