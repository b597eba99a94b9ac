/** Digests of the rows of a group, which a ping compares. */

import { digestVersion, groupDigest, rowDigest } from '../../protocol/digest.ts'
import { deltasOf } from './deltas.ts'
import type { HeldGroup } from './replica.ts'
import type { Suite } from './stage.ts'

export function digestCases({ check, expect }: Suite): void {
  check('only a wrong digest is answered with a full snapshot', async stage => {
    const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob', 'carl'])
    clients[1].send({ type: 'members', groupID, after: '', limit: 10 })
    await clients[1].next('members')
    const held = clients[1].groups.get(groupID)
    const right = held && digestOf(held)
    expect(right && (await clients[1].ping(right))).toEqual([])
    const missing = held?.members.get(userIDs[2])
    const wrong = right && { ...right, digest: (right.digest ^ rowDigest(missing)) >>> 0 }
    const [delta] = deltasOf(wrong ? await clients[1].ping(wrong) : [], groupID)
    expect([delta?.from, delta?.to, delta?.members.length]).toEqual([0, 1, 3])
  })

  check('a digest covers the attributes and counters of a group', async stage => {
    const { clients, groupID } = await stage.crew(['ann', 'bob'])
    clients[1].send({ type: 'members', groupID, after: '', limit: 10 })
    await clients[1].next('members')
    const groupAttributes = [{ key: 'a', value: 'b' }]
    await stage.act(clients[0], 'setGroupAttributes', { groupID, groupAttributes })
    await stage.act(clients[0], 'increaseGroupCounter', { groupID, key: 'likes', value: 2 })
    await clients[1].ping()
    const held = clients[1].groups.get(groupID)
    const right = held && digestOf(held)
    expect(right && (await clients[1].ping(right))).toEqual([])
    const wrong = held && digestOf({ ...held, counters: undefined })
    const [delta] = deltasOf(wrong ? await clients[1].ping(wrong) : [], groupID)
    expect([delta?.from, delta?.attributes?.entries, delta?.counters?.entries]).toEqual([
      0,
      groupAttributes,
      [{ key: 'likes', value: 2 }]
    ])
  })

  check('a digest of another version is not compared', async ({ crew }) => {
    const { clients, groupID } = await crew(['ann', 'bob'])
    const other = { groupID, membershipEpoch: 1, seq: 1, digest: 1, version: digestVersion + 1 }
    expect(await clients[1].ping(other)).toEqual([])
  })

  check('a digest of an outdated position is not compared', async ({ crew, act }) => {
    const { clients, groupID } = await crew(['ann', 'bob'])
    const outdated = { groupID, membershipEpoch: 1, seq: 1, digest: 1 }
    await act(clients[0], 'updateGroupProfile', { groupID, name: 'Boat' })
    await clients[1].ping()
    expect(await clients[1].ping(outdated)).toEqual([])
  })
}

const digestOf = ({ groupID, membershipEpoch, seq, row, members, ...held }: HeldGroup) =>
  row && {
    ...{ groupID, membershipEpoch, seq },
    digest: groupDigest([row, held.attributes, held.counters, ...members.values()])
  }
