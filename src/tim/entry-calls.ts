/** The calls about attributes and counters: objects of the SDK become lists of the kernel. */

import { firstValueFrom } from 'rxjs'
import type { GroupStore } from '../client/group-store.ts'
import type { GroupEntries } from '../engine/api.ts'
import type { Entry } from '../kernel/model.ts'
import type { TimEntryCalls } from './entry-api.ts'
import { objectOf } from './entry-events.ts'
import { ownError, respond } from './im-error.ts'
import { failure, perform, type Session } from './perform.ts'
import { parsed } from './reading.ts'

/** `ready` returns the session, or throws the error of a call without a session. */
export function createEntryCalls(ready: (api: string) => Session): TimEntryCalls {
  const writeAttributes =
    (name: 'initGroupAttributes' | 'setGroupAttributes'): TimEntryCalls[typeof name] =>
    async options => {
      const groupAttributes = entriesOf<string>(name, options, 'groupAttributes')
      await perform(ready(name), name, { groupID: options.groupID, groupAttributes })
      return respond({ groupAttributes: objectOf(groupAttributes) })
    }

  const addToCounter =
    (name: 'increaseGroupCounter' | 'decreaseGroupCounter'): TimEntryCalls[typeof name] =>
    async options => {
      const { groupID, key, value } = (await perform(ready(name), name, options)).result
      return respond({ groupID, key, value, counters: objectOf([{ key, value }]) })
    }

  return {
    initGroupAttributes: writeAttributes('initGroupAttributes'),
    setGroupAttributes: writeAttributes('setGroupAttributes'),

    async deleteGroupAttributes(options) {
      const session = ready('deleteGroupAttributes')
      const { result } = await perform(session, 'deleteGroupAttributes', options)
      return respond({ keyList: [...result.keyList] })
    },

    async getGroupAttributes(options) {
      const { groupID, keyList } = parsed('getGroupAttributes', options)
      const { live, store } = ready('getGroupAttributes')
      const entries = (await live.group(groupID))
        ? await firstValueFrom(store.groupAttributes$(groupID))
        : (await outside(store, 'getGroupAttributes', groupID)).attributes.entries
      return respond({ groupAttributes: objectOf(only(entries, keyList)) })
    },

    async setGroupCounters(options) {
      const counters = entriesOf<number>('setGroupCounters', options, 'counters')
      await perform(ready('setGroupCounters'), 'setGroupCounters', {
        groupID: options.groupID,
        counters
      })
      return respond({ counters: objectOf(counters) })
    },

    increaseGroupCounter: addToCounter('increaseGroupCounter'),
    decreaseGroupCounter: addToCounter('decreaseGroupCounter'),

    async getGroupCounters(options) {
      const { groupID, keyList } = parsed('getGroupCounters', options)
      const { live, store } = ready('getGroupCounters')
      const entries = (await live.group(groupID))
        ? await firstValueFrom(store.groupCounters$(groupID))
        : (await outside(store, 'getGroupCounters', groupID)).counters.entries
      return respond({ counters: objectOf(only(entries, keyList)) })
    }
  }
}

/** The server answers app admins about a group that they are not in, and refuses other users. */
async function outside(store: GroupStore, api: string, groupID: string): Promise<GroupEntries> {
  const answer = await store.readEntries(groupID)
  if ('code' in answer) throw failure(answer, api, { groupID })
  return answer
}

/** The kernel checks keys and values. */
function entriesOf<V>(api: string, options: object, name: string): Entry<V>[] {
  const given = Object(options) as object
  const value: unknown = Reflect.get(given, name)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw failure(ownError('IllegalArgument', `${name}: must be an object`), api, given)
  return Object.entries(value).map(([key, value]) => ({ key, value: value as V }))
}

const only = <V>(entries: readonly Entry<V>[], keys: readonly string[] = []) =>
  entries.filter(({ key }) => keys.length === 0 || keys.includes(key))
