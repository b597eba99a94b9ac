/** Seeded randomness, one stream per purpose, so that a left-out event does not change the rest. */

export type Random = {
  /** From 0 up to 1. */
  next(): number
  /** A whole number from 0 up to `count`. */
  below(count: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly [T, ...T[]]): T
  pickFrom<T>(items: readonly T[]): T | undefined
  /** Around `mean`, mostly less, sometimes much more. */
  around(mean: number): number
}

export function createRandom(...seed: readonly (number | string)[]): Random {
  let state = hashText(seed.join('/')) || 1
  // Mulberry32.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (count: number) => Math.floor(next() * count)
  return {
    next,
    below,
    chance: probability => next() < probability,
    pick: items => items[below(items.length)] ?? items[0],
    pickFrom: items => items[below(items.length)],
    around: mean => -Math.log(1 - next()) * mean
  }
}

/** FNV-1a, 32 bits, continued from `hash`. */
export function hashText(text: string, hash = 0x811c9dc5): number {
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}
