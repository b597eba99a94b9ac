/**
 * All permissions, cell by cell, as an oracle for tests. The cells are written from Tencent's
 * documentation. None is computed, and none comes from `src/kernel/permissions.ts`.
 *
 * A cell is the outcome of one operation: `ok`, or the code of the refusal. `joinGroup` also has
 * `joined`, `in` and `waits`. Device and server give the same answer, with two exceptions:
 *
 * - `10007?`: only the server answers so. The device lacks a row: it does not have the group, it
 *   has only its own user of an AVChatRoom, or it has not received an application.
 * - `ok/10021`: the device accepts, and the server refuses.
 *
 * The worlds are a group of each type, with these variants:
 *
 * - `Public`: NeedPermission. `Free`: Public with FreeAccess. `Closed`: Public with DisableApply.
 * - `Ownerless`: a Private group whose owner has quit.
 * - `Unjoined`: an AVChatRoom whose owner has not joined it.
 *
 * `app` is an app admin outside the group, `appMember` an app admin who is a common member. A
 * target is another user than the actor, except `self`. Nobody
 * becomes an admin in a Private group, except at its creation, or in an AVChatRoom. The test writes
 * the admins of those worlds into the rows itself.
 *
 * Some codes are documented only for checks on a device. The server gives the same ones. Membership
 * comes before any rule of a group type. An app admin is refused as an owner, being one in every
 * group. The documentation leaves these cells open, or contradicts itself:
 *
 * | cell | chosen | why |
 * |---|---|---|
 * | any: admin of a Private group or AVChatRoom | as a member | the type gives the role no rights |
 * | name card, custom field: that admin → member | ok, but not in an AVChatRoom | a table has it |
 * | only an ignored joinOption | as a change of the name | it is still a change of the profile |
 * | quit: outsider (2623 or 10007) | 2623 | more exact, and reveals nothing of the group |
 * | join: a member (10013) | `in` | a status of the API, not an error |
 * | join, type Private given: a member (2601 or in) | `in` | the local list is checked first |
 * | join a Private group: app admin | 10007 | by invitation only; an app admin can add itself |
 * | create, ID taken, group unknown to the device | ok, server 10021 | an offline ID is final |
 * | dismiss a Private group: outsider (2622 or 10007) | 10007 | 2622 needs the local list |
 * | add, kick, transfer in an AVChatRoom: outsider | 10007 | membership comes before the type |
 * | kick from, transfer an AVChatRoom: app admin | 2680, 2620 | documented before 10004, 10007 |
 * | add in an AVChatRoom: app admin | 10007 | documented so |
 * | kick: app admin from outside, itself | 10004 | the code of kicking oneself |
 * | kick with adminsCanKick: owner, admin by admin | 10007 | common members only |
 * | kick with adminsCanKick: admin of a Private group | 10007 | Public and ChatRoom only |
 * | transfer to the owner: app admin | 10004 | undocumented |
 * | transfer to oneself, mute oneself: without permission | 10007 | role rules come first |
 * | transfer, mute, role: app admin from outside, itself | 2621, 2685, 2684 | argument checks |
 * | role of the owner: app admin | 10004 | the code of removing the owner |
 * | role: outsider (2681 or 10007) | 10007 | outsiders get it for every operation |
 * | mute the owner: app admin | 10007 | only admins and members can be muted |
 * | mute the owner of an AVChatRoom who has not joined | 10007 | counts as the owner |
 * | own name card: outside, or owner who has not joined | 10004 | there is no member row |
 * | name card in an AVChatRoom: app admin | 10007 | only the owner's own can be set |
 * | own custom field in an ownerless group | ok | not among the denied operations |
 * | remind type in an AVChatRoom | 10007 | the more exact of two tables |
 * | remind type: app admin from outside | 10007 | has no settings there |
 * | mark members of another type than AVChatRoom | 10007 | as for other rights that a type lacks |
 * | handle an application to another type than Public | 10007 | only Public groups have any |
 */

export const worldNames = [
  'Private',
  'Ownerless',
  'Public',
  'Free',
  'Closed',
  'ChatRoom',
  'AVChatRoom',
  'Unjoined'
] as const
export type WorldName = (typeof worldNames)[number]

export const actors = ['owner', 'admin', 'member', 'outsider', 'app', 'appMember'] as const
export type Actor = (typeof actors)[number]

