/** The measured figures and their table. */

/** The thread: the package's own worker, the benchmark's worker with Comlink, or the UI thread. */
export type Kind = 'package' | 'worker' | 'page'
export const contenders: Readonly<Record<string, Kind>> = {
  ours: 'package',
  raw: 'worker',
  dexie: 'worker',
  rxdb: 'worker',
  sqlite: 'worker',
  tinybase: 'page'
}
const titles: Readonly<Record<string, string>> = {
  ours: 'Offline Groups',
  raw: 'raw IndexedDB',
  dexie: 'Dexie',
  rxdb: 'RxDB',
  sqlite: 'SQLite-WASM',
  tinybase: 'TinyBase'
}

export type Figure = {
  readonly part: number
  readonly title: string
  readonly unit: string
  readonly digits: number
}
export const figures = {
  load: { part: 1, title: 'initial load into durable storage', unit: 'rows/s', digits: 0 },
  coldGroups: { part: 2, title: 'cold start to the group list', unit: 'ms', digits: 0 },
  coldBoth: {
    part: 2,
    title: 'cold start to the group list and 100 of 6,000 members',
    unit: 'ms',
    digits: 0
  },
  durableRelaxed: {
    part: 3,
    title: 'operation, call → durable, p50, relaxed',
    unit: 'ms',
    digits: 2
  },
  durableRelaxed99: { part: 3, title: 'the same, p99', unit: 'ms', digits: 2 },
  durableStrict: {
    part: 3,
    title: 'operation, call → durable, p50, strict',
    unit: 'ms',
    digits: 2
  },
  durableStrict99: { part: 3, title: 'the same, p99', unit: 'ms', digits: 2 },
  visible: {
    part: 3,
    title: 'operation, call → visible to a subscriber, p50, strict',
    unit: 'ms',
    digits: 2
  },
  concurrent: { part: 4, title: '2,000 operations at once', unit: 'operations/s', digits: 0 },
  busy: {
    part: 5,
    title: '200 subscriptions, 1,000 changes: UI thread busy',
    unit: 'ms',
    digits: 0
  },
  bytes: {
    part: 5,
    title: 'bytes posted to the UI thread per change, as JSON',
    unit: 'B',
    digits: 0
  },
  longest: { part: 5, title: 'longest task of the UI thread', unit: 'ms', digits: 1 },
  remote: {
    part: 6,
    title: '5,000 remote changes over 100 pending operations, until durable and shown',
    unit: 'changes/s',
    digits: 0
  },
  heap: { part: 8, title: 'memory of page and worker after loading', unit: 'MiB', digits: 1 },
  private: { part: 8, title: "the renderer's private memory then", unit: 'MiB', digits: 0 }
} as const satisfies Record<string, Figure>
export type FigureName = keyof typeof figures

/** The figures of each contender by round, or the reason why there are none. */
export type Results = Record<
  string,
  { samples: Partial<Record<FigureName, number[]>>; failures: string[] }
>

export function table(results: Results, parts: readonly number[]): string {
  const names = Object.keys(results)
  const lines = [
    `| | | ${names.map(name => titles[name] ?? name).join(' | ')} |`,
    `|---|---|${names.map(() => '---:').join('|')}|`
  ]
  for (const [key, { part, title, unit, digits }] of Object.entries(figures) as [
    FigureName,
    Figure
  ][]) {
    if (!parts.includes(part)) continue
    const cells = names.map(name => cell(results[name]?.samples[key], digits))
    lines.push(`| ${part} | ${title}, ${unit} | ${cells.join(' | ')} |`)
  }
  const failures = names.flatMap(
    name => results[name]?.failures.map(why => `- ${titles[name] ?? name}: ${why}`) ?? []
  )
  return [
    ...lines,
    ...(failures.length > 0
      ? ['', 'No figure, because a check has failed:', '', ...new Set(failures)]
      : [])
  ].join('\n')
}

/** The median, and the range of several figures. */
function cell(samples: readonly number[] = [], digits: number): string {
  if (samples.length === 0) return '–'
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = format(median(sorted), digits)
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)]
  return sorted.length === 1
    ? middle
    : `${middle} (${format(least, digits)}–${format(most, digits)})`
}

const format = (value: number, digits: number) =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return (
    ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
  )
}

export function quantile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

/** The notes below the table. */
export const notes = `
- Data: 1,000 groups, 150,000 members (10 × 6,000, 90 × 500, 900 × 50). Every contender keeps the
  same rows. A contender whose check fails gets no figure.
- All but TinyBase store in a worker. TinyBase keeps everything in the memory of the UI thread and
  saves it as a whole. Waiting operations share a save.
- Offline Groups is the built package with its own worker. A WebSocket in the worker replaces the
  network and delivers a server's frames. Parsing and checks of the frames count. The others get
  rows that are objects already.
- 1: from rows in the memory of the worker to the last commit. Offline Groups receives the list of
  groups, then each group's members page by page, as from a server.
- 2: from navigation, in a new browser process, with 50 pending operations in the window. Both lists
  were on the screen for ten quiet seconds before the browser was closed, so Offline Groups shows
  its first-paint cache. Right after a change it takes about as long as the others.
- 3: one operation after another, offline. Each changes a visible row and is enqueued. Offline
  Groups commits operations strictly. Its relaxed figure comes from a changed IndexedDB. Its checks
  of permissions count.
- 4: 2,000 operations at once on rows anywhere, each with a record in the outbox, until all are
  durable. Offline Groups is strict, the others relaxed. SQLite is in WAL mode with \`synchronous\`
  NORMAL, or FULL where strict.
- 1, 5 and 6: commits are relaxed, also for Offline Groups, because a server sends lost rows again.
- 5: a change every 5 ms, each in a transaction. A trace shows the work of the UI thread.
- 6: ten batches of 500 rows anywhere. No contender has background work left afterwards.
`.trim()
