/** Virtual time, and all future events, one step after another. */

import { createRandom, hashText, type Random } from './random.ts'

export type World = ReturnType<typeof createWorld>
export type Violation = { readonly invariant: string; readonly detail: string }

type Task = { readonly atMs: number; readonly order: number; run: (() => void) | undefined }

const transcriptMax = 400
/** Far more turns of the event loop than any storage takes. */
const turnsMax = 100_000
const startMs = 1_600_000_000_000

export function createWorld(seed: number, { recorded = false } = {}) {
  const heap: Task[] = []
  const transcript: string[] = []
  let time = startMs
  let order = 0
  let steps = 0
  let hash = 0x811c9dc5
  let under = 0
  let violation: Violation | undefined

  function push(task: Task): void {
    let index = heap.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (!above || isBefore(above, task)) break
      heap[index] = above
      index = parent
    }
    heap[index] = task
  }

  function pop(): Task | undefined {
    const first = heap[0]
    const last = heap.pop()
    if (!last || heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      const left = heap[child]
      const right = heap[child + 1]
      if (!left) break
      if (right && isBefore(right, left)) child++
      const smaller = right && isBefore(right, left) ? right : left
      if (isBefore(last, smaller)) break
      heap[index] = smaller
      index = child
    }
    heap[index] = last
    return first
  }

  function note(line: string): void {
    hash = hashText(line, hash)
    if (!recorded) return
    transcript.push(`${((time - startMs) / 1000).toFixed(3)} ${line}`)
    if (transcript.length > 2 * transcriptMax) transcript.splice(0, transcriptMax)
  }

  return {
    seed,
    /** A stream of its own for each purpose. */
    random: (...purpose: (string | number)[]): Random => createRandom(seed, ...purpose),
    now: () => time,
    steps: () => steps,
    hash: () => hash >>> 0,
    transcript: () => transcript.slice(-transcriptMax),
    violation: () => violation,

    /** Adds an observable event to the trace of the run. */
    note,
    violate(invariant: string, detail: string): void {
      violation ??= { invariant, detail }
      if (recorded) transcript.push(`VIOLATION ${invariant}: ${detail}`)
    },

    at(atMs: number, run: () => void): () => void {
      const task: Task = { atMs, order: order++, run }
      push(task)
      return () => void (task.run = undefined)
    },

    /** Awaits real work, which takes turns of the event loop. The step ends after it. */
    async wait<T>(work: Promise<T>): Promise<T> {
      under++
      try {
        return await work
      } finally {
        under--
      }
    },

    /** Runs the next event, with all its immediate consequences. */
    async step(): Promise<void> {
      let task = pop()
      while (task && !task.run) task = pop()
      if (!task?.run) return this.violate('liveness', 'nothing happens any more')
      time = Math.max(time, task.atMs)
      steps++
      task.run()
      let turns = 0
      // `under` counts the real work under way.
      const isUnder = () => under > 0
      do await turn()
      while (isUnder() && ++turns < turnsMax)
      if (turns === turnsMax) this.violate('liveness', 'a step does not end')
    }
  }
}

const isBefore = (a: Task, b: Task) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

/** Runs all microtasks. */
const turn = () => new Promise<void>(resolve => setImmediate(resolve))
