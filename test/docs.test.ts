/** The documents name files that exist, and stay short. */

import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../', import.meta.url)
const documents = [
  'ARCHITECTURE.md',
  'README.md',
  'CHANGELOG.md',
  'docs/mini-program.md',
  'src/protocol/PROTOCOL.md',
  'src/tim/README.md',
  'test/simulation/README.md'
]
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const architecture = read('ARCHITECTURE.md')

/** Paths in backticks and in links. A name without a folder may lie beside its document. */
function pathsIn(document: string): string[] {
  const quoted = document.matchAll(
    /`(?<path>[\w.-]+\.(?:ts|md|json)|[\w.-]+\/[\w./-]*(?:\.\w+|\/))`/g
  )
  const linked = document.matchAll(/\]\((?!https?:)(?<path>[^)#]+)\)/g)
  return [...quoted, ...linked].flatMap(({ groups }) => groups?.['path'] ?? [])
}

const lacks = (path: string, document: string) =>
  ![root, new URL(document, root)].some(base => existsSync(new URL(path, base)))

test.each(documents)('the paths in %s exist', document => {
  const paths = pathsIn(read(document))
  expect(paths.filter(path => lacks(path, document))).toEqual([])
})

test('the paths of a document are recognized', () => {
  expect(pathsIn('`src/a.ts`, `b.md`, `src/c/`, [d](e/f.png), `offline-groups/tim`')).toEqual([
    'src/a.ts',
    'b.md',
    'src/c/',
    'e/f.png'
  ])
})

test('the architecture has at most 1,500 words', () => {
  expect(architecture.split(/\s+/).length).toBeLessThanOrEqual(1500)
})

test('the table of subjects has 25 rows of at most two files', () => {
  const section = architecture.split('## Where to find what')[1]?.split('\n## ')[0] ?? ''
  const rows = section
    .split('\n')
    .filter(line => line.startsWith('| '))
    .slice(1)
  expect(rows.length).toBeLessThanOrEqual(25)
  expect(rows.filter(row => ![1, 2].includes(pathsIn(row).length))).toEqual([])
})
