/**
 * A server process, honest clients at work and attackers. After each attack the arena checks
 * service, rows, secrets and memory.
 */

import { expect } from 'vitest'
import { createAttackers, operation, secret, type Attackers } from './attacker.ts'
import { openHonest, type Honest } from './honest.ts'
import { expectRows, readRows, type Counts } from './rows.ts'
import { startServerProcess, type Report, type ServerProcess } from './process.ts'

export type Scenario = {
  /** Follows "the server withstands". */
  readonly title: string
  attack(attackers: Attackers, server: ServerProcess): Promise<void>
  /** How many rows the attack may leave, by table. Other tables stay empty. */
  leaves?(attackers: Attackers): Partial<Counts>
  /** The memory that the server may hold for the attackers at the end, if it is more than usual. */
  readonly heldMiBMax?: number
  /** How many statements the database may run meanwhile, those of honest clients included. */
  readonly queriesMax?: number
  /** Errors that the server may report meanwhile. Default: none. */
  readonly reports?: RegExp
}

/** The memory that the server may hold for present and former attackers, after a collection. */
const heldMiBMax = 64
const keptMiBMax = 24
const mebibyte = 1_048_576

export type Arena = Awaited<ReturnType<typeof openArena>>

export async function openArena({ clockFactor = 1 } = {}) {
  let server = await startServerProcess({ clockFactor })
  await createGroups(server)
  const measured: Record<string, string>[] = []

  async function withstand(scenario: Scenario): Promise<void> {
    if (server.ended() !== undefined) {
      // The last scenario has failed, which says nothing about this one.
      server = await startServerProcess({ clockFactor })
      await createGroups(server)
    }
    await server.reset()
    const calm = await server.report()
    const [ann, bob] = [openHonest(server.url, 'ann'), openHonest(server.url, 'bob')]
    await expect.poll(() => isQuiet(ann) && isQuiet(bob), patient).toBe(true)
    const before = await readRows(server)

    const attackers = createAttackers(server)
    const work = startWork(ann, bob)
    const newcomer = openHonest(server.url, 'bob', { paused: true })
    let operations: readonly string[] = []
    let heldAtEnd = 0
    try {
      await scenario.attack(attackers, server)
      expect(server.ended()).toBeUndefined()
      const held = await server.report()
      expect(heldMiB(held, calm)).toBeLessThanOrEqual(scenario.heldMiBMax ?? heldMiBMax)
      heldAtEnd = heldMiB(held, calm)
      await newcomer.engine.resume()
      attackers.end()
      operations = await work.stop()
      for (const client of [ann, bob, newcomer])
        await expect.poll(() => isQuiet(client), patient).toBe(true)
      await expectServed(server, { ann, bob, newcomer, operations })
      expect(attackers.leaks).toEqual([])
      await expectRows(server, before, scenario.leaves?.(attackers) ?? {})
    } finally {
      attackers.end()
      await work.stop()
      await Promise.all([ann, bob, newcomer].map(client => client.close()))
    }
    const after = await expectForgotten(server, calm)
    const measures = { attackers, calm, after, held: heldAtEnd, operations: operations.length }
    measured.push(figures(scenario, measures))
    expect(unexpected(after, scenario)).toEqual([])
    expect(after.queries).toBeLessThanOrEqual(scenario.queriesMax ?? Infinity)
  }

  return {
    withstand,
    async close() {
      console.table(measured)
      await server.stop()
    }
  }
}

const patient = { timeout: 60_000, interval: 50 }
const isQuiet = (client: Honest) => {
  const status = client.status()
  return status?.connection === 'online' && status.caughtUp && status.pending === 0
}

/** Crew: the honest clients' group. Vault: a Private group in which nothing happens. */
async function createGroups(server: ServerProcess): Promise<void> {
  const setup = createAttackers(server)
  const groupCustomField = [{ key: 'plan', value: secret }]
  const creations = {
    ann: operation('crew', 'createGroup', {
      groupID: 'crew',
      name: 'Crew',
      type: 'Public',
      joinOption: 'DisableApply',
      memberList: [{ userID: 'bob' }],
      groupCustomField
    }),
    vic: operation('vault', 'createGroup', {
      groupID: 'vault',
      name: `${secret} vault`,
      type: 'Private',
      memberList: [{ userID: 'victor' }],
      groupCustomField
    })
  }
  for (const [userID, creation] of Object.entries(creations)) {
    const socket = await setup.socket()
    await socket.login(userID)
    expect((await socket.judge(creation)).get(creation.opID)).toBe('applied')
  }
  setup.end()
}

const workEveryMs = 500

