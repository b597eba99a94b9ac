/** Audio-video chat rooms: their end, and the members that others receive. */

import { rowsOf } from '../../protocol/column-block.ts'
import type { ServerMessage } from '../../protocol/server-messages.ts'
import type { SyncClient } from './client.ts'
import { deltasIn } from './deltas.ts'
import type { Stage, Suite } from './stage.ts'

export function roomCases({ check, expect }: Suite): void {
  /** A room whose owner has not joined, and guests who have. */
  async function room({ crew, login, act, id }: Stage, guestNames: readonly string[]) {
    const { clients, groupID } = await crew(['ann'], { type: 'AVChatRoom' })
    const userIDs = guestNames.map(name => id(name))
    const guests: SyncClient[] = []
    for (const userID of userIDs) guests.push(await login(userID))
    for (const guest of guests) await act(guest, 'joinGroup', { groupID })
    return { owner: clients[0], groupID, guests, userIDs } as const
  }
  const at = <T>(list: readonly T[], index: number): T => list[index] as T

  check('an AVChatRoom outlives its last guest', async stage => {
    const { owner, groupID, guests } = await room(stage, ['bob'])
    await stage.act(at(guests, 0), 'quitGroup', { groupID })
    await owner.ping()
    expect(owner.groups.get(groupID)?.row?.memberNum).toEqual(0)
    await stage.act(owner, 'joinGroup', { groupID })
  })

  check('an AVChatRoom ends when its owner dismisses it', async stage => {
    const { owner, groupID, guests, userIDs } = await room(stage, ['bob', 'carl'])
    await at(guests, 0).ping()
    await stage.act(owner, 'dismissGroup', { groupID })
    const received = await at(guests, 0).ping()
    expect([at(guests, 0).groups.size, JSON.stringify(received).includes(at(userIDs, 1))]).toEqual([
      0,
      false
    ])
  })

  check('members of an AVChatRoom receive only their own row', async stage => {
    const { owner, groupID, guests, userIDs } = await room(stage, ['bob'])
    await stage.act(owner, 'joinGroup', { groupID })
    const [bob] = [at(guests, 0)]
    await Promise.all([owner.ping(), bob.ping()])
    const names = (client: SyncClient) => [...(client.groups.get(groupID)?.members.keys() ?? [])]
    expect([names(owner).length, names(bob), owner.groups.get(groupID)?.row?.memberNum]).toEqual([
      1,
      userIDs,
      2
    ])
    bob.send({ type: 'members', groupID, after: '', limit: 10 })
    expect(await bob.ping()).toEqual([])
  })

  check('a member of an AVChatRoom reads its members', async stage => {
    const { groupID, guests, userIDs } = await room(stage, ['bob', 'carl'])
    const bob = at(guests, 0)
    bob.send({ type: 'readMembers', request: 1, groupID, offset: 0, limit: 10 })
    const { answer } = await bob.next('memberPage')
    expect('members' in answer && rowsOf(answer.members).map(({ userID }) => userID)).toEqual(
      userIDs
    )
  })

  check('a mark selects members of an AVChatRoom until they leave', async stage => {
    const { owner, groupID, guests, userIDs } = await room(stage, ['bob', 'carl', 'dora'])
    const marking = { groupID, markType: 1000, enableMark: true }
    await stage.act(owner, 'markGroupMemberList', { ...marking, userIDList: userIDs.slice(1) })
    const ask = async (question: object) => {
      const page = { request: 1, groupID, offset: 0, limit: 10, ...question }
      owner.send({ type: 'readMembers', ...page })
      const { answer } = await owner.next('memberPage')
      return 'code' in answer ? answer.code : rowsOf(answer.members).map(({ userID }) => userID)
    }
    const marked = [
      await ask({ markType: 1000 }),
      await ask({ markType: 1000, limit: 1 }),
      await ask({ markType: 1000, userIDList: userIDs.slice(0, 2) }),
      await ask({ markType: 1001 })
    ]
    expect(marked).toEqual([userIDs.slice(1), [at(userIDs, 1)], [at(userIDs, 1)], []])
    await stage.act(at(guests, 1), 'quitGroup', { groupID })
    await stage.act(at(guests, 1), 'joinGroup', { groupID })
    expect(await ask({ markType: 1000 })).toEqual([at(userIDs, 2)])
  })

  check('a group of another type refuses to select by a mark', async stage => {
    const { clients, groupID } = await stage.crew(['ann', 'bob'])
    const page = { request: 1, groupID, offset: 0, limit: 10, markType: 1000 }
    clients[0].send({ type: 'readMembers', ...page })
    const { answer } = await clients[0].next('memberPage')
    expect('code' in answer && answer.code).toEqual(10004)
  })

  check('a leaver of an AVChatRoom is not in the deltas of others', async stage => {
    const { owner, groupID, guests } = await room(stage, ['bob', 'carl', 'dora'])
    await stage.act(at(guests, 1), 'quitGroup', { groupID })
    const received = [...(await owner.ping()), ...(await at(guests, 0).ping())]
    expect(deltasIn(received).some(({ group }) => group.memberNum === 2)).toEqual(true)
    expect(rowsOfOthers(received)).toEqual([])
  })

  check('a leaver of an AVChatRoom is not in a later delta', async stage => {
    const { groupID, guests, userIDs } = await room(stage, ['bob', 'carl', 'dora', 'eve'])
    const bob = at(guests, 0)
    await bob.ping()
    const positions = bob.positions()
    bob.close()
    await stage.act(at(guests, 1), 'quitGroup', { groupID })
    const returned = await stage.open()
    const { deltas } = await returned.login({
      token: await stage.token(at(userIDs, 0)),
      ...positions
    })
    expect(deltasIn(deltas).map(({ from, group }) => [from > 0, group.memberNum])).toEqual([
      [true, 3]
    ])
    expect(rowsOfOthers(deltas)).toEqual([])
  })
}

/** The users whose rows the deltas contain or remove. */
const rowsOfOthers = (messages: readonly ServerMessage[]): string[] =>
  deltasIn(messages).flatMap(({ members, gone }) => [
    ...members.map(({ userID }) => userID),
    ...gone
  ])
