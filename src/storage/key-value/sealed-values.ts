/**
 * Texts of any length in the values of a host. A value is sealed: it begins with the checksum of
 * its text, so a damaged one is recognized. A long text is cut into parts. If a crash leaves only
 * some of them, the checksum does not fit either.
 */

import { utf8Length } from '../../kernel/limits.ts'
import { checksum } from '../checksum.ts'
import type { KeyValueHost } from './host.ts'
import { parsePartKey, partKey, type Key } from './keys.ts'

export type SealedValues = ReturnType<typeof createSealedValues>

/** `undefined` as `text`: the value is damaged or missing. `raw` is then what the host returned. */
export type SealedText =
  { readonly text: string } | { readonly text: undefined; readonly raw: string | undefined }

/** Larger values have failed on phones, although the platform allows them. */
const partBytesMax = 65_536
/** UTF-8 takes at most three bytes per UTF-16 unit. */
const bytesPerUnitMax = 3
/** For the checksum and the number of parts. */
const sealBytes = 32

/** `name`: begins the keys of this database. */
export function createSealedValues(host: KeyValueHost, name: string) {
  const prefix = `${name}/`
  const textBytes = Math.min(host.limits.bytesPerValue, partBytesMax) - sealBytes
  const hostKey = (key: Key, part = 0) => prefix + partKey(key, part)
  /** A key that is absent here has one part. */
  const partCounts = new Map<Key, number>()
  const sizes = new Map<Key, number>()
  let usedBytes = 0

  /** 0: the key has no value. */
  function setSize(key: Key, bytes: number): void {
    usedBytes += bytes - (sizes.get(key) ?? 0)
    if (bytes > 0) sizes.set(key, bytes)
    else sizes.delete(key)
  }

  async function setParts(key: Key, parts: readonly string[]): Promise<void> {
    partCounts.set(key, parts.length)
    await Promise.all(parts.map((part, index) => host.set(hostKey(key, index), part)))
  }

  async function joinParts(key: Key, first: string, partCount: number): Promise<string> {
    partCounts.set(key, partCount)
    const others = await Promise.all(
      Array.from({ length: partCount - 1 }, (_, index) => host.get(hostKey(key, index + 1)))
    )
    return [first, ...others].join('')
  }

  return {
    write(key: Key, text: string): Promise<void> {
      setSize(key, sizeOf(text))
      const parts = cut(text, textBytes)
      const seal = `${checksum(text)} ${parts.length} `
      const first = `${seal}${parts[0] ?? ''}`
      // A commit is one call of the host, and waits for one promise.
      if (parts.length === 1) return host.set(hostKey(key), first)
      return setParts(key, [first, ...parts.slice(1)])
    },

    async read(key: Key): Promise<SealedText> {
      const raw = await host.get(hostKey(key))
      const [, sum, partCount = '', first = ''] = /^(\w+) (\d{1,4}) ([^]*)$/.exec(raw ?? '') ?? []
      const text = Number(partCount) > 1 ? await joinParts(key, first, Number(partCount)) : first
      if (sum !== checksum(text)) return { text: undefined, raw }
      setSize(key, sizeOf(text))
      return { text }
    },

    /** Whether the host has a value under the key, valid or not. */
    exists: async (key: Key): Promise<boolean> => (await host.get(hostKey(key))) !== undefined,

    /** The first part goes first, so that no text is left without its end. */
    async remove(key: Key): Promise<void> {
      await host.remove(hostKey(key))
      for (let part = 1; part < (partCounts.get(key) ?? 1); part++)
        await host.remove(hostKey(key, part))
      partCounts.delete(key)
      setSize(key, 0)
    },

    /** The size of all values, as far as it is known. */
    usedBytes: () => usedBytes,
    sizeOf: (key: Key): number => sizes.get(key) ?? 0,
    /** Counts a value that is not read now. */
    setSize,

    /** The keys of this database, also those without their first part. */
    async list(): Promise<Key[]> {
      const keys = new Set<Key>()
      for (const each of await host.keys()) {
        const parsed = each.startsWith(prefix) && parsePartKey(each.slice(prefix.length))
        if (!parsed) continue
        const { key, part } = parsed
        keys.add(key)
        partCounts.set(key, Math.max(partCounts.get(key) ?? 1, part + 1))
      }
      return [...keys]
    }
  }
}

/** With the key, about. */
export const sizeOf = (text: string): number => utf8Length(text) + 2 * sealBytes

function cut(text: string, bytesMax: number): string[] {
  if (text.length * bytesPerUnitMax <= bytesMax || utf8Length(text) <= bytesMax) return [text]
  const units = Math.floor(bytesMax / bytesPerUnitMax)
  const parts: string[] = []
  let start = 0
  while (text.length - start > units) {
    // A platform may store a half of a surrogate pair as another character.
    const end = start + units - (isHighSurrogate(text.charCodeAt(start + units - 1)) ? 1 : 0)
    parts.push(text.slice(start, end))
    start = end
  }
  return [...parts, text.slice(start)]
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00