/** Has both work until it is stopped; answers the operations asked for. */
function startWork(ann: Honest, bob: Honest) {
  const over = new AbortController()
  const operations: string[] = []
  const work = (async () => {
    while (!over.signal.aborted) {
      const text = `News ${operations.length}`
      operations.push(text)
      await ann.apply('updateGroupProfile', { groupID: 'crew', introduction: text })
      const nameCard = `${secret} ${operations.length}`
      operations.push(nameCard)
      await bob.apply('setGroupMemberNameCard', { groupID: 'crew', userID: 'bob', nameCard })
      await new Promise(resolve => setTimeout(resolve, workEveryMs))
    }
  })()
  return {
    async stop() {
      over.abort()
      await work
      return operations
    }
  }
}

/** Every operation is done, every device shows what the server has, and reads are answered. */
async function expectServed(
  server: ServerProcess,
  {
    ann,
    bob,
    newcomer,
    operations
  }: Record<'ann' | 'bob' | 'newcomer', Honest> & { operations: readonly string[] }
): Promise<void> {
  const verdicts = [...(await ann.verdicts()), ...(await bob.verdicts())]
  expect(verdicts.map(({ kind }) => kind)).toEqual(operations.map(() => 'applied'))
  await expect
    .poll(() => ann.engine.readProfile('crew', false), patient)
    .toMatchObject({ name: 'Crew' })
  const [group] = await server.query<{ body: object }>(
    `SELECT body FROM groups WHERE group_id = 'crew'`
  )
  const members = await server.query<{ body: object }>(
    `SELECT body FROM members WHERE group_id = 'crew' AND body IS NOT NULL ORDER BY user_id`
  )
  expect(group?.body).toMatchObject({ introduction: operations.at(-2) ?? '', ownerID: 'ann' })
  expect(members.map(({ body }) => body)).toMatchObject([
    { userID: 'ann', role: 'Owner' },
    { userID: 'bob', role: 'Member', nameCard: operations.at(-1) ?? '' }
  ])
  for (const client of [ann, bob, newcomer]) {
    const [groups, shown] = [client.groups(), client.members('crew')]
    await expect
      .poll(() => groups.map(({ selfInfo: _, ...row }) => row), patient)
      .toEqual([group?.body])
    await expect
      .poll(() => shown.toSorted((a, b) => (a.userID < b.userID ? -1 : 1)), patient)
      .toEqual(members.map(({ body }) => body))
  }
}

/** Connections that end in the middle of something are nothing to report twice. */
const usual = /ECONNRESET|EPIPE|WS_ERR|Invalid WebSocket frame|Max payload/
const unexpected = ({ errors }: Report, { reports }: Scenario): readonly string[] =>
  errors.filter(error => !usual.test(error) && !reports?.test(error)).slice(0, 5)

/** Without attackers nothing of theirs stays: no connection, no timer, no memory. */
async function expectForgotten(server: ServerProcess, calm: Report): Promise<Report> {
  let after = await server.report()
  const left = async () => {
    after = await server.report()
    return {
      sockets: Math.max(0, after.sockets - calm.sockets),
      timers: Math.max(0, after.timers - calm.timers),
      heap: after.heapBytes - calm.heapBytes <= keptMiBMax * mebibyte,
      external: after.externalBytes - calm.externalBytes <= keptMiBMax * mebibyte
    }
  }
  await expect
    .poll(left, { timeout: 120_000, interval: 500 })
    .toEqual({ sockets: 0, timers: 0, heap: true, external: true })
  return after
}

const heldMiB = (now: Report, calm: Report): number =>
  (now.heapBytes + now.externalBytes - calm.heapBytes - calm.externalBytes) / mebibyte

function figures(
  { title }: Scenario,
  {
    attackers,
    calm,
    after,
    held,
    operations
  }: { attackers: Attackers; calm: Report; after: Report; held: number; operations: number }
): Record<string, string> {
  const mib = (bytes: number) => (bytes / mebibyte).toFixed(1)
  const grown = (name: 'heapBytes' | 'externalBytes' | 'rssBytes') =>
    mib(after.peak[name] - calm[name])
  return {
    attack: title,
    frames: String(attackers.sent.frames),
    'sent MiB': mib(attackers.sent.bytes),
    'heap peak +MiB': grown('heapBytes'),
    'buffers peak +MiB': grown('externalBytes'),
    'rss peak +MiB': grown('rssBytes'),
    'held +MiB': held.toFixed(1),
    'heap kept +MiB': mib(after.heapBytes - calm.heapBytes),
    'delay p50/p99/max ms': Object.values(after.delayMs)
      .map(ms => ms.toFixed(0))
      .join('/'),
    queries: String(after.queries),
    'honest operations': String(operations)
  }
}
