/** Scripts of a server: the frames that it sends after a `hello`, with invalid fields. */

import { said, waiting } from './device.ts'

export type Message = Record<string, any>
/** The position of the device in its `hello`. */
export type Position = {
  readonly feed: number
  readonly crew: Message
  readonly membershipEpoch: number
  readonly seq: number
}
export type Script = (position: Position) => (Message | string)[]

export const welcome = (changes: Message = {}) => ({ ...said['welcome'], ...changes })
export const delta = ({ feed, ...changes }: Message = {}) => ({
  ...said['delta'],
  groups: [],
  verdicts: [],
  retry: [],
  caughtUp: false,
  ...changes,
  feed
})
export const member = (changes: Message = {}) => ({
  groupID: 'crew',
  userID: 'mallory',
  role: 'Owner',
  joinTime: 1,
  nameCard: '',
  muteUntil: 0,
  memberCustomField: [],
  ...changes
})
/** The next change of the group, with invalid fields. */
export const next =
  (changes: Message = {}): Script =>
  ({ crew, membershipEpoch, seq }) => [
    welcome(),
    delta({
      groups: [
        {
          groupID: 'crew',
          membershipEpoch,
          from: seq,
          to: seq + 1,
          group: { ...crew, name: 'Wrong' },
          members: [],
          gone: [],
          complete: false,
          tips: [],
          ...changes
        }
      ]
    })
  ]
export const profile =
  (changes: Message): Script =>
  position =>
    next({ group: { ...position.crew, ...changes } })(position)
/** A page of members of a group that the device holds in part. */
export const page =
  (changes: Message): Script =>
  ({ membershipEpoch, seq }) => [
    welcome(),
    {
      type: 'members',
      groupID: 'den',
      membershipEpoch,
      asOf: seq,
      after: '',
      members: [member({ groupID: 'den' })],
      next: null,
      ...changes
    }
  ]
export const verdict =
  (changes: Message): Script =>
  () => [
    welcome(),
    delta({
      verdicts: [
        {
          kind: 'rejected',
          opID: waiting[0],
          groupID: 'crew',
          error: { code: 10007, reason: 'NotPermitted', message: '' },
          scope: 'permission',
          ...changes
        }
      ]
    })
  ]
export const feed =
  (changes: Message): Script =>
  position => [
    welcome(),
    delta({ feed: { from: position.feed, to: position.feed + 1, events: [], ...changes } })
  ]
export const error =
  (code: number, reason: string): Script =>
  () => [{ type: 'error', error: { code, reason, message: 'No.' } }]
export const left = {
  kind: 'left',
  fseq: 1,
  groupID: 'crew',
  membershipEpoch: 1,
  reason: 'kicked',
  by: 'mallory',
  atSeconds: 1
}
