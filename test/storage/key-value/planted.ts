/** Planted bugs: patches of the source. The crash test finds each of them. */

import type { Edit } from '../../edited-bundle.js'

const edit = (file: string, find: string, replace: string): Edit => ({
  file: `src/storage/key-value/${file}`,
  find,
  replace
})

export const plantedBugs: Readonly<Record<string, readonly Edit[]>> = {
  'pages are removed before the superblock is stored': [
    edit(
      'checkpoint.ts',
      'await writeSuperblock({ base, scopes: pages.scopes })',
      `for (const key of pages.collectUnused()) await values.remove(key)
       await writeSuperblock({ base, scopes: pages.scopes })`
    )
  ],
  'commits are removed before the superblock is stored': [
    edit(
      'checkpoint.ts',
      'await writeSuperblock({ base, scopes: pages.scopes })',
      `for (const key of journal.collectUpTo(base)) await values.remove(key)
       await writeSuperblock({ base, scopes: pages.scopes })`
    )
  ],
  'a commit is added to the record of the last one': [
    edit('journal.ts', 'const text = encodeCommit(', 'let text = encodeCommit('),
    edit(
      'journal.ts',
      'const next = ++lastNumber',
      `let next = ++lastNumber
       if (next % 10 === 0) {
         writes = [...memtable.last.writes, ...writes]
         next = lastNumber = commitNumber
         text = encodeCommit({ previous: memtable.last.previous, writes })
       } else memtable.last = { previous: commitNumber, writes }`
    )
  ],
  'page numbers begin anew after each start': [
    edit('storage.ts', 'lastNumber: found.lastPageNumber', 'lastNumber: 0')
  ],
  'no checksum is compared': [
    edit('sealed-values.ts', 'sum !== checksum(text)', 'raw === undefined')
  ],
  'a commit is acknowledged before it is stored': [
    edit('call-queue.ts', 'await journal.append(writes)', 'void journal.append(writes)')
  ],
  'the superblock names a commit that its pages lack': [
    edit(
      'checkpoint.ts',
      'await writeSuperblock({ base, scopes: pages.scopes })',
      'await writeSuperblock({ base: journal.lastNumber(), scopes: pages.scopes })'
    )
  ],
  'a checkpoint begins during a commit': [
    edit('checkpoint.ts', 'void (isWanted = true)', 'void (pass ??= begin())')
  ],
  'the highest superblock counts, valid or not': [
    edit(
      'recovery.ts',
      'if (superblock) return { key, superblock }',
      'return superblock && { key, superblock }'
    )
  ],
  'recovery removes the pages of the superblock': [
    edit('recovery.ts', '...pageNumbers.map(pageKey),', '')
  ]
}
