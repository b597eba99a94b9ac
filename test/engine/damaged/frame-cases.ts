/** Damaged and unexpected frames. None changes a row or loses an operation. */

import { waiting } from './device.ts'
import {
  delta,
  error,
  feed,
  left,
  member,
  next,
  page,
  profile,
  verdict,
  welcome,
  type Script
} from './frame-scripts.ts'

/** The frames after each `hello`, and the error in the status afterwards. */
export const frames: [title: string, script: Script, code: number | null][] = [
  ['nothing at all', () => [], null],
  ['a welcome, and nothing after it', () => [welcome()], null],
  ['an empty frame', () => [''], 4509],
  ['half of JSON', () => ['{'], 4509],
  ['null', () => ['null'], 4509],
  ['a list', () => ['[]'], 4509],
  ['a type that is a number', () => [{ type: 5 }], 4509],
  ['a type that only another build knows', () => [{ type: 'drop' }], null],
  ['a type that names a prototype', () => ['{"__proto__":{"type":"pong"}}'], 4509],
  ['a type of the client', () => [{ type: 'ping' }], null],
  ['a frame nested 100,000 deep', () => ['['.repeat(100_000)], 4509],
  ['a frame of 10 MB of nonsense', () => ['x'.repeat(10_000_000)], 4509],
  [
    'a frame of 10 MB that says little',
    () => [
      welcome(),
      { type: 'pong', serverTime: 1, feed: 0, groups: 0, x: 'x'.repeat(10_000_000) }
    ],
    null
  ],
  [
    '50,000 members of a group that the device does not hold',
    page({
      groupID: 'other',
      members: Array.from({ length: 50_000 }, (_, user) =>
        member({ groupID: 'other', userID: `u${user}` })
      )
    }),
    null
  ],

  ['a welcome for somebody else', () => [welcome({ userID: 'bob' })], 70013],
  ['a welcome for nobody', () => [welcome({ userID: '' })], 4509],
  ['a welcome without a policy', () => [welcome({ policy: undefined })], 4509],
  [
    'a welcome with a policy in words',
    () => [welcome({ policy: { adminsCanKick: 'yes', groupsPerUserMax: 1 } })],
    4509
  ],
  ['a welcome without an epoch', () => [welcome({ epoch: '' })], 4509],
  ['a welcome with an epoch of 65 characters', () => [welcome({ epoch: 'x'.repeat(65) })], 4509],
  ['a welcome at a time in words', () => [welcome({ serverTime: 'now' })], 4509],
  ['a welcome at a time that no calendar has', () => [welcome({ serverTime: 1e300 })], 4509],
  ['an error: the userSig has expired', error(70001, 'TokenExpired'), 70001],
  ['an error: the userSig is of another app', error(70014, 'TokenOfOtherApp'), 70014],
  ['an error: this version is too old', error(4508, 'ProtocolTooOld'), 4508],
  ['an error: the server is busy', error(10002, 'ServerBusy'), 10002],
  ['an error: slow down', error(10006, 'TooFrequent'), 10006],
  ['an error with a reason of another build', error(1, 'Whim'), 1],
  [
    'an error with a code in words',
    () => [{ type: 'error', error: { code: 'no', reason: 'ServerBusy', message: '' } }],
    4509
  ],

  ['a change before any welcome', position => next()(position).slice(1), 4509],
  ['members before any welcome', position => page({})(position).slice(1), 4509],
  ['a verdict before any welcome', position => verdict({})(position).slice(1), 4509],
  [
    'a change behind one that is missing',
    position => next({ from: position.seq + 5, to: position.seq + 6 })(position),
    null
  ],
  [
    'a change that is known already, with other contents',
    position => next({ from: position.seq, to: position.seq })(position),
    null
  ],
  ['a change that goes back', position => next({ to: position.seq - 1 })(position), null],
  [
    'a change of an old membership',
    position => next({ membershipEpoch: position.membershipEpoch - 1, from: 0, to: 99 })(position),
    null
  ],
  [
    'a change of a membership to come',
    position => next({ membershipEpoch: position.membershipEpoch + 1, from: 0, to: 99 })(position),
    null
  ],
  [
    'a change of a group that the device does not hold',
    position => next({ groupID: 'other', group: { ...position.crew, groupID: 'other' } })(position),
    null
  ],
  ['a change at a position in words', next({ to: '9' }), 4509],
  ['a change at a negative position', next({ from: -1 }), 4509],
  ['a change without the profile', next({ group: null }), 4509],
  ['a profile with a text for a number', profile({ memberNum: '3' }), 4509],
  ['a profile with a negative number', profile({ memberNum: -3 }), 4509],
  ['a profile with a number for its type', profile({ type: 5 }), 4509],
  ['a profile without a name', profile({ name: undefined }), 4509],
  ['a profile with a name of a million letters', profile({ name: 'x'.repeat(1_000_000) }), 4509],
  ['a profile with fields that are null', profile({ groupCustomField: null }), 4509],
  ['a profile of another group', profile({ groupID: 'den' }), 4509],
  ['a member with a role that is no word', next({ members: [member({ role: '' })] }), 4509],
  ['a member without an ID', next({ members: [member({ userID: '' })] }), 4509],
  ['a member with an ID that is a list', next({ members: [member({ userID: ['ann'] })] }), 4509],
  ['a member of another group', next({ members: [member({ groupID: 'den' })] }), 4509],
  ['a member who is gone and has no ID', next({ gone: [null] }), 4509],

  ['members of another moment', position => page({ asOf: position.seq + 1 })(position), null],
  [
    'members of an old membership',
    position => page({ membershipEpoch: position.membershipEpoch - 1 })(position),
    null
  ],
  [
    'members that nobody asked for, of a group that is held whole',
    page({ groupID: 'crew', members: [member()] }),
    null
  ],
  ['members in words', page({ members: ['mallory'] }), 4509],
  ['members of two groups', page({ members: [member({ groupID: 'den' }), member()] }), 4509],
  ['members that go on behind a number', page({ next: 5 }), 4509],

  ['a verdict on an operation that is not known', verdict({ opID: 'unknown' }), null],
  [
    'a verdict with a code in words',
    verdict({ error: { code: '10007', reason: 'NotPermitted', message: '' } }),
    4509
  ],
  [
    'a verdict with a code that is a fraction',
    verdict({ error: { code: 0.5, reason: 'NotPermitted', message: '' } }),
    4509
  ],
  [
    'a verdict with a reason that is no word',
    verdict({ error: { code: 1, reason: '', message: '' } }),
    4509
  ],
  ['a verdict with a scope that is no word', verdict({ scope: 5 }), 4509],
  ['a verdict with a kind that is no word', verdict({ kind: {} }), 4509],
  [
    'a verdict with a cause that is no word',
    verdict({ cause: { reason: null, by: 'bob', atSeconds: 1 } }),
    4509
  ],
  ['a verdict without an error', verdict({ error: null }), 4509],
  ['a verdict at a negative position', verdict({ kind: 'applied', seq: -1, result: {} }), 4509],
  [
    'the wish that an unknown operation is sent again',
    () => [welcome(), delta({ retry: ['unknown'] })],
    null
  ],
  [
    'the wish that an operation is sent again, for ever',
    () => [welcome(), delta({ retry: [waiting[0]] })],
    null
  ],

  ['a feed behind events that are missing', feed({ from: 50, to: 51, events: [left] }), null],
  ['a feed that is known already', feed({ from: 0, to: 1, events: [left] }), null],
  ['a feed that goes back', feed({ to: 0 }), null],
  ['a feed that skips events', feed({ to: 99 }), null],
  [
    'a feed with more events than positions',
    position => feed({ to: position.feed + 1, events: [left, left] })(position),
    null
  ],
  [
    'a feed with an event of another build and no position',
    feed({ events: [{ kind: 'gone' }] }),
    4509
  ],
  ['a feed with an event about nothing', feed({ events: [{ ...left, groupID: '' }] }), 4509],

  [
    'an answer to a question that nobody asked',
    () => [
      welcome(),
      {
        type: 'profile',
        request: 99,
        answer: { code: 10010, reason: 'GroupNotFound', message: '' }
      }
    ],
    null
  ],
  [
    'an answer that is neither a profile nor an error',
    () => [welcome(), { type: 'profile', request: 0, answer: {} }],
    4509
  ]
]
