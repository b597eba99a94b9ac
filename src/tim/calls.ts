/** The group calls: they map arguments to operations, and results to Tencent's shapes. */

import type { Args, OperationName, Result } from '../kernel/decide.ts'
import { count as countCheck, optional, parseArgs, type ArgsOf } from '../kernel/args.ts'
import { groupID as groupIDCheck, userIDList as userIDListCheck } from '../kernel/ids.ts'
import { describe } from '../kernel/error-texts.ts'
import type { GroupError } from '../kernel/errors.ts'
import type { GroupRow } from '../kernel/model.ts'
import type { GroupStore } from '../client/group-store.ts'
import type { GroupCalls } from './api.ts'
import { TYPES } from './constants.ts'
import { ownError, respond } from './im-error.ts'
import { failure, groupOf, perform, type Session } from './perform.ts'
import { timGroup, type TimGroup } from './shapes.ts'

const membersPerCall = 15
const membersPerCallMax = 100
const profilesPerCallMax = 50

const page = optional(countCheck({ min: 0, max: 4_294_967_295 }))
/** The arguments of calls that only read. The kernel checks the arguments of operations. */
const reading = {
  getGroupProfile: { groupID: groupIDCheck },
  getGroupMemberList: { groupID: groupIDCheck, count: page, offset: page },
  getGroupMemberProfile: { groupID: groupIDCheck, userIDList: userIDListCheck }
}

export const isReading = (api: string): boolean =>
  Object.hasOwn(reading, api) || api === 'getGroupList' || api === 'searchGroupByID'

function parsed<N extends keyof typeof reading>(
  api: N,
  options: unknown
): ArgsOf<(typeof reading)[N]> {
  const checked = parseArgs(reading[api], options)
  if (!checked.ok) throw failure(describe(checked.error), api)
  if (checked.limit) throw failure(describe(checked.limit), api)
  return checked.args
}

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

  const withMember =
    <N extends OperationName>(name: N & (Result<N> extends { userID: string } ? N : never)) =>
    async (options: Args<N>) => {
      const done = await run<N>(name, options)
      // The type of `name` allows only operations with this result.
      const { userID } = done.result as { userID: string }
      const member = await done.session.live.member(done.groupID, userID)
      if (!member) throw failure(ownError('GroupNotFound', done.groupID))
      return respond({ group: await groupOf(done), member })
    }

  /** Reads a group that the user is not in from the server. */
  async function ask(
    api: string,
    groupID: string,
    question: (store: GroupStore) => Promise<GroupRow | GroupError>
  ): Promise<TimGroup> {
    const { store, userID } = ready(api)
    const profile = await question(store)
    if ('code' in profile) throw failure(profile, api, { groupID })
    return timGroup(profile, userID)
  }

  /** Rejects if the user is not in the group: its members are private. */
  async function inside(api: string, groupID: string): Promise<Session> {
    const session = ready(api)
    if (await session.live.group(groupID)) return session
    const profile = await session.store.readProfile(groupID)
    throw failure('code' in profile ? profile : ownError('NotPermitted'), api, { groupID })
  }

  return {
    getGroupList: async () => respond({ groupList: ready('getGroupList').live.list() }),

    async getGroupProfile(options) {
      const { groupID } = parsed('getGroupProfile', options)
      const known = await ready('getGroupProfile').live.group(groupID)
      return respond({
        group: known ?? (await ask('getGroupProfile', groupID, store => store.readProfile(groupID)))
      })
    },

    createGroup: withGroup('createGroup'),
    updateGroupProfile: withGroup('updateGroupProfile'),
    changeGroupOwner: withGroup('changeGroupOwner'),
    setMessageRemindType: withGroup('setMessageRemindType'),
    setGroupMemberMuteTime: withMember('setGroupMemberMuteTime'),
    setGroupMemberRole: withMember('setGroupMemberRole'),
    setGroupMemberNameCard: withMember('setGroupMemberNameCard'),
    setGroupMemberCustomField: withMember('setGroupMemberCustomField'),

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
      const done = await run('joinGroup', options)
      const { status } = done.result
      if (status !== TYPES.JOIN_STATUS_SUCCESS) return respond({ status })
      const group = await groupOf(done)
      if (group.type === TYPES.GRP_AVCHATROOM) await leaveOtherRooms(done.session, group.groupID)
      return respond({ status, group })
    },

    searchGroupByID: async groupID =>
      respond({
        group: await ask('searchGroupByID', groupID, store => store.searchGroup(groupID))
      }),

    async handleGroupApplication(options) {
      // An app may pass any value. The operation's own checks refuse missing fields.
      const { handleAction, handleMessage, message } = Object(options) as typeof options
      const payload = (message as Partial<typeof message> | null | undefined)?.payload
      const groupID = (payload?.groupProfile as { groupID: string } | undefined)?.groupID ?? ''
      const application = {
        groupID,
        userID: payload?.operatorID ?? '',
        applicationSeq: payload?.messageKey,
        handleAction,
        handleMessage
      }
      return respond({ group: await groupOf(await run('handleGroupApplication', application)) })
    },

    async getGroupMemberList(options) {
      const { groupID, count = membersPerCall, offset = 0 } = parsed('getGroupMemberList', options)
      const { live } = await inside('getGroupMemberList', groupID)
      return respond({
        memberList: await live.members(groupID, {
          offset,
          limit: Math.min(count, membersPerCallMax)
        })
      })
    },

    async getGroupMemberProfile(options) {
      const { groupID, userIDList } = parsed('getGroupMemberProfile', options)
      const { live } = await inside('getGroupMemberProfile', groupID)
      await live.members(groupID, { offset: 0, limit: 1 })
      const found = await Promise.all(
        userIDList.slice(0, profilesPerCallMax).map(userID => live.member(groupID, userID))
      )
      return respond({ memberList: found.flatMap(member => member ?? []) })
    },

    async addGroupMember(options) {
      const done = await run('addGroupMember', options)
      const { successUserIDList, failureUserIDList, existedUserIDList } = done.result
      const lists = { successUserIDList, failureUserIDList, existedUserIDList }
      return respond(
        successUserIDList.length > 0 ? { ...lists, group: await groupOf(done) } : lists
      )
    },

    async deleteGroupMember(options) {
      const done = await run('deleteGroupMember', options)
      return respond({ group: await groupOf(done), userIDList: [...done.result.userIDList] })
    }
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
