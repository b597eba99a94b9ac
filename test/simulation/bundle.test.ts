/** Edits of the source that no longer apply stop the build of the simulation. */

import { expect, test } from 'vitest'
import { bundle } from './bundle.js'

const edit = (find: string) => ({
  name: 'no limit',
  file: 'bundle-test',
  edits: [{ file: 'src/engine/limits.ts', find, replace: '' }]
})

const lost: [title: string, find: string][] = [
  ['is gone', 'unansweredMax = 501'],
  ['occurs twice', 'export const'],
  ['has become a part of another', 'unansweredMax = 50']
]
test.each(lost)('the build names a planted bug whose text %s', async (_title, find) => {
  await expect(bundle(edit(find))).rejects.toThrow(
    `Cannot apply the planted bug “no limit”: src/engine/limits.ts does not contain exactly once: ${find}`
  )
})
