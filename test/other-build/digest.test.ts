/** Digests are agreed on between builds: their values are pinned in PROTOCOL.md. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { EntriesRow, GroupRow, MemberRow } from '../../src/kernel/model.ts'
import { digestVersion, groupDigest, rowDigest, positionDigest } from '../../src/protocol/digest.ts'

const protocol = readFileSync(new URL('../../src/protocol/PROTOCOL.md', import.meta.url), 'utf8')
/** The examples of the protocol: an expression of JSON, and its digest. */
const pinned = [...protocol.matchAll(/^(row|group|positions) (.+) → (\d+)$/gm)].map(
  ([, kind = '', value = '', digest = '']): [string, unknown, number] => [
    kind,
    JSON.parse(value),
    Number(digest)
  ]
)
// Each kind names its example.
const digestOf = (kind: string, value: unknown): number => {
  if (kind === 'row') return rowDigest(value as MemberRow)
  if (kind === 'positions')
    return positionDigest(
      (value as [string, number, number][]).map(([groupID, membershipEpoch, seq]) => ({
        groupID,
        membershipEpoch,
        seq
      }))
    )
  return groupDigest(value as (GroupRow | EntriesRow | MemberRow)[])
}

test('the protocol pins digests of this version', () => {
  expect([protocol.includes(`digest version ${digestVersion}`), pinned.length]).toEqual([true, 6])
})

test.each(pinned)('a digest of a %s is as the protocol pins it', (kind, value, digest) => {
  expect(digestOf(kind, value)).toBe(digest)
})

test('a digest covers what this version names, and nothing else', () => {
  const [, row] = pinned.find(([kind]) => kind === 'row') ?? []
  const member = row as MemberRow
  const fields = member.memberCustomField.map(field => ({
    extra: 1,
    value: field.value,
    key: field.key
  }))
  const wider = { pinned: true, ...member, memberCustomField: fields }
  expect(rowDigest(wider)).toBe(rowDigest(member))
  expect(rowDigest({ ...member, nameCard: 'Other' })).not.toBe(rowDigest(member))
})