export const targets = ['self', 'owner', 'admin', 'member', 'outsider'] as const
export type Target = (typeof targets)[number]

/** Accepted (with the status of the result, if any), undecided, or the code of the refusal. */
export type Answer = string | number

export type Cell = {
  readonly operation: string
  readonly world: WorldName
  readonly actor: Actor
  /** `undefined`: the operation has no target. */
  readonly target: Target | undefined
  readonly device: Answer
  readonly server: Answer
}

/** Titles of operations, then rows of worlds with one cell per actor. */
const withoutTarget = `
                                   owner    admin    member   outsider  app       appMember
createGroup of a new ID
  Private Public ChatRoom
  AVChatRoom                       ok       ok       ok       ok        ok        ok
createGroup of a taken ID
  Private Ownerless Public
  ChatRoom AVChatRoom Unjoined     10025    10021    10021    ok/10021  ok/10021  10021

dismissGroup
  Private Ownerless                2622     2622     2622     10007?    ok?       ok
  Public ChatRoom
  AVChatRoom Unjoined              ok       10007    10007    10007?    ok?       ok

updateGroupProfile name
updateGroupProfile avatar
updateGroupProfile introduction
updateGroupProfile notification
updateGroupProfile joinOption
  Private Ownerless                ok       ok       ok       10007?    ok?       ok
  Public ChatRoom                  ok       ok       10007    10007?    ok?       ok
  AVChatRoom Unjoined              ok       10007    10007    10007?    ok?       ok
updateGroupProfile maxMemberNum
  Private Ownerless                ok       10007    10007    10007?    ok?       ok
  Public ChatRoom                  ok       ok       10007    10007?    ok?       ok
  AVChatRoom Unjoined              ok       10007    10007    10007?    ok?       ok
updateGroupProfile groupCustomField
  Private Ownerless                ok       10007    10007    10007?    ok?       ok
  Public ChatRoom                  ok       ok       10007    10007?    ok?       ok
  AVChatRoom Unjoined              ok       10007    10007    10007?    ok?       ok
updateGroupProfile muteAllMembers
  Private Ownerless                10007    10007    10007    10007?    10007?    10007
  Public ChatRoom                  ok       ok       10007    10007?    ok?       ok
  AVChatRoom Unjoined              ok       10007    10007    10007?    ok?       ok

joinGroup
  Private Ownerless                in       in       in       10007?    10007?    in
  Public                           in       in       in       waits?    waits?    in
  Closed                           in       in       in       10004?    10004?    in
  Free ChatRoom AVChatRoom         in       in       in       joined?   joined?   in
  Unjoined                         joined   in       in       joined?   joined?   in
joinGroup given the type Private
  Private Ownerless Public
  Free Closed ChatRoom AVChatRoom  in       in       in       2601      2601      in
  Unjoined                         2601     in       in       2601      2601      in
quitGroup
  Private Ownerless                ok       ok       ok       2623?     2623?     ok
  Public ChatRoom
  AVChatRoom Unjoined              10009    ok       ok       2623?     2623?     ok

handleGroupApplication Agree
handleGroupApplication Reject
  Public                           ok       ok       10007    10007?    ok?       ok?
  Private Ownerless
  ChatRoom AVChatRoom Unjoined     10007    10007    10007    10007?    10007?    10007

initGroupAttributes
setGroupAttributes
deleteGroupAttributes
setGroupCounters
increaseGroupCounter
decreaseGroupCounter
  Private Ownerless                ok       ok       ok       10007?    ok?       ok
  Public ChatRoom                  ok       ok       ok       10007?    ok?       ok
  AVChatRoom Unjoined              ok       ok       ok       10007?    ok?       ok

markGroupMemberList
  Private Ownerless
  Public ChatRoom                  10007    10007    10007    10007?    10007?    10007
  AVChatRoom Unjoined              ok?      10007    10007    10007?    ok?       ok?

setMessageRemindType
  Private Ownerless
  Public ChatRoom                  ok       ok       ok       10007?    10007?    ok
  AVChatRoom Unjoined              10007    10007    10007    10007?    10007?    10007
`

