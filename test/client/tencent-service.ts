/**
 * Tencent's service as the SDK of one user sees it, in the words of its protocol: a group that it
 * changes by commands, and the tips and notices that it pushes afterwards.
 */

import type { WorldType } from './table-world.ts'
import { done, refusal, sessionAnswers, type Body, type Service } from './sdk-page.ts'

const groupID = 'crew'
const createdAt = 1_600_000_000
const service = '@TIM#SYSTEM'

type Rows = { readonly info: Record<string, unknown>; readonly members: Map<string, Body> }
type Command = Readonly<Record<string, any>>

const member = (userID: string, Role: string): [string, Body] => [
  userID,
  {
    Member_Account: userID,
    Role,
    JoinTime: createdAt,
    NameCard: '',
    ShutUpUntil: 0,
    AppMemberDefinedData: []
  }
]

/** The service answers with the requested fields. */
const only = (fields: Body, names: readonly string[] = []): Body =>
  Object.fromEntries(
    ['GroupId', 'Member_Account', 'ErrorCode', ...names].flatMap(name =>
      name in fields ? [[name, fields[name]]] : []
    )
  )

const newGroup = (fields: Body, members: Iterable<[string, Body]>): Rows => ({
  info: {
    GroupId: groupID,
    Introduction: '',
    Notification: '',
    FaceUrl: '',
    CreateTime: createdAt,
    InfoSeq: 1,
    LastInfoTime: createdAt,
    LastMsgTime: createdAt,
    NextMsgSeq: 1,
    MaxMemberNum: 2000,
    ApplyJoinOption: 'FreeAccess',
    ShutUpAllMember: 'Off',
    AppDefinedData: [],
    ErrorCode: 0,
    ...fields
  },
  members: new Map(members)
})

