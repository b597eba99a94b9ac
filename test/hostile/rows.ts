/** The rows of the server, before and after an attack. */

import { expect } from 'vitest'
import type { ServerProcess } from './process.ts'

const byGroup = ['groups', 'members', 'others', 'tips', 'log'] as const
const byUser = ['feeds', 'feed', 'verdicts', 'memberships'] as const
const tables = [...byGroup, ...byUser]
export type Counts = Record<(typeof tables)[number], number>

export type State = { readonly counts: Counts; readonly frozen: unknown }

/** The rows of the vault and its members, and the number of rows of other groups and users. */
export async function readRows(server: ServerProcess): Promise<State> {
  const counts: Partial<Counts> = {}
  const frozen: unknown[] = []
  for (const table of byGroup) {
    const [row] = await server.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${table} WHERE group_id <> 'crew'`
    )
    counts[table] = row?.count ?? 0
    frozen.push(
      await server.query(
        `SELECT to_jsonb(t) AS row FROM ${table} t WHERE group_id = 'vault' ORDER BY t::text`
      )
    )
  }
  for (const table of byUser) {
    const [row] = await server.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${table} WHERE user_id NOT IN ('ann', 'bob')`
    )
    counts[table] = row?.count ?? 0
    frozen.push(
      await server.query(
        `SELECT to_jsonb(t) AS row FROM ${table} t WHERE user_id IN ('vic', 'victor') ORDER BY t::text`
      )
    )
  }
  // The crew has only its two honest members, after all attempts of others.
  frozen.push(
    await server.query(
      `SELECT user_id, membership_epoch, follows FROM memberships WHERE group_id IN ('crew', 'vault') ORDER BY 1`
    ),
    await server.query(`SELECT kind, user_id FROM others WHERE group_id = 'crew' ORDER BY 1, 2`)
  )
  return { counts: counts as Counts, frozen }
}

export async function expectRows(
  server: ServerProcess,
  before: State,
  leaves: Partial<Counts>
): Promise<void> {
  const after = await readRows(server)
  expect(after.frozen).toEqual(before.frozen)
  const grown = tables.filter(
    name => after.counts[name] > before.counts[name] + (leaves[name] ?? 0)
  )
  const excess = grown.map(name => ({
    table: name,
    rows: after.counts[name] - before.counts[name],
    allowed: leaves[name] ?? 0
  }))
  expect(excess).toEqual([])
}
