/** The public surface: the committed list names every export, and every type in a signature. */

import { expect, test } from 'vitest'
import { declarationOf, entries, exportsOf, namedTypes } from './entries.ts'

const surface = [...entries()].map(([entry, file]) => ({ entry, names: exportsOf(file) }))
const exported = new Set(surface.flatMap(({ names }) => names.map(declarationOf)))

test('the exports of each entry match the committed list', async () => {
  const text = surface.map(({ entry, names }) =>
    [entry, ...names.map(({ kind, name }) => `  ${kind.padEnd(5)} ${name}`).sort()].join('\n')
  )
  await expect(`${text.join('\n\n')}\n`).toMatchFileSnapshot('exports.txt')
})

/** Types with parts that no user has to name. */
const opaque = [
  // Computed from the table of operations.
  'src/kernel/decide.ts Args',
  'src/kernel/decide.ts Result',
  'src/kernel/model.ts Table',
  // Derived from the types of the rules.
  'src/kernel/notices.ts TipRow',
  // `rowsOf` reads it.
  'src/protocol/column-block.ts ColumnBlock',
  // The object of a platform matches them.
  'src/storage/key-value/hosts/callbacks.ts KeyOption',
  'src/storage/key-value/hosts/callbacks.ts Callbacks',
  // `openSqlDatabase` makes it, and `startServer` takes it.
  'src/server/database/port.ts Database'
]

test.each(surface)('every type in a signature of $entry is exported', ({ names }) => {
  const missing = names
    .filter(name => !opaque.includes(declarationOf(name)))
    .flatMap(name =>
      namedTypes(declarationOf(name))
        .filter(origin => !exported.has(origin) && !opaque.includes(origin))
        .map(origin => `${name.name} names ${origin}`)
    )
  expect(missing).toEqual([])
})
