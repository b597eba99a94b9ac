/**
 * Finds the state of a database when it is opened: the highest valid superblock, and the commits
 * after it. A crash and an orderly end look alike. All other keys are unreferenced.
 */

import type { Commit } from '../port.ts'
import { chainOf, damagedCommit, decodeCommit, type CommitRecord } from './commit-record.ts'
import { commitKey, numberOf, pageKey, superblockKey, type Key, type KeyKind } from './keys.ts'
import type { SealedValues } from './sealed-values.ts'
import { decodeSuperblock, emptySuperblock, type Superblock } from './superblock.ts'

/**
 * The process before may have set some values that are not stored yet. New numbers begin after
 * theirs, so these cannot replace a new value.
 */
const numbersSkipped = 64

/** New numbers must be higher than `generation`, `lastCommitNumber` and `lastPageNumber`. */
export type Recovered = {
  readonly superblock: Superblock
  /** The keys that the next superblock replaces. */
  readonly superblockKeys: readonly Key[]
  readonly generation: number
  /** The commits after the superblock. */
  readonly commits: readonly Commit[]
  readonly lastCommitNumber: number
  readonly lastPageNumber: number
  /** Other commits and superblocks. Nothing will ever need them. */
  readonly unreferenced: readonly Key[]
  /**
   * Pages that no superblock names. One that has failed may still be stored, and name them, until
   * another one is stored that is higher.
   */
  readonly unusedPages: readonly number[]
}

/** Rejects if the host cannot read a value. Otherwise the value would count as lost. */
export async function recover(values: SealedValues): Promise<Recovered> {
  const keys = await values.list()
  const generations = numbersOf(keys, 'superblock')
  const found = await readSuperblock(values, generations)
  const superblock = found?.superblock ?? emptySuperblock
  const { base, scopes } = superblock
  const commitNumbers = numbersOf(keys, 'commit')
  const valid = await readCommits(
    values,
    commitNumbers.filter(number => number > base)
  )
  const chain = chainOf(valid, base)
  // Storage without a valid superblock has lost pages, unless its journal is whole.
  const isLost = !found && generations.length > 0 && chain.length === 0
  const commits = isLost ? [damagedCommit(Math.max(1, ...commitNumbers))] : chain
  const pageNumbers = [...scopes.values()].reduce<number[]>(
    (all, { numbers }) => all.concat(numbers),
    []
  )
  // Damaged ones stay until the next checkpoint, so that each opening reports the damage.
  const superblockKeys = found ? [found.key] : generations.map(superblockKey)
  const referenced = new Set<Key>([
    ...commits.map(commit => commitKey(commit.commitNumber)),
    ...pageNumbers.map(pageKey),
    ...superblockKeys
  ])
  const others = keys.filter(key => !referenced.has(key))
  return {
    superblock,
    superblockKeys,
    generation: lastOf(generations),
    commits,
    lastCommitNumber: lastOf([base, ...commitNumbers]),
    lastPageNumber: lastOf([...numbersOf(keys, 'page'), ...pageNumbers]),
    unreferenced: others.filter(key => !isPage(key)),
    unusedPages: others.filter(isPage).map(numberOf)
  }
}

const lastOf = (numbers: readonly number[]): number => Math.max(0, ...numbers) + numbersSkipped

const isPage = (key: Key): boolean => key.startsWith('page')

const numbersOf = (keys: readonly Key[], kind: KeyKind): number[] =>
  keys.filter(key => key.startsWith(kind)).map(numberOf)

/** A crash during a checkpoint leaves a damaged superblock above the valid one. */
async function readSuperblock(
  values: SealedValues,
  generations: readonly number[]
): Promise<{ readonly key: Key; readonly superblock: Superblock } | undefined> {
  for (const generation of [...generations].sort((a, b) => b - a)) {
    const key = superblockKey(generation)
    const { text } = await values.read(key)
    const superblock = text === undefined ? undefined : decodeSuperblock(text)
    if (superblock) return { key, superblock }
  }
  return undefined
}

/** The valid commits, by their numbers. */
async function readCommits(
  values: SealedValues,
  commitNumbers: readonly number[]
): Promise<Map<number, CommitRecord>> {
  const valid = new Map<number, CommitRecord>()
  await Promise.all(
    commitNumbers.map(async commitNumber => {
      const { text } = await values.read(commitKey(commitNumber))
      if (text !== undefined) valid.set(commitNumber, decodeCommit(commitNumber, text))
    })
  )
  return valid
}