/** Titles of operations, then rows of worlds and actors with one cell per target. */
const withTarget = `
                                              self    owner   admin   member  outsider
addGroupMember
  Private Ownerless  owner admin member       ok      ok      ok      ok      ok
  Private Ownerless  appMember                ok      ok      ok      ok      ok
  Private Ownerless  outsider                 10007?  10007?  10007?  10007?  10007?
  Private Ownerless  app                      ok?     ok?     ok?     ok?     ok?
  Public ChatRoom    owner admin member       10007   10007   10007   10007   10007
  Public ChatRoom    outsider                 10007?  10007?  10007?  10007?  10007?
  Public ChatRoom    app                      ok?     ok?     ok?     ok?     ok?
  Public ChatRoom    appMember                ok      ok      ok      ok      ok
  AVChatRoom Unjoined  owner admin member     2661    2661    2661    2661    2661
  AVChatRoom Unjoined  appMember              10007   10007   10007   10007   10007
  AVChatRoom Unjoined  outsider app           10007?  10007?  10007?  10007?  10007?

deleteGroupMember
  Private Ownerless  owner appMember          10004   10004   ok      ok      ok
  Private Ownerless  app                      10004?  10004?  ok?     ok?     ok?
  Private Ownerless  admin member             10007   10007   10007   10007   10007
  Private Ownerless  outsider                 10007?  10007?  10007?  10007?  10007?
  Public ChatRoom    owner appMember          10004   10004   ok      ok      ok
  Public ChatRoom    app                      10004?  10004?  ok?     ok?     ok?
  Public ChatRoom    admin member             10007   10007   10007   10007   10007
  Public ChatRoom    outsider                 10007?  10007?  10007?  10007?  10007?
  AVChatRoom Unjoined  owner admin member     2680    2680    2680    2680    2680
  AVChatRoom Unjoined  appMember              2680    2680    2680    2680    2680
  AVChatRoom Unjoined  app                    2680?   2680?   2680?   2680?   2680?
  AVChatRoom Unjoined  outsider               10007?  10007?  10007?  10007?  10007?
deleteGroupMember where admins can kick
  Private            owner appMember          10004   10004   ok      ok      ok
  Private            app                      10004?  10004?  ok?     ok?     ok?
  Private            admin member             10007   10007   10007   10007   10007
  Private            outsider                 10007?  10007?  10007?  10007?  10007?
  Public ChatRoom    owner appMember          10004   10004   ok      ok      ok
  Public ChatRoom    app                      10004?  10004?  ok?     ok?     ok?
  Public ChatRoom    admin                    10004   10007   10007   ok      ok
  Public ChatRoom    member                   10007   10007   10007   10007   10007
  Public ChatRoom    outsider                 10007?  10007?  10007?  10007?  10007?
  AVChatRoom         owner admin member       2680    2680    2680    2680    2680
  AVChatRoom         appMember                2680    2680    2680    2680    2680
  AVChatRoom         app                      2680?   2680?   2680?   2680?   2680?
  AVChatRoom         outsider                 10007?  10007?  10007?  10007?  10007?

changeGroupOwner
  Private Ownerless  owner appMember          2621    10004   ok      ok      10004
  Private Ownerless  app                      2621?   10004?  ok?     ok?     10004?
  Private Ownerless  admin member             10007   10007   10007   10007   10007
  Private Ownerless  outsider                 10007?  10007?  10007?  10007?  10007?
  Public ChatRoom    owner appMember          2621    10004   ok      ok      10004
  Public ChatRoom    app                      2621?   10004?  ok?     ok?     10004?
  Public ChatRoom    admin member             10007   10007   10007   10007   10007
  Public ChatRoom    outsider                 10007?  10007?  10007?  10007?  10007?
  AVChatRoom Unjoined  owner admin member     2620    2620    2620    2620    2620
  AVChatRoom Unjoined  appMember              2620    2620    2620    2620    2620
  AVChatRoom Unjoined  app                    2620?   2620?   2620?   2620?   2620?
  AVChatRoom Unjoined  outsider               10007?  10007?  10007?  10007?  10007?

setGroupMemberRole to Admin
setGroupMemberRole to Member
  Private Ownerless  owner appMember          2682    2682    2682    2682    2682
  Private Ownerless  app                      2682?   2682?   2682?   2682?   2682?
  Private Ownerless  admin member             2681    2681    2681    2681    2681
  Private Ownerless  outsider                 10007?  10007?  10007?  10007?  10007?
  Public ChatRoom    owner appMember          2684    10004   ok      ok      10004
  Public ChatRoom    app                      2684?   10004?  ok?     ok?     10004?
  Public ChatRoom    admin member             2681    2681    2681    2681    2681
  Public ChatRoom    outsider                 10007?  10007?  10007?  10007?  10007?
  AVChatRoom Unjoined  owner appMember        2682    2682    2682    2682    2682
  AVChatRoom Unjoined  app                    2682?   2682?   2682?   2682?   2682?
  AVChatRoom Unjoined  admin member           2681    2681    2681    2681    2681
  AVChatRoom Unjoined  outsider               10007?  10007?  10007?  10007?  10007?
setGroupMemberRole to Owner
  Private Ownerless  owner appMember          2682    2682    2682    2682    2682
  Private Ownerless  app                      2682?   2682?   2682?   2682?   2682?
  Private Ownerless  admin member             2681    2681    2681    2681    2681
  Private Ownerless  outsider                 10007?  10007?  10007?  10007?  10007?
  Public ChatRoom    owner appMember          2683    2683    2683    2683    2683
  Public ChatRoom    app                      2683?   2683?   2683?   2683?   2683?
  Public ChatRoom    admin member             2681    2681    2681    2681    2681
  Public ChatRoom    outsider                 10007?  10007?  10007?  10007?  10007?
  AVChatRoom Unjoined  owner appMember        2682    2682    2682    2682    2682
  AVChatRoom Unjoined  app                    2682?   2682?   2682?   2682?   2682?
  AVChatRoom Unjoined  admin member           2681    2681    2681    2681    2681
  AVChatRoom Unjoined  outsider               10007?  10007?  10007?  10007?  10007?

setGroupMemberMuteTime of 600
setGroupMemberMuteTime of 0
  Private Ownerless  owner admin member       10007   10007   10007   10007   10007
  Private Ownerless  appMember                10007   10007   10007   10007   10007
  Private Ownerless  outsider app             10007?  10007?  10007?  10007?  10007?
  Public ChatRoom    owner appMember          2685    10007   ok      ok      10004
  Public ChatRoom    app                      2685?   10007?  ok?     ok?     10004?
  Public ChatRoom    admin                    2685    10007   10007   ok      10004
  Public ChatRoom    member                   10007   10007   10007   10007   10007
  Public ChatRoom    outsider                 10007?  10007?  10007?  10007?  10007?
  AVChatRoom Unjoined  owner appMember        2685    10007?  ok?     ok?     10004?
  AVChatRoom Unjoined  app                    2685?   10007?  ok?     ok?     10004?
  AVChatRoom Unjoined  admin member           10007   10007   10007   10007   10007
  AVChatRoom Unjoined  outsider               10007?  10007?  10007?  10007?  10007?

setGroupMemberNameCard
  Private Ownerless  owner appMember          ok      ok      ok      ok      10004
  Private Ownerless  app                      10004?  ok?     ok?     ok?     10004?
  Private Ownerless  admin                    ok      10007   10007   ok      10004
  Private Ownerless  member                   ok      10007   10007   10007   10007
  Private Ownerless  outsider                 10007?  10007?  10007?  10007?  10007?
  Public ChatRoom    owner appMember          ok      ok      ok      ok      10004
  Public ChatRoom    app                      10004?  ok?     ok?     ok?     10004?
  Public ChatRoom    admin                    ok      10007   10007   ok      10004
  Public ChatRoom    member                   ok      10007   10007   10007   10007
  Public ChatRoom    outsider                 10007?  10007?  10007?  10007?  10007?
  AVChatRoom         owner                    ok      10007   10007   10007   10007
  Unjoined           owner                    10004   10007   10007   10007   10007
  AVChatRoom Unjoined  admin member appMember  10007  10007   10007   10007   10007
  AVChatRoom Unjoined  outsider app           10007?  10007?  10007?  10007?  10007?

setGroupMemberCustomField
  Private Ownerless  owner appMember          ok      ok      ok      ok      10004
  Private Ownerless  app                      10004?  ok?     ok?     ok?     10004?
  Private Ownerless  admin                    ok      10007   10007   ok      10004
  Private Ownerless  member                   ok      10007   10007   10007   10007
  Private Ownerless  outsider                 10007?  10007?  10007?  10007?  10007?
  Public ChatRoom    owner appMember          ok      ok      ok      ok      10004
  Public ChatRoom    app                      10004?  ok?     ok?     ok?     10004?
  Public ChatRoom    admin                    ok      10007   10007   ok      10004
  Public ChatRoom    member                   ok      10007   10007   10007   10007
  Public ChatRoom    outsider                 10007?  10007?  10007?  10007?  10007?
  AVChatRoom Unjoined  owner admin member     10007   10007   10007   10007   10007
  AVChatRoom Unjoined  appMember              10007   10007   10007   10007   10007
  AVChatRoom Unjoined  outsider app           10007?  10007?  10007?  10007?  10007?
`

