/** Each guarantee of the protocol names tests that exist. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { must } from '../../src/kernel/must.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const guarantees = must(read('src/protocol/PROTOCOL.md').split('## Guarantees')[1])
  .split(/^- \*\*G-/m)
  .slice(1)

test('guarantees are numbered from 1', () => {
  expect(guarantees.map(text => parseInt(text))).toEqual(guarantees.map((_, index) => index + 1))
  expect(guarantees.length).toBeGreaterThan(20)
})

test.each(guarantees.map(text => [parseInt(text), text] as const))(
  'G-%i names tests that exist',
  (_number, text) => {
    const proofs = [...text.matchAll(/^ {2}- `(?<path>[^`]+)`: (?<title>.+)$/gm)].map(
      ({ groups }) => groups
    )
    expect(proofs.length).toBeGreaterThan(0)
    for (const proof of proofs) {
      const source = read(must(proof?.['path']))
      const title = must(proof?.['title'])
      const isThere = ["'", '"', '`'].some(quote => source.includes(`${quote}${title}${quote}`))
      expect([title, isThere]).toEqual([title, true])
    }
  }
)
