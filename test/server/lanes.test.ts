/** Operations that wait in a lane. */

import { expect, test } from 'vitest'
import { submission, type Outcome } from '../../src/server/authority/submission.ts'
import { createLanes } from '../../src/server/authority/lanes.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import type { Database } from '../../src/server/database/port.ts'
import { defaultPolicy } from '../../src/kernel/limits.ts'
import type { PushedOperation } from '../../src/protocol/messages.ts'

const operation = (
  opID: string,
  groupID: string,
  rest: Partial<PushedOperation> = {}
): PushedOperation => ({
  opID,
  groupID,
  name: 'createGroup',
  args: { groupID, name: 'Crew', type: 'Public' },
  seen: 0,
  waitedSeconds: 0,
  ...rest
})

function createWorld(database: Database = createMemoryDatabase('e')) {
  const errors: unknown[] = []
  const now = () => 1_700_000_000_000
  const onError = (error: unknown) => errors.push(error)
  const lanes = createLanes(database, {
    now,
    policy: defaultPolicy,
    announce: () => undefined,
    onError
  })
  const submit = (userID: string, pushed: PushedOperation) =>
    new Promise<Outcome>(settle =>
      lanes.submit({ ...submission({ userID, isAppAdmin: false, operation: pushed }), settle })
    ).then(outcome => (outcome.kind === 'retry' ? 'retry' : outcome.verdict.kind))
  return { submit, errors }
}

/** A database whose transactions with an operation of `userID` fail. */
function refusing(userID: string): Database {
  const memory = createMemoryDatabase('e')
  return {
    ...memory,
    transaction: work =>
      memory.transaction(tx =>
        work({
          ...tx,
          write(writes) {
            if (writes.verdicts.some(verdict => verdict.userID === userID))
              return Promise.reject(new Error('refused'))
            return tx.write(writes)
          }
        })
      )
  }
}

test('operations that the database refuses fail alone', async () => {
  const { submit, errors } = createWorld(refusing('mallory'))
  const first = submit('ann', operation('first', 'crew'))
  const join = { name: 'joinGroup', args: { groupID: 'crew' } }
  const others = ['bob', 'mallory', 'eve'].map(userID =>
    submit(userID, operation(`of ${userID}`, 'crew', join))
  )
  expect([await first, ...(await Promise.all(others))]).toEqual([
    'applied',
    'applied',
    'retry',
    'applied'
  ])
  expect(errors.length).toBe(1)
})

test('equal operation IDs of two users do not wait for each other', async () => {
  const { submit } = createWorld()
  const both = [submit('ann', operation('same', 'crew')), submit('bob', operation('same', 'den'))]
  expect(await Promise.all(both)).toEqual(['applied', 'applied'])
})

test('an operation resent while it waits is judged once', async () => {
  let transactions = 0
  const memory = createMemoryDatabase('e')
  const { submit } = createWorld({
    ...memory,
    transaction: work => {
      transactions++
      return memory.transaction(work)
    }
  })
  const all = Array.from({ length: 300 }, () => submit('ann', operation('same', 'crew')))
  expect(new Set(await Promise.all(all))).toEqual(new Set(['applied']))
  expect(transactions).toBe(1)
})

test('unknown arguments of an operation are dropped', () => {
  const args = { groupID: 'crew', name: 'Crew', type: 'Public', filler: 'x'.repeat(1_000_000) }
  const held = submission({
    userID: 'ann',
    isAppAdmin: false,
    operation: operation('one', 'crew', { args })
  })
  expect(JSON.stringify(held)).not.toContain('xxx')
  expect(held.bytes).toBeLessThan(500)
})

test('the changes of roles are read once in a transaction', async () => {
  const memory = createMemoryDatabase('e')
  let entriesRead = 0
  const counting: Database = {
    ...memory,
    transaction: work =>
      memory.transaction(tx =>
        work({
          ...tx,
          async logSince(...range) {
            const entries = await tx.logSince(...range)
            entriesRead += entries.length
            return entries
          }
        })
      )
  }
  const { submit } = createWorld(counting)
  await submit(
    'ann',
    operation('1', 'crew', {
      args: { groupID: 'crew', name: 'Crew', memberList: [{ userID: 'bob' }] }
    })
  )
  await submit(
    'ann',
    operation('2', 'crew', {
      name: 'changeGroupOwner',
      args: { groupID: 'crew', newOwnerID: 'bob' }
    })
  )
  for (let count = 0; count < 150; count++) {
    const [actor, newOwnerID] = count % 2 === 0 ? ['bob', 'ann'] : ['ann', 'bob']
    const change = { name: 'changeGroupOwner', args: { groupID: 'crew', newOwnerID } }
    await submit(actor, operation(`change ${count}`, 'crew', change))
  }
  const dismiss = (seen: number) =>
    submit(
      'ann',
      operation(`refused ${seen}`, 'crew', {
        name: 'dismissGroup',
        args: { groupID: 'crew' },
        seen
      })
    )
  const first = dismiss(0)
  expect(
    await Promise.all([first, ...Array.from({ length: 50 }, (_, index) => dismiss(index + 1))])
  ).toContain('rejected')
  // In each of two transactions: 100 changes of roles, and the creation of the group.
  expect(entriesRead).toBeLessThanOrEqual(202)
})