/** Where `userID` is a stranger, the service has the group, and the SDK does not. */
export function createService(userID: string, type: WorldType) {
  const groups = new Map([
    [
      groupID,
      newGroup(
        {
          Name: 'Crew',
          Type: type,
          Owner_Account: 'ann',
          ...(type === 'Public' && { ApplyJoinOption: 'NeedPermission' })
        },
        [
          member('ann', 'Owner'),
          member('bob', type === 'AVChatRoom' ? 'Member' : 'Admin'),
          member('carl', 'Member'),
          member('dan', 'Member')
        ]
      )
    ]
  ])
  let count = 10
  let refusedWith = 0
  let pushes: Body[] = []

  const infoOf = ({ info, members }: Rows): Body => ({ ...info, MemberNum: members.size })
  const missing = (GroupId: string) => ({ GroupId, ...refusal(10010) })
  const own = ({ members }: Rows): Body[] => {
    const row = members.get(userID)
    return row ? [{ ...row, MsgFlag: 'AcceptAndNotify' }] : []
  }

  function push(
    id: string,
    event: { Event: number; body: Body; from?: string; to?: string }
  ): void {
    count += 1
    pushes.push({
      EventArray: [
        {
          Event: event.Event,
          GroupTips: [
            {
              From_Account: service,
              ToGroupId: id,
              MsgSeq: count,
              MsgRandom: count,
              ClientSeq: count,
              MsgTimeStamp: createdAt,
              GroupInfo: {
                GroupId: id,
                GroupName: groups.get(id)?.info['Name'] ?? 'Crew',
                From_Account: event.from ?? userID,
                To_Account: event.to ?? id
              },
              MsgBody: event.body
            }
          ]
        }
      ]
    })
  }
  const tip = (id: string, OpType: number, fields: Body = {}, operator = userID) =>
    push(id, {
      Event: 4,
      body: { OpType, Operator_Account: operator, ...fields },
      from: operator
    })
  const notice = (id: string, ReportType: number, fields: Body = {}, operator = userID) =>
    push(id, {
      Event: 5,
      body: { ReportType, Operator_Account: operator, ...fields },
      from: operator,
      to: userID
    })
  const crowd = (id: string, users: readonly string[]) => ({
    List_Account: users,
    MemberNum: groups.get(id)?.members.size
  })

  /** By command of Tencent's group service. */
  const commands: Readonly<Record<string, (body: Command) => Body>> = {
    get_joined_group_list: ({ ResponseFilter }) => {
      const joined = [...groups.values()].filter(
        group => group.members.has(userID) && group.info['Type'] !== 'AVChatRoom'
      )
      const { GroupBaseInfoFilter, SelfInfoFilter } = ResponseFilter
      const GroupIdList = joined.map(group => ({
        ...only(infoOf(group), GroupBaseInfoFilter),
        SelfInfo: only(own(group)[0]!, SelfInfoFilter)
      }))
      return { TotalCount: joined.length, GroupIdList }
    },
    get_group_self_member_info: ({ GroupIdList, ResponseFilter }) => ({
      GroupInfo: GroupIdList.map((id: string) => {
        const group = groups.get(id)
        if (!group) return missing(id)
        const { GroupBaseInfoFilter, MemberInfoFilter } = ResponseFilter
        const MemberList = own(group).map(row => only(row, MemberInfoFilter))
        return { ...only(infoOf(group), GroupBaseInfoFilter), MemberList }
      })
    }),
    get_group_public_info: ({ GroupIdList }) => ({
      GroupInfo: GroupIdList.map((id: string) => {
        const group = groups.get(id)
        return group ? infoOf(group) : missing(id)
      })
    }),
    get_group_member_info: ({ GroupId }) => {
      const members = [...(groups.get(GroupId)?.members.values() ?? [])]
      return { MemberNum: members.length, MemberList: members }
    },
    get_specified_group_member_info: ({ GroupId, Member_List_Account }) => ({
      MemberList: Member_List_Account.flatMap(
        (id: string) => groups.get(GroupId)?.members.get(id) ?? []
      )
    }),
    create_group: ({ GroupId, MemberList = [], ...fields }) => {
      const members = MemberList.map((each: Command) =>
        member(each['Member_Account'], each['Role'] ?? 'Member')
      )
      groups.set(GroupId, newGroup({ GroupId, ...fields }, [member(userID, 'Owner'), ...members]))
      notice(GroupId, 6)
      return { GroupId }
    },
    destroy_group: ({ GroupId }) => {
      groups.delete(GroupId)
      notice(GroupId, 5)
      return {}
    },
    quit_group: ({ GroupId }) => {
      groups.get(GroupId)?.members.delete(userID)
      notice(GroupId, 8)
      return {}
    },
    modify_group_base_info: ({ GroupId, ...fields }) => {
      Object.assign(groups.get(GroupId)!.info, fields)
      tip(GroupId, 6, { MsgGroupNewInfo: { GroupNotification: fields['Notification'] } })
      return {}
    },
    change_group_owner: ({ GroupId, NewOwner_Account }) => {
      const { info, members } = groups.get(GroupId)!
      info['Owner_Account'] = NewOwner_Account
      members.set(...member(userID, 'Member')).set(...member(NewOwner_Account, 'Owner'))
      tip(GroupId, 6, { MsgGroupNewInfo: { Owner_Account: NewOwner_Account } })
      return {}
    },
    apply_join_group: ({ GroupId }) => {
      const { info, members } = groups.get(GroupId)!
      if (info['ApplyJoinOption'] === 'NeedPermission') return { JoinedStatus: 'WaitAdminApproval' }
      members.set(...member(userID, 'Member'))
      tip(GroupId, 1, crowd(GroupId, [userID]))
      return { JoinedStatus: 'JoinedSuccess', HugeGroupFlag: Number(info['Type'] === 'AVChatRoom') }
    },
    handle_apply_join_group: ({ GroupId, Applicant_Account, HandleMsg }) => {
      if (HandleMsg === 'Agree') {
        groups.get(GroupId)!.members.set(...member(Applicant_Account, 'Member'))
        tip(GroupId, 1, crowd(GroupId, [Applicant_Account]))
      }
      return {}
    },
    add_group_member: ({ GroupId, MemberList }) => {
      const users = MemberList.map((each: Command) => each['Member_Account'])
      for (const id of users) groups.get(GroupId)!.members.set(...member(id, 'Member'))
      tip(GroupId, 1, crowd(GroupId, users))
      return { MemberList: users.map((Member_Account: string) => ({ Member_Account, Result: 1 })) }
    },
    delete_group_member: ({ GroupId, MemberToDel_Account }) => {
      for (const id of MemberToDel_Account) groups.get(GroupId)!.members.delete(id)
      tip(GroupId, 3, crowd(GroupId, MemberToDel_Account))
      return {}
    },
    modify_group_member_info: ({ GroupId, Member_Account, Role, ShutUpTime, ...fields }) => {
      const { members } = groups.get(GroupId)!
      members.set(Member_Account, {
        ...members.get(Member_Account),
        ...fields,
        ...(Role && { Role })
      })
      if (Role) tip(GroupId, Role === 'Admin' ? 4 : 5, { List_Account: [Member_Account] })
      if (ShutUpTime !== undefined)
        tip(GroupId, 7, {
          MsgMemberInfo: [{ User_Account: Member_Account, ShutupTime: ShutUpTime }]
        })
      return {}
    },
    // The SDK sends a message to a new group.
    send_group_msg: () => ({ MsgTime: createdAt, MsgSeq: 1 }),
    get_pendency: () => ({
      NextStartTime: 0,
      PendencyList:
        type === 'Public'
          ? [
              {
                From_Account: 'eve',
                GroupId: groupID,
                GroupName: 'Crew',
                To_Account: 'ann',
                AddTime: createdAt,
                Handled: 0,
                Authentication: 'key',
                FromUserNickName: '',
                ApplyInviteMsg: 'please'
              }
            ]
          : []
    })
  }
  const profiles = ({ UserItem }: Command) => ({
    UserProfileItem: UserItem.map(({ To_Account }: Command) => ({ To_Account, ProfileItem: [] }))
  })

  const serve: Service = (command, body, name) => {
    if (command === 'portrait_get_all') return { ...done, ...profiles(body) }
    if (name !== 'group_open_http_svc') return { ...done, ...sessionAnswers[command] }
    const code = refusedWith
    refusedWith = 0
    if (code) return refusal(code)
    return { ...done, ...(commands[command]?.(body) ?? sessionAnswers[command]) }
  }
  return {
    serve,
    tip,
    notice,
    /** The user becomes a member. */
    join: () => void groups.get(groupID)?.members.set(...member(userID, 'Member')),
    /** Refuses the next command with a code. */
    refuse: (code: number) => void (refusedWith = code),
    /** The pushes of the commands so far. */
    pushed: (): Body[] => pushes.splice(0)
  }
}
