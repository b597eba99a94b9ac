/** One round of one contender, from a load into a new profile over several browser starts. */

import type { Page } from 'playwright'
import { memory, newProfile, openPage, traced, type Session } from './browser.ts'
import type { Durability } from './contender.ts'
import {
  createRandom,
  fullShape,
  groupIDOf,
  rowCount,
  sizesOf,
  windowRows,
  type Change,
  type Window
} from './data.ts'
import type { Place } from './page.ts'
import { contenders, quantile, type FigureName } from './table.ts'

const shape = fullShape
const sizes = sizesOf(shape)
const largeSize = 6000
const coldPending = 50
/** The interval of a busy server's changes. */
const changeEveryMs = 5
/** A part that takes longer has failed. */
const partMsMax = 120_000
const quietMs = 10_000

type Report = (figure: FigureName, value: number) => void
export type RoundOptions = {
  readonly name: string
  readonly url: string
  /** The durability that its build commits with. */
  readonly durability: Durability
  readonly parts: readonly number[]
  readonly report: Report
  /** A part that has failed has no figure. */
  fail(why: string): void
}

export async function round({
  name,
  url,
  durability,
  parts,
  report,
  fail
}: RoundOptions): Promise<string> {
  const profile = await newProfile()
  const address = `${url}/${name}.html`
  let version = ''

  async function session(
    work: (session: Session) => Promise<void>,
    { opened = durability, hash = '' } = {}
  ): Promise<void> {
    const open = await openPage(profile.folder, address + hash)
    ;({ version } = open)
    try {
      if (!hash) await open.page.evaluate(durability => window.bench.open(durability), opened)
      await within(partMsMax, work(open))
      await within(
        partMsMax,
        open.page.evaluate(() => window.bench.close())
      )
    } catch (error) {
      // Expected: a check or the contender has failed.
      fail(String(error).split('\n')[0] ?? '')
    } finally {
      await open.close()
    }
  }

  // Fewer, because each takes a second there.
  const rounds = contenders[name] === 'page' ? { warmUp: 1, count: 6 } : { warmUp: 20, count: 150 }
  const has = (part: number) => parts.includes(part)
  try {
    await session(async open => {
      await load(open, report)
      if (has(8)) await weigh(open, report)
      await open.page.evaluate(places => window.bench.pend(places), coldPlaces())
      // Shows the measured window once, as an earlier visit would have.
      await open.page.evaluate(view => window.bench.watchAll([view], true), coldWindow)
      // A quiet pause for the contenders' background work.
      await open.page.waitForTimeout(quietMs)
    })
    if (has(2)) {
      const cold = { durability, size: largeSize, limit: 100, pending: coldPending }
      const hash = `#${encodeURIComponent(JSON.stringify(cold))}`
      await session(open => coldStart(open, report), { hash })
    }
    await session(({ page }) => page.evaluate(() => window.bench.settle()))
    if (has(3))
      for (const opened of ['relaxed', 'strict'] as const)
        await session(open => latency(open, { durability: opened, rounds }, report), { opened })
    if (has(4)) await session(open => concurrent(open, report))
    if (has(5)) await session(open => views(open, report))
    if (has(6)) await session(open => remote(open, report))
  } finally {
    await profile.remove()
  }
  return version
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

const coldWindow: Window = { groupID: groupIDOf(0), offset: 0, limit: 100 }
const coldPlaces = () =>
  windowRows(largeSize, { offset: 0, limit: coldPending }).map(index => ({
    group: 0,
    index,
    size: largeSize
  }))

async function load({ page }: Session, report: Report): Promise<void> {
  await page.evaluate(shape => window.bench.prepare(shape), shape)
  const ms = await page.evaluate(shape => window.bench.load(shape), shape)
  report('load', rowCount(shape) / (ms / 1000))
}

async function weigh(session: Session, report: Report): Promise<void> {
  const { heapMiB, privateMiB } = await memory(session)
  report('heap', heapMiB)
  report('private', privateMiB)
}

async function coldStart({ page }: Session, report: Report): Promise<void> {
  const { groupsMs, membersMs, groups } = await page.evaluate(() => window.cold)
  if (groups !== sizes.length) throw new Error(`${groups} groups are shown`)
  report('coldGroups', groupsMs)
  report('coldBoth', Math.max(groupsMs, membersMs))
}

async function latency(
  { page }: Session,
  { durability, rounds }: { durability: Durability; rounds: { warmUp: number; count: number } },
  report: Report
): Promise<void> {
  const { durable, visible } = await page.evaluate(
    ([size, rounds]) => window.bench.latency(1, size, rounds),
    [largeSize, rounds] as const
  )
  const [p50, p99] =
    durability === 'strict'
      ? (['durableStrict', 'durableStrict99'] as const)
      : (['durableRelaxed', 'durableRelaxed99'] as const)
  report(p50, quantile(durable, 0.5))
  report(p99, quantile(durable, 0.99))
  if (durability === 'strict') report('visible', quantile(visible, 0.5))
  await page.evaluate(() => window.bench.settle())
}

async function concurrent({ page }: Session, report: Report): Promise<void> {
  const places = randomPlaces(2000, 4)
  const ms = await page.evaluate(places => window.bench.concurrent(places), places)
  report('concurrent', places.length / (ms / 1000))
  await page.evaluate(() => window.bench.settle())
}

/** 200 subscriptions: the groups, four windows on each large group, one on 159 others. */
async function views({ page }: Session, report: Report): Promise<void> {
  const shown = sizes.slice(0, 169).flatMap((size, group) =>
    (size === largeSize ? [0, 50, 100, 150] : [0]).map(offset => ({
      group,
      size,
      offset,
      limit: 50
    }))
  )
  const windows = shown.map(({ group, offset, limit }): Window => ({
    groupID: groupIDOf(group),
    offset,
    limit
  }))
  const places = shown.flatMap(({ group, size, ...window }) =>
    windowRows(size, window).map(index => ({ group, index, size }))
  )
  const random = createRandom(5)
  const changes = Array.from({ length: 1000 }, (_, index): Change => ({
    ...picked(places, random),
    title: `Change ${index}`
  }))
  await page.evaluate(windows => window.bench.watchAll(windows, true), windows)

  const one = (changes: readonly Change[]) => changes.map(change => [change])
  const told = (changes: readonly Change[], how: string) =>
    changes.map(change => ({ ...change, title: `${change.title} ${how}` }))
  const before = told(changes.slice(0, 100), 'before')
  await prepare(page, one(before))
  await tell(page, before)
  await prepare(page, one(changes))
  const { busyMs, longestMs } = await traced(
    page,
    async () => void (await tell(page, changes, changeEveryMs))
  )
  await page.evaluate(changes => window.bench.checkRemote(changes, []), changes)
  const counted = told(changes.slice(0, 300), 'after')
  await prepare(page, one(counted))
  const bytes = await page.evaluate(
    ([last, everyMs]) => window.bench.counted(() => window.bench.remote(last, everyMs)),
    [counted.at(-1)!, changeEveryMs] as const
  )
  report('busy', busyMs)
  report('longest', longestMs)
  if (bytes > 0) report('bytes', bytes / counted.length)
}

/** Ten batches of 500 changes anywhere. The last change is in view. */
async function remote({ page }: Session, report: Report): Promise<void> {
  const view: Window = { groupID: groupIDOf(0), offset: 0, limit: 100 }
  const shown = windowRows(largeSize, view).map(index => ({ group: 0, index, size: largeSize }))
  const places = [...randomPlaces(4999, 6), shown[0]!]
  const changes = places.map((place, index): Change => ({ ...place, title: `Change ${index}` }))
  const pending = places.slice(0, 100)
  await page.evaluate(view => window.bench.watchAll([view], false), view)
  await page.evaluate(places => window.bench.pend(places), pending)
  await prepare(
    page,
    Array.from({ length: 10 }, (_, batch) => changes.slice(batch * 500, (batch + 1) * 500))
  )
  const ms = await tell(page, changes)
  await page.evaluate(([changes, pending]) => window.bench.checkRemote(changes, pending), [
    changes,
    pending
  ] as const)
  report('remote', changes.length / (ms / 1000))
}

const prepare = (page: Page, batches: readonly (readonly Change[])[]) =>
  page.evaluate(batches => window.bench.prepareRemote(batches), batches)
const tell = (page: Page, changes: readonly Change[], everyMs = 0) =>
  page.evaluate(([last, everyMs]) => window.bench.remote(last, everyMs), [
    changes.at(-1)!,
    everyMs
  ] as const)

function randomPlaces(count: number, seed: number): Place[] {
  const random = createRandom(seed)
  const offsets: number[] = []
  let total = 0
  for (const size of sizes) {
    offsets.push(total)
    total += size
  }
  const chosen = new Map<number, Place>()
  while (chosen.size < count) {
    const row = Math.floor(random() * total)
    const group = offsets.findLastIndex(offset => offset <= row)
    chosen.set(row, { group, index: row - offsets[group]!, size: sizes[group]! })
  }
  return [...chosen.values()]
}

const picked = <T>(items: readonly T[], random: () => number): T =>
  items[Math.floor(random() * items.length)]!
