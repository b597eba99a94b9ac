/** What is measured, and how it is written down. */

/** Where it runs: the package with its own worker, in the benchmark's worker behind Comlink, or on the UI thread. */
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

/** Of each contender, each round's figures, or why it has none. */
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

/** The median, and where there are several, from the least to the most. */
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

/** What the figures include. */
export const notes = `
- Data: 1,000 groups, 150,000 members (10 × 6,000, 90 × 500, 900 × 50). Every contender keeps the same rows; one whose check fails gets no figure.
- All but TinyBase store in a worker. TinyBase keeps everything in the memory of the UI thread and saves it as a whole; operations that wait share a save.
- Offline Groups is the built package with its own worker. In the place of the network, a WebSocket in the worker hands over the frames that the
  server would send: parsing and checking them is part of its figures, while the others get rows that are objects already.
- 1: from rows in the memory of the worker to the last commit. Offline Groups goes its real way: the list of groups, then each group's members page by page.
- 2: from navigation, in a browser just started, with 50 operations pending in the window. Both were on the screen for ten quiet seconds before the browser
  was closed, so Offline Groups shows what it showed last before its worker has started; right after a change, it takes about as long as the others.
- 3: one operation after another, offline: changes a row that is in view and queues the operation. Offline Groups commits operations strictly; what relaxed
  commits would take is measured by changing IndexedDB underneath it. Its checks of permissions are part of it.
- 4: 2,000 operations at once on rows anywhere, each with its record in the outbox; all durable; Offline Groups strict, others relaxed, SQLite in WAL mode with \`synchronous\` NORMAL, or FULL where strict.
- 1, 5 and 6: commits are relaxed, with Offline Groups as well: what a server has said comes again.
- 5: a change every 5 ms, each in a transaction; what the UI thread does from a trace. 6: ten batches of 500 rows anywhere; no contender has any background work left afterwards.
`.trim()
