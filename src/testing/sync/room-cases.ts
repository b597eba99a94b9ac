/** Audio-video chat rooms: how one ends, and who is told of the people in it. */

import type { DeltaMessage, ServerMessage } from '../../protocol/messages.ts'
import type { SyncClient } from './client.ts'
import type { Stage, Suite } from './stage.ts'

export function roomCases({ check, expect }: Suite): void {
  /** A room whose owner has not joined, and guests who have. */
  async function room({ crew, login, act, id }: Stage, guestNames: readonly string[]) {
    const { clients, groupID } = await crew(['ann'], { type: 'AVChatRoom' })
    const userIDs = guestNames.map(name => id(name))
    const guests: SyncClient[] = []
    for (const userID of userIDs) guests.push(await login(userID))
    for (const guest of guests) await act(guest, 'joinGroup', { groupID })
    // One guest per name.
    return { owner: clients[0], groupID, guests, userIDs } as const
  }
  const at = <T>(list: readonly T[], index: number): T => list[index] as T

  check('an AVChatRoom outlives its last guest', async stage => {
    const { owner, groupID, guests } = await room(stage, ['bob'])
    await stage.act(at(guests, 0), 'quitGroup', { groupID })
    await owner.told()
    expect(owner.groups.get(groupID)?.row?.memberNum).toEqual(0)
    await stage.act(owner, 'joinGroup', { groupID })
  })

  check('an AVChatRoom ends when its owner dismisses it', async stage => {
    const { owner, groupID, guests, userIDs } = await room(stage, ['bob', 'carl'])
    await at(guests, 0).told()
    await stage.act(owner, 'dismissGroup', { groupID })
    const told = await at(guests, 0).told()
    expect([at(guests, 0).groups.size, JSON.stringify(told).includes(at(userIDs, 1))]).toEqual([
      0,
      false
    ])
  })

  check('of an AVChatRoom, nobody is told of members but oneself', async stage => {
    const { owner, groupID, guests, userIDs } = await room(stage, ['bob'])
    await stage.act(owner, 'joinGroup', { groupID })
    const [bob] = [at(guests, 0)]
    await Promise.all([owner.told(), bob.told()])
    const names = (client: SyncClient) => [...(client.groups.get(groupID)?.members.keys() ?? [])]
    expect([names(owner).length, names(bob), owner.groups.get(groupID)?.row?.memberNum]).toEqual([
      1,
      userIDs,
      2
    ])
    bob.send({ type: 'members', groupID, after: '', limit: 10 })
    expect(await bob.told()).toEqual([])
  })

  check('a leaver of an AVChatRoom is not in the deltas of others', async stage => {
    const { owner, groupID, guests } = await room(stage, ['bob', 'carl', 'dora'])
    await stage.act(at(guests, 1), 'quitGroup', { groupID })
    const told = [...(await owner.told()), ...(await at(guests, 0).told())]
    expect(deltasIn(told).some(({ group }) => group.memberNum === 2)).toEqual(true)
    expect(rowsOfOthers(told)).toEqual([])
  })

  check('a leaver of an AVChatRoom is not in the delta after an absence', async stage => {
    const { groupID, guests, userIDs } = await room(stage, ['bob', 'carl', 'dora', 'eve'])
    const bob = at(guests, 0)
    await bob.told()
    const stand = bob.stand()
    bob.close()
    await stage.act(at(guests, 1), 'quitGroup', { groupID })
    const returned = await stage.open()
    const { deltas } = await returned.login({ token: await stage.token(at(userIDs, 0)), ...stand })
    expect(deltasIn(deltas).map(({ from, group }) => [from > 0, group.memberNum])).toEqual([
      [true, 3]
    ])
    expect(rowsOfOthers(deltas)).toEqual([])
  })
}

const deltasIn = (messages: readonly ServerMessage[]): DeltaMessage['groups'] =>
  messages.flatMap(message => (message.type === 'delta' ? message.groups : []))

/** Whose rows the deltas hold or take away. */
const rowsOfOthers = (messages: readonly ServerMessage[]): string[] =>
  deltasIn(messages).flatMap(({ members, gone }) => [
    ...members.map(({ userID }) => userID),
    ...gone
  ])
