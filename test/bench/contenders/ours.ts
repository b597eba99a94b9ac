/** This package as built, with its worker. `peer.ts` replaces the network. */

import { createGroupStore, isGroupError, type GroupStore } from '../../../dist/src/index.js'
import { filter, firstValueFrom, type Subscription } from 'rxjs'
import type { MemberRow } from '../../../src/kernel/model.ts'
import { databaseName } from '../../../src/storage/database.ts'
import { openDexieStorage } from '../../../src/storage/dexie.ts'
import type { Contender } from '../contender.ts'
import { groupIDOf, sizesOf, userID } from '../data.ts'
import type { PeerRequest } from './peer.ts'

const url = 'wss://bench.invalid'
/** Larger groups are fetched when they are shown. */
const replicatedMembersMax = 2000

export function create(worker: Worker): Contender {
  let store: GroupStore
  let large: string[] = []
  let watches: Subscription[] = []
  let requests = 0

  function peer(request: PeerRequest): Promise<void> {
    const id = requests++
    return new Promise(resolve => {
      const listener = ({ data }: MessageEvent<{ taken?: number }>) => {
        if (data.taken !== id) return
        worker.removeEventListener('message', listener)
        resolve()
      }
      worker.addEventListener('message', listener)
      worker.postMessage({ ...request, id })
    })
  }

  /** Resolves when all earlier frames are committed, because frames are merged in order. */
  const takenIn = () => store.readProfile(groupIDOf(0))

  return {
    async open(durability) {
      if (durability === 'relaxed') void peer({ peer: 'relax' })
      store = createGroupStore({ url, userID, token: 'token', worker, paused: true })
    },
    async prepare(shape) {
      await peer({ peer: 'prepare', shape })
      large = sizesOf(shape).flatMap((size, index) =>
        size > replicatedMembersMax ? groupIDOf(index) : []
      )
      for (const groupID of large)
        await firstValueFrom(store.members$(groupID, { offset: 0, limit: 1 }))
    },
    async load() {
      await store.resume()
      await peer({ peer: 'handed' })
      await takenIn()
    },
    async watchGroups(onRows) {
      watches.push(store.groups$.subscribe(({ rows }) => onRows(rows)))
    },
    async watch({ groupID, offset, limit }, onUpdate) {
      watches.push(
        store.members$(groupID, { offset, limit }).subscribe(({ rows }) => onUpdate({ rows }))
      )
    },
    async unwatch() {
      for (const watch of watches) watch.unsubscribe()
      watches = []
    },
    async apply(op) {
      const answer = await store.apply('setGroupMemberNameCard', op)
      if (isGroupError(answer)) throw new Error(answer.message)
    },
    async prepareRemote(batches) {
      await store.resume()
      await takenIn()
      await peer({ peer: 'prepareRemote', batches })
    },
    async remote(everyMs) {
      await peer({ peer: 'remote', everyMs })
      await takenIn()
    },
    async settle() {
      await peer({ peer: 'answer', on: true })
      await store.resume()
      await firstValueFrom(store.status$.pipe(filter(({ pending }) => pending === 0)))
      await peer({ peer: 'answer', on: false })
      await store.pause()
    },
    counts: countStored,
    async member(groupID, user): Promise<MemberRow | undefined> {
      return (await firstValueFrom(store.member$(groupID, user))) ?? undefined
    },
    close: () => store.close()
  }
}

/** Reads the database without the worker, because only this proves durability. */
async function countStored() {
  const storage = await openDexieStorage(databaseName({ url, userID }))
  const [groups, outbox] = (
    await storage.read([
      { table: 'groups', scope: '' },
      { table: 'outbox', scope: '' }
    ])
  ).answers
  const members = (
    await storage.read(groups.map(({ groupID }) => ({ table: 'members', scope: groupID }) as const))
  ).answers
  await storage.close()
  return { groups: groups.length, members: members.flat().length, pending: outbox.length }
}
