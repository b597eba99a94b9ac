/** Custom fields that the policy of an app declares: the users who can write them. */

import { describe, expect, test } from 'vitest'
import { createTestServer, type TestServer } from '../harness.ts'
import {
  type Outcome,
  type Args,
  act,
  crewOf,
  agreed,
  both,
  crew,
  declaring
} from './code-answers.ts'

async function declaredCrew(): Promise<TestServer> {
  const server = await crewOf('Public', declaring)
  await act(server, 'app', 'addGroupMember', { ...crew, userIDList: ['adam', 'cleo'] })
  await act(server, 'ann', 'setGroupMemberRole', { ...crew, userID: 'adam', role: 'Admin' })
  return server
}

const codeOf = (outcome: Outcome) => (typeof outcome === 'string' ? outcome : outcome.code)

describe('with declared custom fields', () => {
  const writeGroupField = async (userID: string, key: string) => {
    const args = { ...crew, groupCustomField: [{ key, value: 'v' }] }
    const { predicted, verdict } = await both(
      await declaredCrew(),
      userID,
      'updateGroupProfile',
      args
    )
    expect(predicted).toEqual(userID === 'app' ? 'undecided' : verdict)
    return codeOf(verdict)
  }

  test.each([
    ['secret', 10007, 10007, 10007, 'accepted'],
    ['level', 'accepted', 10007, 10007, 'accepted'],
    ['city', 'accepted', 'accepted', 10007, 'accepted'],
    ['mood', 'accepted', 'accepted', 'accepted', 'accepted']
  ])('the field %s of a group answers each role: %s, %s, %s, %s', async (key, ...expected) => {
    const answers = []
    for (const userID of ['ann', 'adam', 'bob', 'app'])
      answers.push(await writeGroupField(userID, key))
    expect(answers).toEqual(expected)
  })

  test.each(['undeclared', 'toString'])(
    'the undeclared field %s of a group is refused',
    async key => {
      const answers = []
      for (const userID of ['ann', 'adam', 'app']) answers.push(await writeGroupField(userID, key))
      expect(answers).toEqual([10004, 10004, 10004])
    }
  )

  test.each([
    // The field of another user, by the owner, an admin, a member. The own field, by a member, an
    // admin. Any field, by the app admin.
    ['rank', 'accepted', 'accepted', 10007, 10007, 'accepted', 'accepted'],
    ['motto', 'accepted', 'accepted', 10007, 'accepted', 'accepted', 'accepted'],
    ['badge', 10007, 10007, 10007, 10007, 10007, 'accepted'],
    ['undeclared', 10004, 10004, 10007, 10004, 10004, 10004],
    // Declared for ChatRooms.
    ['seat', 10004, 10004, 10007, 10004, 10004, 10004]
  ])('the field %s of a member answers each role by its declaration', async (key, ...expected) => {
    const answers = []
    for (const [actor, userID] of [
      ['ann', 'bob'],
      ['adam', 'bob'],
      ['bob', 'cleo'],
      ['bob', 'bob'],
      ['adam', 'adam'],
      ['app', 'bob']
    ] as const) {
      const { predicted, verdict } = await both(
        await declaredCrew(),
        actor,
        'setGroupMemberCustomField',
        {
          ...crew,
          userID,
          memberCustomField: [{ key, value: 'v' }]
        }
      )
      expect(predicted).toEqual(actor === 'app' ? 'undecided' : verdict)
      answers.push(codeOf(verdict))
    }
    expect(answers).toEqual(expected)
  })

  test('the creator of a group owns it when writing its fields', async () => {
    const create = async (args: Args) =>
      codeOf(
        await agreed(createTestServer(declaring), 'ann', 'createGroup', {
          ...crew,
          name: 'Crew',
          type: 'Public',
          ...args
        })
      )
    const fields = (key: string) => [{ key, value: 'v' }]
    expect([
      await create({ groupCustomField: fields('level') }),
      await create({ groupCustomField: fields('secret') }),
      await create({ groupCustomField: fields('undeclared') }),
      await create({ memberList: [{ userID: 'bob', memberCustomField: fields('rank') }] }),
      await create({ memberList: [{ userID: 'bob', memberCustomField: fields('badge') }] }),
      await create({ memberList: [{ userID: 'bob', memberCustomField: fields('seat') }] })
    ]).toEqual(['accepted', 10007, 10004, 'accepted', 10007, 10004])
  })
})
