/** The measurements on the UI thread, equal for every contender. */

import { proxy, wrap } from 'comlink'
import type { GroupRow, MemberRow } from '../../src/kernel/model.ts'
import type { Contender, Durability } from './contender.ts'
import {
  createRandom,
  groupIDOf,
  memberAt,
  memberKey,
  rowCount,
  sizesOf,
  windowRows,
  type Change,
  type Op,
  type Shape,
  type Window
} from './data.ts'

/** One member of a group. */
export type Place = { readonly group: number; readonly index: number; readonly size: number }
export type Bench = ReturnType<typeof createBench>

/** A contender in a worker. Comlink needs its callbacks as proxies. */
export function remote(worker: Worker): Contender {
  // Comlink turns every answer into a promise, as the interface already has it.
  const contender = wrap<Contender>(worker) as unknown as Contender
  const over: Pick<Contender, 'watch' | 'watchGroups'> = {
    watch: (window, onUpdate) => contender.watch(window, proxy(onUpdate)),
    watchGroups: onRows => contender.watchGroups(proxy(onRows))
  }
  return new Proxy(contender, {
    get: (target, name) => Reflect.get(name in over ? over : target, name)
  })
}

export function createBench(contender: Contender, worker?: Worker) {
  /** The rows that the subscribers have received. */
  let views: { readonly groupID: string; rows: readonly MemberRow[] }[] = []
  let groups: readonly GroupRow[] = []
  let isSeen:
    | {
        readonly groupID: string
        readonly test: (row: MemberRow) => boolean
        resolve(atMs: number): void
      }
    | undefined

  const seen = (groupID: string, test: (row: MemberRow) => boolean) =>
    new Promise<number>(resolve => (isSeen = { groupID, test, resolve }))

  async function watch(window: Window): Promise<void> {
    const view: (typeof views)[number] = { groupID: window.groupID, rows: [] }
    views.push(view)
    let places: Map<string, number> | undefined
    let first: () => void
    const shown = new Promise<void>(resolve => (first = resolve))
    await contender.watch(window, update => {
      const news = 'rows' in update ? update.rows : update.changed
      if ('rows' in update) view.rows = update.rows
      else {
        places ??= new Map(view.rows.map((row, index) => [row.userID, index]))
        const rows = view.rows.slice()
        for (const row of update.changed) rows[places.get(row.userID) ?? rows.length] = row
        view.rows = rows
      }
      if (isSeen?.groupID === window.groupID && news.some(isSeen.test)) {
        isSeen.resolve(performance.now())
        isSeen = undefined
      }
      first()
    })
    await shown
  }

  async function unwatch(): Promise<void> {
    views = []
    await contender.unwatch()
  }

  async function timed(work: () => Promise<unknown>): Promise<number> {
    const start = performance.now()
    await work()
    return performance.now() - start
  }

  const opAt = ({ group, index, size }: Place, nameCard: string): Op => ({
    groupID: groupIDOf(group),
    userID: memberAt(group, index, size).userID,
    nameCard
  })

  async function check(
    places: readonly Place[],
    expected: (row: MemberRow, place: Place) => boolean
  ): Promise<void> {
    for (const place of places) {
      const { groupID, userID } = memberAt(place.group, place.index, place.size)
      const row = await contender.member(groupID, userID)
      if (!row || !expected(row, place))
        throw new Error(`${groupID}/${userID} is ${JSON.stringify(row)}`)
    }
  }

  return {
    open: (durability: Durability) => contender.open(durability),
    prepare: (shape: Shape) => contender.prepare(shape),
    settle: () => contender.settle(),
    close: () => contender.close(),

    async load(shape: Shape): Promise<number> {
      const ms = await timed(() => contender.load())
      const { groups, members } = await contender.counts()
      if (groups !== sizesOf(shape).length || members !== rowCount(shape))
        throw new Error(`${groups} groups, ${members} members`)
      return ms
    },

    /** Milliseconds from navigation to the group list, and to the first members with operations. */
    async coldStart({ size, limit, pending }: { size: number; limit: number; pending: number }) {
      const rows: MemberRow[] = []
      const groupsMs = new Promise<number>(resolve => {
        void contender.watchGroups(all => {
          groups = all
          if (all.length > 0) resolve(performance.now())
        })
      })
      const membersMs = new Promise<number>(resolve => {
        void contender.watch({ groupID: groupIDOf(0), offset: 0, limit }, update => {
          if ('rows' in update) rows.splice(0, rows.length, ...update.rows)
          if (rows.filter(row => row.nameCard.startsWith('pending')).length === pending)
            resolve(performance.now())
        })
      })
      const measured = { groupsMs: await groupsMs, membersMs: await membersMs }
      const order = windowRows(size, { offset: 0, limit }).map(
        index => memberAt(0, index, size).userID
      )
      if (rows.map(row => row.userID).join() !== order.join())
        throw new Error('the window shows other rows')
      return { ...measured, groups: groups.length }
    },

    async pend(places: readonly Place[]): Promise<void> {
      await Promise.all(
        places.map((place, index) => contender.apply(opAt(place, `pending ${index}`)))
      )
    },

    /** One operation after another, on members that are in view. */
    async latency(
      group: number,
      size: number,
      { warmUp, count }: { warmUp: number; count: number }
    ) {
      // A new name, because an unchanged row would not be emitted.
      const name = `op ${Math.round(performance.timeOrigin)}`
      const places = windowRows(size, { offset: 0, limit: 100 }).map(index => ({
        group,
        index,
        size
      }))
      await watch({ groupID: groupIDOf(group), offset: 0, limit: 100 })
      const durable: number[] = []
      const visible: number[] = []
      for (let round = 0; round < warmUp + count; round++) {
        const op = opAt(places[round % places.length]!, `${name} ${round}`)
        const shows = seen(
          op.groupID,
          row => row.userID === op.userID && row.nameCard === op.nameCard
        )
        const start = performance.now()
        await contender.apply(op)
        const done = performance.now() - start
        const visibleAt = await shows
        if (round < warmUp) continue
        durable.push(done)
        visible.push(visibleAt - start)
      }
      await unwatch()
      const last = `${name} ${warmUp + count - 1}`
      await check([places[(warmUp + count - 1) % places.length]!], row => row.nameCard === last)
      return { durable, visible }
    },

    /** All at once. */
    async concurrent(places: readonly Place[]): Promise<number> {
      const before = await contender.counts()
      const ms = await timed(() =>
        Promise.all(places.map((place, index) => contender.apply(opAt(place, `at once ${index}`))))
      )
      const after = await contender.counts()
      if (after.pending - before.pending !== places.length)
        throw new Error(`${after.pending - before.pending} are queued`)
      await check(
        places.slice(0, 20),
        (row, place) => row.nameCard === `at once ${places.indexOf(place)}`
      )
      return ms
    },

    async watchAll(windows: readonly Window[], watchGroups: boolean): Promise<void> {
      if (watchGroups) await contender.watchGroups(all => (groups = all))
      for (const window of windows) await watch(window)
    },

    prepareRemote: (batches: readonly (readonly Change[])[]) => contender.prepareRemote(batches),

    /** Milliseconds until the server's last change is durable and its subscriber has it. */
    async remote(last: Change, everyMs = 0): Promise<number> {
      const { groupID, userID } = memberAt(last.group, last.index, last.size)
      const shows = seen(
        groupID,
        row => row.userID === userID && row.memberCustomField[0]?.value === last.title
      )
      return timed(() => Promise.all([contender.remote(everyMs), shows]))
    },

    /** Checks that the changes and the pending operations are in the rows. */
    async checkRemote(changes: readonly Change[], pending: readonly Place[]): Promise<void> {
      const final = new Map(
        changes.map(change => [
          memberKey(memberAt(change.group, change.index, change.size)),
          change
        ])
      )
      await check([...final.values()].slice(-50), (row, place) => {
        const wanted = final.get(memberKey(memberAt(place.group, place.index, place.size)))
        return row.memberCustomField[0]?.value === wanted?.title
      })
      await check(pending, row => row.nameCard.startsWith('pending'))
      for (const row of views.flatMap(view => view.rows)) {
        const title = final.get(memberKey(row))?.title
        if (title && row.memberCustomField[0]?.value !== title)
          throw new Error(`${memberKey(row)} is shown as it was`)
      }
    },

    /** The bytes that the worker posts during `work`. */
    async counted(work: () => Promise<unknown>): Promise<number> {
      worker?.postMessage({ count: true })
      await work()
      const counted = new Promise<number>(resolve => {
        worker?.addEventListener('message', ({ data }: MessageEvent<{ counted?: number }>) => {
          if (data.counted !== undefined) resolve(data.counted)
        })
      })
      worker?.postMessage({ count: false })
      return worker ? counted : 0
    },

    /** Subscribes and unsubscribes, one after another. */
    async cycle(times: number): Promise<void> {
      for (let round = 0; round < times; round++) {
        await watch({ groupID: groupIDOf(round % 100), offset: 0, limit: 20 })
        await unwatch()
      }
    },

    random: createRandom
  }
}

/** The page measures its cold start by itself, without a wait for the driver. */
export function start(bench: Bench): void {
  const { hash } = location
  const cold = hash
    ? (JSON.parse(decodeURIComponent(hash.slice(1))) as {
        durability: Durability
        size: number
        limit: number
        pending: number
      })
    : undefined
  Object.assign(window, {
    bench,
    cold: cold && bench.open(cold.durability).then(() => bench.coldStart(cold))
  })
}
