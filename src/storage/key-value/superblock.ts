/**
 * Superblocks: the root of a database. A superblock names the pages of a checkpoint and the last
 * commit in them. Each checkpoint writes the next one under a key of its own, and then removes the
 * one before. So a crash leaves at least one valid superblock, and the highest one counts.
 */

import { parseRecord } from '../page-format.ts'
import { isAscending } from '../page-names.ts'

export type Superblock = {
  /** The pages hold all commits up to this number, and perhaps some later ones. */
  readonly base: number
  /** By scope key. */
  readonly scopes: ReadonlyMap<string, ScopePages>
}

/** The pages of a scope. A page is stored under its number. */
export type ScopePages = {
  /** In ascending order. */
  readonly names: readonly string[]
  readonly numbers: readonly number[]
  /** The sizes of the pages in bytes. */
  readonly sizes: readonly number[]
}

export const emptySuperblock: Superblock = { base: 0, scopes: new Map() }
export const noPages: ScopePages = { names: [], numbers: [], sizes: [] }

export const encodeSuperblock = ({ base, scopes }: Superblock): string =>
  JSON.stringify([
    base,
    [...scopes].map(([key, { names, numbers, sizes }]) => [key, names, numbers, sizes])
  ])

/** `undefined`: another build has written it. */
export function decodeSuperblock(text: string): Superblock | undefined {
  const record = parseRecord(text)
  if (!Array.isArray(record)) return undefined
  const [base, scopes] = record as unknown[]
  if (typeof base !== 'number' || !Array.isArray(scopes) || !scopes.every(isScope)) return undefined
  return {
    base,
    scopes: new Map(scopes.map(([key, names, numbers, sizes]) => [key, { names, numbers, sizes }]))
  }
}

function isScope(value: unknown): value is [string, string[], number[], number[]] {
  if (!Array.isArray(value)) return false
  const [key, names, numbers, sizes] = value as unknown[]
  return (
    typeof key === 'string' &&
    Array.isArray(names) &&
    Array.isArray(numbers) &&
    Array.isArray(sizes) &&
    names.length === numbers.length &&
    names.length === sizes.length &&
    // The first page of a scope is named `''`.
    isAscending(names[0] === '' ? names.slice(1) : names)
  )
}
