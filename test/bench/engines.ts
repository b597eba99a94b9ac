/**
 * Our own figures in each installed browser: operations of the built demo, until they are durable.
 * The outbox journal is written at the same time. To measure what it or another change costs, name
 * several builds.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDemo } from '../demo/server.ts'
import { openDriven } from '../engines/driven.ts'
import { otherEngines } from '../engines/installed.ts'
import type { Engine } from '../engines/launch.ts'
import { quantile } from './table.ts'

const names = ['chromium', 'firefox', 'webkit'] as const satisfies readonly Engine[]

type Figures = { readonly latencies: readonly number[]; readonly perSecond: number }

/** Returns a Markdown table. `builds`: folders like `dist`. In each round they alternate. */
export async function engines(builds: readonly string[], rounds: number): Promise<string> {
  const rows: string[] = []
  for (const engine of names) {
    if (engine !== 'chromium' && otherEngines[engine].find() === undefined) {
      rows.push(`| ${engine} | not installed | | | |`)
      continue
    }
    const samples = new Map<string, Figures[]>(builds.map(build => [build, []]))
    for (let round = 0; round < rounds; round++)
      for (const build of round % 2 ? builds.toReversed() : builds)
        samples.get(build)?.push(await measure(engine, build))
    for (const [build, figures] of samples) {
      const latencies = figures.flatMap(each => each.latencies)
      const perSecond = quantile(
        figures.map(each => each.perSecond),
        0.5
      )
      const cells = [
        ...[0.5, 0.95].map(part => quantile(latencies, part).toFixed(2)),
        perSecond.toFixed(0)
      ]
      rows.push(`| ${[engine, build, ...cells].join(' | ')} |`)
    }
  }
  return [
    '| engine | build | operation → durable p50, ms | p95, ms | 500 at once, operations/s |',
    '|---|---|---:|---:|---:|',
    ...rows
  ].join('\n')
}

/** A fresh profile and a fresh server. */
async function measure(engine: Engine, build: string): Promise<Figures> {
  const data = await mkdtemp(join(tmpdir(), 'bench-demo-'))
  const demo = await startDemo({ DEMO_DATA_DIR: data }, join(build, 'demo', 'serve.js'))
  const browser = await openDriven({ engine, to: () => Number(new URL(demo.url).port) })
  try {
    const [page] = await browser.start('/')
    if (!page) throw new Error('The browser has opened no page.')
    await page.waitForFunction(() => 'demo' in window)
    return await page.evaluate(inPage)
  } finally {
    await browser.close()
    await demo.stop()
    await rm(data, { recursive: true, force: true })
  }
}

/** Runs in the page, so it uses nothing of this module. */
async function inPage(): Promise<Figures> {
  const { store } = window.demo.ann
  await new Promise<void>(resolve => {
    store.status$.subscribe(({ caughtUp }) => {
      if (caughtUp) resolve()
    })
  })
  await store.pause()
  // Until the first load is written into pages.
  await new Promise(resolve => setTimeout(resolve, 7000))
  const groupID = `bench-${Math.random()}`
  const rename = async (name: string) => {
    const answer = await store.apply('updateGroupProfile', { groupID, name })
    if (!('opID' in answer)) throw new Error(JSON.stringify(answer))
  }
  await store.apply('createGroup', { name: 'Bench', groupID, type: 'Public' })
  const latencies: number[] = []
  for (let count = 0; count < 500; count++) {
    const start = performance.now()
    await rename(`name ${count}`)
    latencies.push(performance.now() - start)
  }
  const start = performance.now()
  await Promise.all(latencies.map((_, index) => rename(`again ${index}`)))
  return { latencies, perSecond: (500 / (performance.now() - start)) * 1000 }
}
