/** The group calls: they map arguments to operations, and results to Tencent's shapes. */

import type { Args, OperationName } from '../kernel/decide.ts'
import type { GroupError } from '../kernel/errors.ts'
import type { GroupRow } from '../kernel/model.ts'
import type { GroupStore } from '../client/group-store.ts'
import type { GroupCalls } from './api.ts'
import { createApplicationCalls } from './application-calls.ts'
import { TYPES } from './constants.ts'
import { createEntryCalls } from './entry-calls.ts'
import { ownError, respond } from './im-error.ts'
import { createMemberCalls } from './member-calls.ts'
import { newGroup, refuseLaterOptions, withoutEmpty } from './new-group.ts'
import { failure, groupOf, perform, performAsked, type Session } from './perform.ts'
import { parsed } from './reading.ts'
import type { TimGroup } from './shapes.ts'

/** `ready` returns the session, or throws the error of a call without a session. */
export function createCalls(
  ready: (api: string) => Session,
  isLoggedIn: () => boolean
): GroupCalls {
  const run = <N extends OperationName>(name: N, args: Args<N>) => perform(ready(name), name, args)

  const withGroup =
    <N extends OperationName>(name: N) =>
    async (options: Args<N>) =>
      respond({ group: await groupOf(await run(name, options)) })

  /** Reads a group that the user is not in from the server. */
  async function ask(
    api: string,
    groupID: string,
    question: (store: GroupStore) => Promise<GroupRow | GroupError>
  ): Promise<TimGroup> {
    const { store, live } = ready(api)
    const profile = await question(store)
    if ('code' in profile) throw failure(profile, api, { groupID })
    return live.known(groupID) ?? live.outside(profile)
  }

  return {
    ...createMemberCalls(ready),
    ...createApplicationCalls(ready),
    ...createEntryCalls(ready),

    getGroupList: async () => respond({ groupList: ready('getGroupList').live.list() }),

    async getGroupProfile(options) {
      const { groupID } = parsed('getGroupProfile', options)
      const known = await ready('getGroupProfile').live.group(groupID)
      return respond({
        group: known ?? (await ask('getGroupProfile', groupID, store => store.readProfile(groupID)))
      })
    },

    async createGroup(options) {
      const args = newGroup(options)
      const done = await performAsked(ready('createGroup'), 'createGroup', args)
      const overLimitUserIDList = [...(done.result.failureUserIDList ?? [])]
      return respond({ group: await groupOf(done), overLimitUserIDList })
    },
    async updateGroupProfile(options) {
      refuseLaterOptions('updateGroupProfile', options)
      const args = withoutEmpty(options, ['joinOption'])
      return respond({ group: await groupOf(await run('updateGroupProfile', args)) })
    },
    changeGroupOwner: withGroup('changeGroupOwner'),
    setMessageRemindType: withGroup('setMessageRemindType'),
    async dismissGroup(groupID) {
      await run('dismissGroup', { groupID })
      return respond({ groupID })
    },

    async quitGroup(groupID) {
      await run('quitGroup', { groupID })
      return respond({ groupID })
    },

    async joinGroup(options) {
      // Tencent admits guests to an AVChatRoom only. Its SDK has a code of its own for other
      // groups.
      const { type } = Object(options) as typeof options
      if (!isLoggedIn() && type !== TYPES.GRP_AVCHATROOM)
        throw failure(ownError('LoginToJoin'), 'joinGroup', options)
      const done = await run('joinGroup', withoutEmpty(options, ['type']))
      const { status } = done.result
      if (status !== TYPES.JOIN_STATUS_SUCCESS) return respond({ status })
      const group = await groupOf(done)
      if (group.type === TYPES.GRP_AVCHATROOM) await leaveOtherRooms(done.session, group.groupID)
      return respond({ status, group })
    },

    searchGroupByID: async groupID =>
      respond({
        group: await ask('searchGroupByID', groupID, store => store.searchGroup(groupID))
      })
  }
}

/**
 * A user is in one AVChatRoom at a time: joining one leaves the others that the user does not own.
 */
async function leaveOtherRooms({ live, store, userID }: Session, groupID: string): Promise<void> {
  const others = live
    .list()
    .filter(
      group =>
        group.type === TYPES.GRP_AVCHATROOM && group.groupID !== groupID && group.ownerID !== userID
    )
  await Promise.all(others.map(other => store.apply('quitGroup', { groupID: other.groupID })))
}
