/** The package's cost by members of a group, rows of a first load, and pending operations. */

import { writeFileSync } from 'node:fs'
import { newProfile, openPage, type Session } from './browser.ts'
import { rowCount, windowRows, type Change, type Shape } from './data.ts'
import { plot, type Series } from './plot.ts'
import { quantile } from './table.ts'

const membersPerGroup = [100, 1000, 6000, 50_000]
const loads: readonly [title: number, shape: Shape][] = [
  [10_000, [[200, 50]]],
  [100_000, [[200, 500]]],
  [300_000, [[600, 500]]],
  [1_000_000, [[2000, 500]]]
]
const pendings = [10, 100, 1000, 5000]

/** Returns Markdown tables, and writes the plot to disk. */
export async function growth(url: string, plotFile: URL): Promise<string> {
  const operations: string[] = []
  const series: Record<'latency' | 'bytes' | 'load' | 'replay', [number, number][]> = {
    latency: [],
    bytes: [],
    load: [],
    replay: []
  }
  for (const size of membersPerGroup) {
    const [p50, p99, visible, bytes] = await ofMembers(url, size)
    const cells = [count(size), ...[p50, p99, visible].map(ms => ms.toFixed(2)), bytes.toFixed(0)]
    operations.push(`| ${cells.join(' | ')} |`)
    series.latency.push([size, p50])
    series.bytes.push([size, bytes])
  }
  for (const [rows, shape] of loads) series.load.push([rows, await ofLoad(url, shape)])
  for (const pending of pendings) series.replay.push([pending, await ofPending(url, pending)])

  const plots: Series[] = [
    {
      title: 'operation, call → durable, p50, ms, by members of the group',
      points: series.latency
    },
    { title: 'bytes to the UI thread per change, by members of the group', points: series.bytes },
    { title: 'initial load, rows/s, by rows', points: series.load },
    {
      title: 'cold start to a list with all pending operations in it, ms, by pending operations',
      points: series.replay
    }
  ]
  writeFileSync(plotFile, plot(plots))
  return [
    '| members of the group | operation → durable p50, ms | p99, ms | → visible p50, ms | bytes per change |',
    '|---:|---:|---:|---:|---:|',
    ...operations,
    '',
    '| rows | initial load, rows/s |',
    '|---:|---:|',
    ...series.load.map(
      ([rows, perSecond]) => `| ${count(rows)} | ${count(Math.round(perSecond))} |`
    ),
    '',
    '| pending operations | cold start with all of them in view, ms |',
    '|---:|---:|',
    ...series.replay.map(([pending, ms]) => `| ${count(pending)} | ${ms.toFixed(0)} |`)
  ].join('\n')
}

const count = (value: number) => value.toLocaleString('en')

async function fresh<T>(
  url: string,
  work: (session: Session, folder: string) => Promise<T>
): Promise<T> {
  const profile = await newProfile()
  const session = await openPage(profile.folder, `${url}/ours.html`)
  try {
    await session.page.evaluate(() => window.bench.open('strict'))
    return await work(session, profile.folder)
  } finally {
    await session.close()
    await profile.remove()
  }
}

async function load({ page }: Session, shape: Shape): Promise<number> {
  await page.evaluate(shape => window.bench.prepare(shape), shape)
  return rowCount(shape) / ((await page.evaluate(shape => window.bench.load(shape), shape)) / 1000)
}

const ofLoad = (url: string, shape: Shape) => fresh(url, session => load(session, shape))

const ofMembers = (url: string, size: number) =>
  fresh(url, async session => {
    const { page } = session
    // The measured group is the second.
    await load(session, [[2, size]])
    const { durable, visible } = await page.evaluate(
      size => window.bench.latency(1, size, { warmUp: 20, count: 150 }),
      size
    )
    await page.evaluate(() => window.bench.settle())
    const changes = windowRows(size, { offset: 0, limit: 50 }).map((index): Change => ({
      group: 1,
      index,
      size,
      title: `new ${index}`
    }))
    await page.evaluate(() =>
      window.bench.watchAll([{ groupID: 'g000001', offset: 0, limit: 50 }], false)
    )
    await page.evaluate(
      batches => window.bench.prepareRemote(batches),
      changes.map(change => [change])
    )
    const bytes = await page.evaluate(
      last => window.bench.counted(() => window.bench.remote(last)),
      changes.at(-1)!
    )
    return [
      quantile(durable, 0.5),
      quantile(durable, 0.99),
      quantile(visible, 0.5),
      bytes / changes.length
    ] as const
  })

/** The time of a start with pending operations until the first window shows all of them. */
const ofPending = (url: string, pending: number) =>
  fresh(url, async (session, folder) => {
    const size = Math.max(100, pending)
    await load(session, [[1, size]])
    const places = windowRows(size, { offset: 0, limit: pending }).map(index => ({
      group: 0,
      index,
      size
    }))
    await session.page.evaluate(places => window.bench.pend(places), places)
    await session.page.evaluate(() => window.bench.close())
    await session.close()
    const cold = { durability: 'strict', size, limit: size, pending }
    const again = await openPage(
      folder,
      `${url}/ours.html#${encodeURIComponent(JSON.stringify(cold))}`
    )
    try {
      const { groupsMs, membersMs } = await again.page.evaluate(() => window.cold)
      return Math.max(groupsMs, membersMs)
    } finally {
      await again.close()
    }
  })

/** Listeners and bytes on the UI thread before and after 10,000 subscriptions. */
export const cycles = (url: string) =>
  fresh(url, async session => {
    const { page, cdp } = session
    await load(session, [[100, 50]])
    await page.evaluate(() => window.bench.cycle(200))
    const before = await held(session)
    await page.evaluate(() => window.bench.cycle(10_000))
    const after = await held(session)
    await cdp.send('HeapProfiler.collectGarbage')
    const row = (title: string, { kib, listeners, allKiB }: typeof before) =>
      `| ${title} | ${kib.toFixed(0)} | ${listeners} | ${allKiB.toFixed(0)} |`
    return [
      '| | heap, KiB | event listeners | memory with the worker, KiB |',
      '|---|---:|---:|---:|',
      row('before', before),
      row('after', after)
    ].join('\n')
  })

async function held({
  page,
  cdp
}: Session): Promise<{ kib: number; listeners: number; allKiB: number }> {
  await cdp.send('HeapProfiler.collectGarbage')
  const { usedSize } = await cdp.send('Runtime.getHeapUsage')
  const { jsEventListeners } = await cdp.send('Memory.getDOMCounters')
  const bytes = await page.evaluate(async () => {
    const measure = performance as unknown as {
      measureUserAgentSpecificMemory(): Promise<{ bytes: number }>
    }
    return (await measure.measureUserAgentSpecificMemory()).bytes
  })
  return { kib: usedSize / 1024, listeners: jsEventListeners, allKiB: bytes / 1024 }
}