const statuses: Readonly<Record<string, Answer>> = {
  ok: 'accepted',
  in: 'AlreadyInGroup',
  joined: 'JoinedSuccess',
  waits: 'WaitAdminApproval'
}

export const cells: readonly Cell[] = [
  ...read(withoutTarget, actors).flatMap(({ operation, world, column: actor, text }) =>
    isThere(world, actor)
      ? [{ operation, world, actor, target: undefined, ...answersIn(text) }]
      : []
  ),
  ...read(withTarget, targets).flatMap(({ operation, world, actor, column: target, text }) =>
    actor &&
    isThere(world, actor) &&
    isThere(world, target) &&
    !(actor === 'owner' && target === 'owner')
      ? [{ operation, world, actor, target, ...answersIn(text) }]
      : []
  )
]

function isThere(world: WorldName, who: Actor | Target): boolean {
  return world !== 'Ownerless' || who !== 'owner'
}

type Read<Column> = {
  readonly operation: string
  readonly world: WorldName
  readonly actor: Actor | undefined
  readonly column: Column
  readonly text: string
}

/** The cells of a table. A row without cells continues in the next line. */
function read<Column>(table: string, columns: readonly Column[]): Read<Column>[] {
  const found: Read<Column>[] = []
  let operations: string[] = []
  let isInRows = false
  let words: string[] = []
  for (const line of table.split('\n').slice(2)) {
    const isTitle = line !== '' && !line.startsWith(' ')
    if (isTitle) {
      operations = isInRows ? [line] : [...operations, line]
      isInRows = false
      continue
    }
    words.push(...line.split(' ').filter(Boolean))
    const texts = words.filter(isCell)
    if (texts.length === 0) continue
    if (texts.length !== columns.length) throw new Error(`a row of ${texts.length} cells: ${line}`)
    isInRows = true
    const worlds = worldNames.filter(name => words.includes(name))
    const acting = actors.filter(name => words.includes(name))
    if (worlds.length + acting.length + texts.length !== words.length)
      throw new Error(`unknown words: ${words.join(' ')}`)
    for (const operation of operations)
      for (const world of worlds)
        for (const actor of acting.length > 0 ? acting : [undefined])
          columns.forEach((column, index) =>
            found.push({ operation, world, actor, column, text: texts[index] ?? '' })
          )
    words = []
  }
  return found
}

function isCell(word: string): boolean {
  return /^(ok|in|joined|waits|\d+)([?]|[/]\d+)?$/.test(word)
}

function answersIn(text: string): { device: Answer; server: Answer } {
  if (text.endsWith('?')) return { device: 'undecided', server: answerOf(text.slice(0, -1)) }
  const [device = '', server = device] = text.split('/')
  return { device: answerOf(device), server: answerOf(server) }
}

function answerOf(text: string): Answer {
  return statuses[text] ?? Number(text)
}

export const titleOf = ({
  operation,
  world,
  actor,
  target
}: Omit<Cell, 'device' | 'server'>): string =>
  `${world}: ${operation}, ${actor}${target ? ` → ${target}` : ''}`

/** The differences between two sets of answers, in words. */
export function differences(
  expected: ReadonlyMap<string, Answer>,
  found: ReadonlyMap<string, Answer>
): string[] {
  const lines: string[] = []
  for (const [title, answer] of expected) {
    const got = found.get(title)
    if (got !== answer) lines.push(`${title}: expected ${answer}, got ${got ?? 'no answer'}`)
  }
  for (const [title, answer] of found)
    if (!expected.has(title)) lines.push(`${title}: not expected, got ${answer}`)
  return lines
}
