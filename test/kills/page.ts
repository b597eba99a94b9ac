/** One tab of a user who works without a pause. Each acknowledged operation is noted at once. */

import { createGroupStore, isGroupError, type GroupStore } from 'offline-groups'

declare global {
  interface Window {
    kills: typeof kills
  }
}

/** Calls that wait for storage at the same time. */
const concurrency = 4
/** The longest pause after a call, so that the server can keep up. */
const pauseMs = 20

const kills = {
  /** Opens the store. Resolves with the IDs of the operations that wait on this device. */
  async open(url: string, userID: string, token: string, paused: boolean): Promise<string[]> {
    store = createGroupStore({ url, userID, token, paused })
    return pending(store)
  },

  async createGroups(groupIDs: readonly string[]): Promise<void> {
    for (const groupID of groupIDs) {
      const answer = await opened().apply('createGroup', { groupID, name: 'Crew', type: 'Public' })
      if (isGroupError(answer)) throw new Error(answer.message)
      window.driven.note(answer.opID)
    }
  },

  /** Never ends: the browser is killed. */
  work(groupIDs: readonly string[]): void {
    for (let lane = 0; lane < concurrency; lane++)
      void workIn(groupIDs[lane % groupIDs.length] ?? '')
  },

  /** Edits a group so many times, one edit after another. */
  async edit(groupID: string, count: number): Promise<void> {
    for (let edit = 0; edit < count; edit++) {
      const introduction = `${performance.timeOrigin} ${edit}`
      const answer = await opened().apply('updateGroupProfile', { groupID, introduction })
      if (!isGroupError(answer)) window.driven.note(answer.opID)
    }
  },

  /** Of these operations, the ones with a verdict on this device. */
  async settled(opIDs: readonly string[]): Promise<string[]> {
    const verdicts = await Promise.all(opIDs.map(opID => opened().settled(opID)))
    return opIDs.filter((_, index) => 'kind' in (verdicts[index] ?? {}))
  },

  /** The rows that storage has lost. */
  loss: () => new Promise(resolve => opened().storage$.subscribe(({ loss }) => resolve(loss))),

  /** Resolves when the server has judged everything. */
  async drain(): Promise<void> {
    await opened().resume()
    await new Promise<void>(resolve => {
      opened().status$.subscribe(({ pending, caughtUp }) => {
        if (pending === 0 && caughtUp) resolve()
      })
    })
  }
}
window.kills = kills

let store: GroupStore | undefined
function opened(): GroupStore {
  if (!store) throw new Error('The store is not open.')
  return store
}

const pending = (store: GroupStore) =>
  new Promise<string[]>(resolve => {
    store.outbox$.subscribe(operations => resolve(operations.map(({ opID }) => opID)))
  })

/** Two fields by turns: an edit of the same field would be coalesced with the one before. */
async function workIn(groupID: string): Promise<void> {
  for (let count = 0; ; count++) {
    const value = `${performance.timeOrigin} ${count}`
    const answer = await opened().apply('updateGroupProfile', {
      groupID,
      ...(count % 2 ? { introduction: value } : { notification: value })
    })
    if (!isGroupError(answer)) window.driven.note(answer.opID)
    await new Promise(resolve => setTimeout(resolve, Math.random() * pauseMs))
  }
}
