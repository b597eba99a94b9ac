/** Requests for rows: only members receive rows of a group. */

import { expect, test } from 'vitest'
import type { ServerMessage } from '../../../src/protocol/server-messages.ts'
import { hello, manyKeys, memberPage, members, openStage, proto } from './stage.ts'

const { connect, login, expectAlive } = openStage()

const nested = (depth: number) =>
  `{"type":"ping","x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`

const read = (groupID: string) => ({ type: 'read', request: 1, groupID, search: false })
const refusal = (code: number) => [{ type: 'profile', request: 1, answer: { code } }]
const profile = { groupID: 'crew', name: 'Crew', groupCustomField: [], muteAllMembers: false }
const requests: [title: string, userID: string, request: unknown, answers: object[]][] = [
  ['a stranger receives no members of a Public group', 'mallory', members({}), []],
  ['a stranger receives no members of a Private group', 'mallory', members({ groupID: 'den' }), []],
  [
    'a request for members of an unknown group gets no answer',
    'mallory',
    members({ groupID: 'nowhere' }),
    []
  ],
  [
    'a request for members of "__proto__" gets no answer',
    'mallory',
    members({ groupID: '__proto__' }),
    []
  ],
  [
    'a page after the last member is empty',
    'bob',
    members({ after: '~' }),
    [{ type: 'members', members: [], next: null }]
  ],
  [
    'a stranger receives the profile of a Public group',
    'mallory',
    read('crew'),
    [{ type: 'profile', request: 1, answer: profile }]
  ],
  ['a stranger receives no profile of a Private group', 'mallory', read('den'), refusal(10007)],
  ['the profile of an unknown group is refused', 'mallory', read('nowhere'), refusal(10010)],
  ['the profile of "__proto__" is refused', 'mallory', read('__proto__'), refusal(10010)],
  ...(
    [
      ['a Public group', {}, 10007],
      ['a Private group', { groupID: 'den' }, 10007],
      ['a Private group with its owner named', { groupID: 'den', userIDList: ['ann'] }, 10007],
      ['an unknown group', { groupID: 'nowhere' }, 10010],
      ['"__proto__"', { groupID: '__proto__' }, 10010]
    ] as const
  ).map(([title, rest, code]): (typeof requests)[number] => [
    `a stranger reads no member of ${title}`,
    'mallory',
    memberPage(rest),
    [{ type: 'memberPage', request: 1, answer: { code } }]
  ]),
  [
    'a page after the offset of the last member is empty',
    'bob',
    memberPage({ offset: Number.MAX_SAFE_INTEGER }),
    [{ type: 'memberPage', request: 1, answer: { members: [], next: null } }]
  ],
  [
    'a role that no member has brings no member',
    'bob',
    memberPage({ role: "x' OR '1'='1" }),
    [{ type: 'memberPage', request: 1, answer: { members: [], next: null } }]
  ],
  [
    'a ping with 20,000 unknown keys is answered',
    'mallory',
    { type: 'ping', ...manyKeys },
    [{ type: 'pong' }]
  ],
  [
    'a ping with an unknown field nested 10,000 deep is answered',
    'mallory',
    nested(10_000),
    [{ type: 'pong' }]
  ],
  [
    'a ping with a prototype is answered',
    'mallory',
    { type: 'ping', ...proto({ role: 'Owner' }) },
    [{ type: 'pong' }]
  ],
  [
    'a ping with brackets in a text is answered',
    'mallory',
    { type: 'ping', text: `\\"${'['.repeat(1000)}` },
    [{ type: 'pong' }]
  ]
]
test.each(requests)('%s', async (_title, userID, request, answers) => {
  const client = await login(userID)
  // Requests are answered in order, so the answer to a last one ends the list.
  client.send(request, { type: 'read', request: 999, groupID: 'nowhere', search: false })
  const received: ServerMessage[] = []
  for (;;) {
    const answer = await client.receive()
    if (answer.type === 'profile' && answer.request === 999) break
    received.push(answer)
  }
  expect(received).toMatchObject(answers)
  await expectAlive()
})

/** The `from` of each delta in a full snapshot. */
const everything = { feed: 0, crew: 0, den: 0 }
/** The last position of ann's feed. */
const feedHead = 4
const den = ['den', 1, 1]
const current = [['crew', 1, 1], den]
const positions: [title: string, userID: string, held: object, expected: unknown][] = [
  ['a client without positions receives everything', 'ann', {}, everything],
  [
    'a client with current positions receives nothing',
    'ann',
    { feed: feedHead, groups: current },
    {}
  ],
  [
    'a client with another epoch receives everything',
    'ann',
    { epoch: 'x', feed: feedHead, groups: current },
    everything
  ],
  [
    'a position of an earlier membership is ignored',
    'ann',
    { feed: feedHead, groups: [['crew', 0, 1], den] },
    { crew: 0 }
  ],
  [
    'a position of a future membership is ignored',
    'ann',
    { feed: feedHead, groups: [['crew', 99, 1], den] },
    expect.objectContaining({ crew: 0 })
  ],
  [
    'a future position of a group is ignored',
    'ann',
    { feed: feedHead, groups: [['crew', 1, 99], den] },
    expect.objectContaining({ crew: 0 })
  ],
  ['a future position of the feed is ignored', 'ann', { feed: 99, groups: current }, everything],
  [
    'positions of groups named like built-in properties are ignored',
    'ann',
    { feed: feedHead, groups: [...current, ['toString', 1, 1], ['__proto__', 1, 1]] },
    {}
  ],
  [
    'a stranger with positions of groups receives nothing of them',
    'mallory',
    {
      groups: [
        ['crew', 1, 0],
        ['den', 1, 0]
      ]
    },
    {}
  ],
  ['a stranger receives no feed of others', 'mallory', { feed: 0, groups: [] }, {}]
]
test.each(positions)('%s', async (_title, userID, held, expected) => {
  const client = await connect()
  client.send(hello(userID, held))
  const { feed, groups, caughtUp } = await client.next('delta')
  expect(caughtUp).toBe(true)
  expect({
    ...(feed && { feed: feed.from }),
    ...Object.fromEntries(groups.map(({ groupID, from }) => [groupID, from]))
  }).toEqual(expected)
  await expectAlive()
})
