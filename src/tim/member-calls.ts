/** The calls about members: they map arguments to operations, and results to Tencent's shapes. */

import type { Args, OperationName, Result } from '../kernel/decide.ts'
import type { MemberRequest } from '../engine/api.ts'
import { respond } from './im-error.ts'
import type { TimMemberCalls } from './member-api.ts'
import { refuseLaterOptions } from './new-group.ts'
import { failure, groupOf, memberOf, perform, type Session } from './perform.ts'
import { parsed, profilesPerCallMax } from './reading.ts'
import type { TimGroupMember } from './shapes.ts'

const membersPerCall = 15
const membersPerCallMax = 100

/** `ready` returns the session, or throws the error of a call without a session. */
export function createMemberCalls(ready: (api: string) => Session): TimMemberCalls {
  const run = <N extends OperationName>(name: N, args: Args<N>) => perform(ready(name), name, args)

  const withMember =
    <N extends OperationName>(name: N & (Result<N> extends { userID: string } ? N : never)) =>
    async (options: Args<N>) => {
      const done = await run<N>(name, options)
      // The type of `name` allows only operations with this result.
      const { userID } = done.result as { userID: string }
      return respond({ group: await groupOf(done), member: await memberOf(done, userID) })
    }

  return {
    setGroupMemberMuteTime: withMember('setGroupMemberMuteTime'),
    setGroupMemberRole: withMember('setGroupMemberRole'),
    setGroupMemberNameCard: withMember('setGroupMemberNameCard'),
    setGroupMemberCustomField: withMember('setGroupMemberCustomField'),

    async getGroupMemberList(options) {
      refuseLaterOptions('getGroupMemberList', options)
      const { groupID, count = membersPerCall, offset = 0 } = parsed('getGroupMemberList', options)
      const session = ready('getGroupMemberList')
      const { live } = session
      const window = { offset, limit: Math.min(count, membersPerCallMax) }
      if (!(await live.group(groupID))) {
        const { members, next } = await outsidePage(session, 'getGroupMemberList', groupID, window)
        return respond({ memberList: members, offset: next ?? 0 })
      }
      const memberList = await live.members(groupID, window)
      const isLast = memberList.length < window.limit
      return respond({ memberList, offset: isLast ? 0 : offset + memberList.length })
    },

    async getGroupMemberProfile(options) {
      const {
        groupID,
        userIDList: users,
        memberCustomFieldFilter: keys
      } = parsed('getGroupMemberProfile', options)
      const session = ready('getGroupMemberProfile')
      const memberList = (await session.live.group(groupID))
        ? await heldMembers(session, groupID, users)
        : await outsideMembers(session, groupID, users)
      return respond({ memberList: keys ? memberList.map(only(keys)) : memberList })
    },

    async addGroupMember(options) {
      const done = await run('addGroupMember', options)
      const { successUserIDList, failureUserIDList, existedUserIDList } = done.result
      // The only users who cannot be added are those in too many groups. They are in both lists,
      // because older apps read only the first.
      const overLimitUserIDList = [...failureUserIDList]
      const lists = {
        ...{ successUserIDList, failureUserIDList, existedUserIDList },
        overLimitUserIDList
      }
      return respond(
        successUserIDList.length > 0 ? { ...lists, group: await groupOf(done) } : lists
      )
    },

    async deleteGroupMember(options) {
      refuseLaterOptions('deleteGroupMember', options)
      const done = await run('deleteGroupMember', options)
      return respond({ group: await groupOf(done), userIDList: [...done.result.userIDList] })
    }
  }
}

async function heldMembers(
  { live }: Session,
  groupID: string,
  users: readonly string[]
): Promise<TimGroupMember[]> {
  await live.members(groupID, { offset: 0, limit: 1 })
  const found = await Promise.all(users.map(userID => live.member(groupID, userID)))
  return found.flatMap(member => member ?? [])
}

async function outsideMembers(
  session: Session,
  groupID: string,
  users: readonly string[]
): Promise<TimGroupMember[]> {
  const window = { limit: profilesPerCallMax, userIDList: users }
  const { members } = await outsidePage(session, 'getGroupMemberProfile', groupID, window)
  return users.flatMap(user => members.find(({ userID }) => userID === user) ?? [])
}

/** Members of a group that this device does not hold: only app admins may read them. */
async function outsidePage(
  { live, store }: Session,
  api: string,
  groupID: string,
  window: MemberRequest
): Promise<{ members: TimGroupMember[]; next: number | null }> {
  const page = await store.readMembers(groupID, window)
  if ('code' in page) throw failure(page, api, { groupID })
  return { ...page, members: page.members.map(live.outsideMember) }
}

/** A copy: the live object shows all fields. */
const only = (keys: readonly string[]) => (member: TimGroupMember) => ({
  ...member,
  memberCustomField: member.memberCustomField.filter(({ key }) => keys.includes(key))
})
