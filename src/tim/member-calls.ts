/** The calls about members: they map arguments to operations, and results to Tencent's shapes. */

import { firstValueFrom } from 'rxjs'
import { copyOf } from '../client/copying.ts'
import type { Args, OperationName, Result } from '../kernel/decide.ts'
import { limits } from '../kernel/limits.ts'
import type { MemberRequest } from '../engine/api.ts'
import { TYPES } from './constants.ts'
import { ownError, respond } from './im-error.ts'
import type { TimMemberCalls } from './member-api.ts'
import { withoutEmpty } from './new-group.ts'
import { failure, groupOf, memberOf, perform, performAsked, type Session } from './perform.ts'
import { parsed, profilesPerCallMax } from './reading.ts'
import type { TimGroupMember } from './shapes.ts'

const membersPerCall = 15
const membersPerCallMax = 100

/** `ready` returns the session, or throws the error of a call without a session. */
export function createMemberCalls(ready: (api: string) => Session): TimMemberCalls {
  const run = <N extends OperationName>(name: N, args: Args<N>) => perform(ready(name), name, args)

  const withMember =
    <N extends OperationName>(
      name: N & (Result<N> extends { userID: string } ? N : never),
      valuesOf: (options: Args<N>, nowSeconds: number) => Partial<TimGroupMember>
    ) =>
    async (given: Args<N>) => {
      const session = ready(name)
      // The app may change its object before the answer.
      const options = copyOf(given)
      const done = await perform<N>(session, name, options)
      // The type of `name` allows only operations with this result.
      const { userID } = done.result as { userID: string }
      const { clockOffsetMs } = await firstValueFrom(done.session.store.status$)
      const values = valuesOf(options, Math.floor((Date.now() + clockOffsetMs) / 1000))
      return respond({ group: await groupOf(done), member: await memberOf(done, userID, values) })
    }

  return {
    setGroupMemberMuteTime: withMember('setGroupMemberMuteTime', ({ muteTime }, nowSeconds) => ({
      muteUntil: muteTime === 0 ? 0 : nowSeconds + muteTime
    })),
    setGroupMemberRole: withMember('setGroupMemberRole', ({ role }) => ({ role })),
    setGroupMemberNameCard: withMember('setGroupMemberNameCard', ({ nameCard }) => ({ nameCard })),
    setGroupMemberCustomField: withMember('setGroupMemberCustomField', ({ memberCustomField }) => ({
      memberCustomField: memberCustomField.map(field => ({ ...field }))
    })),

    async getGroupMemberList(options) {
      const asked = withoutEmpty(Object(options) as typeof options, ['role', 'filter'])
      const {
        groupID,
        count = membersPerCall,
        offset = 0,
        filter: markType,
        ...ofRole
      } = parsed('getGroupMemberList', asked)
      const session = ready('getGroupMemberList')
      const window = { offset, limit: Math.min(count, membersPerCallMax), ...ofRole }
      const page = await serverPage(session, 'getGroupMemberList', groupID, {
        ...window,
        ...(markType && { markType }),
        // A page of the server has a member. An app that wants none still gets a refusal.
        limit: Math.max(window.limit, 1)
      })
      if (page && count === 0) return respond({ memberList: [], offset })
      if (page) return respond({ memberList: page.members, offset: page.next ?? 0 })
      const memberList = await session.live.members(groupID, window)
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
      const window = { limit: profilesPerCallMax, userIDList: users }
      const page = await serverPage(session, 'getGroupMemberProfile', groupID, window)
      const memberList = page
        ? users.flatMap(user => page.members.find(({ userID }) => userID === user) ?? [])
        : await heldMembers(session, groupID, users)
      return respond({ memberList: keys ? memberList.map(only(keys)) : memberList })
    },

    async addGroupMember(options) {
      const done = await performAsked(ready('addGroupMember'), 'addGroupMember', options)
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

    async markGroupMemberList(given) {
      const session = ready('markGroupMemberList')
      // The app may change its object before the answer.
      const options = copyOf(given)
      const { userIDList: users, groupID } = Object(options) as typeof options
      // As in the SDK, the surplus users are failures. The operation refuses all but a list.
      const surplus: readonly string[] = Array.isArray(users)
        ? users.slice(limits.accountsPerCallMax)
        : []
      const userIDList = surplus.length > 0 ? users.slice(0, limits.accountsPerCallMax) : users
      // A device holds no other members of an AVChatRoom. Offline, all users count as marked.
      const isKnown = await session.live.group(groupID).catch(() => undefined)
      const { result } = await perform(
        session,
        'markGroupMemberList',
        { ...options, userIDList },
        {
          otherwise: isKnown && {
            ...{ groupID, failureUserIDList: [] },
            successUserIDList: Array.isArray(users) ? [...userIDList] : []
          }
        }
      )
      return respond({
        successUserIDList: [...result.successUserIDList],
        failureUserIDList: [...result.failureUserIDList, ...surplus]
      })
    },

    async deleteGroupMember(options) {
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

/**
 * Members that this device does not hold: of an AVChatRoom, and of a group that the user is not in,
 * which only app admins may read. `undefined`: this device answers.
 */
async function serverPage(
  { live, store }: Session,
  api: string,
  groupID: string,
  window: MemberRequest
): Promise<{ members: TimGroupMember[]; next: number | null } | undefined> {
  const group = await live.group(groupID)
  const isMarked = window.markType !== undefined
  if (group && group.type !== TYPES.GRP_AVCHATROOM) {
    if (isMarked) throw failure(ownError('IllegalArgument', 'filter: an AVChatRoom only'), api)
    return undefined
  }
  const page = await store.readMembers(groupID, window)
  if (!('code' in page)) return { ...page, members: page.members.map(live.outsideMember) }
  if (!group || isMarked) throw failure(page, api, { groupID })
  // Without the server's answer, the user is the only member of an AVChatRoom that is known.
  return undefined
}

/** A copy: the live object shows all fields. */
const only = (keys: readonly string[]) => (member: TimGroupMember) => ({
  ...member,
  memberCustomField: member.memberCustomField.filter(({ key }) => keys.includes(key))
})
