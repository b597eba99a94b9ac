/**
 * The keys of a database. Each is a kind and a number. A number is never used twice for a kind,
 * because a `set` that has failed may still take effect, and damage the later value.
 */

export type KeyKind = 'commit' | 'page' | 'superblock'
export type Key = `${KeyKind} ${number}`

export const commitKey = (commitNumber: number): Key => `commit ${commitNumber}`
export const pageKey = (pageNumber: number): Key => `page ${pageNumber}`
export const superblockKey = (generation: number): Key => `superblock ${generation}`

export const numberOf = (key: Key): number => Number(key.slice(key.indexOf(' ') + 1))

/** A part of a value has a key of its own. The first part has the key of the value. */
export const partKey = (key: Key, part: number): string => (part === 0 ? key : `${key}.${part}`)

/** `undefined`: the key belongs to something else. */
export function parsePartKey(
  text: string
): { readonly key: Key; readonly part: number } | undefined {
  const [, key, part = '0'] = /^((?:commit|page|superblock) \d+)(?:\.(\d+))?$/.exec(text) ?? []
  return key === undefined ? undefined : { key: key as Key, part: Number(part) }
}
