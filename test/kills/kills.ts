/**
 * Kills a browser again and again while its user works, and looks for every acknowledged operation
 * after each restart: it waits on the device, has its verdict there, or is on the server.
 */

import { setTimeout as wait } from 'node:timers/promises'
import type { Page } from 'playwright'
import type { Engine } from '../engines/launch.ts'
import { openDriven } from '../engines/driven.ts'
import { groupIDs, openStage } from './stage.ts'

export type Backend = 'leveldb' | 'sqlite'
export type KillOptions = {
  readonly engine: Engine
  readonly kills: number
  readonly tabs: number
  /** Of Chromium only. */
  readonly backend?: Backend
  readonly onKill?: (figures: Figures) => void
}

export type Figures = {
  kills: number
  /** Operations that a page was told are durable. */
  acknowledged: number
  /** Found after a restart, by place. An operation that waits counts at each restart. */
  pending: number
  settled: number
  onServer: number
  /** Found nowhere. */
  lost: string[]
  /** Applied more than once by the server. */
  doubled: number
}

/** The browser is killed so long after its tabs have begun to work. */
const [shortestMs, longestMs] = [100, 1_100]

export async function killBrowsers({
  engine,
  kills,
  tabs,
  backend,
  onKill = () => undefined
}: KillOptions): Promise<Figures> {
  const stage = await openStage()
  /** Acknowledged, and not yet found on the server or settled. */
  const open = new Set<string>()
  const figures: Figures = {
    kills: 0,
    acknowledged: 0,
    pending: 0,
    settled: 0,
    onServer: 0,
    lost: [],
    doubled: 0
  }
  const browser = await openDriven({
    engine,
    to: stage.to,
    args: backend === 'sqlite' ? ['--enable-features=IdbSqliteBackingStore'] : [],
    onNote(opID) {
      figures.acknowledged++
      open.add(opID)
    }
  })

  /** Starts the browser and looks for every operation that was acknowledged before. */
  async function restart(paused: boolean): Promise<readonly Page[]> {
    const pages = await browser.start(...Array.from({ length: tabs }, () => '/'))
    const token = stage.token()
    const waiting = new Set<string>()
    for (const page of pages) {
      await page.waitForFunction(() => 'kills' in window)
      const opIDs = await page.evaluate(
        ([userID, token, paused]) =>
          window.kills.open(`${location.origin.replace('http', 'ws')}/sync`, userID, token, paused),
        [stage.userID, token, paused] as const
      )
      for (const opID of opIDs) waiting.add(opID)
    }
    // Read after the outbox: an operation that has left it by then has its verdict.
    const absent = [...open].filter(opID => !waiting.has(opID))
    figures.pending += open.size - absent.length
    const onServer = await stage.judged(absent)
    figures.onServer += onServer.size
    const unjudged = absent.filter(opID => !onServer.has(opID))
    const settled = new Set(
      await pages[0]?.evaluate(opIDs => window.kills.settled(opIDs), unjudged)
    )
    figures.settled += settled.size
    figures.lost.push(...unjudged.filter(opID => !settled.has(opID)))
    for (const opID of absent) open.delete(opID)
    return pages
  }

  try {
    const [first] = await restart(false)
    await first?.evaluate(groupIDs => window.kills.createGroups(groupIDs), groupIDs)
    await browser.kill()
    while (figures.kills < kills) {
      // Every other time the user works offline, so that operations outlive several kills.
      const pages = await restart(figures.kills % 2 === 1)
      await Promise.all(
        pages.map(page => page.evaluate(groupIDs => window.kills.work(groupIDs), groupIDs))
      )
      await wait(shortestMs + Math.random() * (longestMs - shortestMs))
      await browser.kill()
      figures.kills++
      onKill(figures)
    }
    const [last] = await restart(false)
    await last?.evaluate(() => window.kills.drain())
    const rest = await stage.judged([...open])
    figures.onServer += rest.size
    figures.lost.push(...[...open].filter(opID => !rest.has(opID)))
    figures.doubled = await stage.countDoubled()
  } finally {
    await browser.close()
    await stage.close()
  }
  return figures
}
