/** Mutations of JSON. Pure: the same randomness makes the same bytes of the same frames. */

import type { Random } from '../simulation/random.ts'

/** Text written unchanged into a frame: numbers and keys that `JSON.stringify` cannot write. */
class Written {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Container = Record<string, unknown>
type Place = { readonly parent: Container; readonly key: string }

/** `base` with one to three mutations. Some take parts from `other`. */
export function mutate(base: object, other: object, random: Random): Buffer {
  const root: Container = { root: structuredClone(base) }
  for (let left = 1 + random.below(3); left > 0 && random.chance(0.75); left--) {
    const place = random.pickFrom(placesIn(root))
    if (place) random.pick(valueMutations)(place, { other, random })
  }
  const bytes = Buffer.from(write(root['root'] ?? null))
  return random.chance(0.25) ? random.pick(byteMutations)(bytes, { other, random }) : bytes
}

function placesIn(parent: Container): Place[] {
  return Object.keys(parent).flatMap(key => {
    const value = parent[key]
    const inner = isContainer(value) ? placesIn(value) : []
    return [{ parent, key }, ...inner]
  })
}
const isContainer = (value: unknown): value is Container =>
  typeof value === 'object' && value !== null && !(value instanceof Written)

type Means = { readonly other: object; readonly random: Random }

const numbers = [
  '-0',
  '-1',
  '0.5',
  '1e999',
  '-1e999',
  '1e308',
  '9007199254740992',
  '4294967296',
  '0'.repeat(50)
] as const
const texts = [
  '',
  ' ',
  '__proto__',
  'constructor',
  'crew',
  'vault',
  '@TGS#0123456789012345678901',
  '\u0000',
  '\ud800',
  '\u202eabc',
  '\u2800',
  'e\u0301',
  '群'.repeat(40),
  'x'.repeat(65),
  'x'.repeat(10_000)
] as const
const values = [null, true, false, 0, '', [], {}, 'x', 1.5, [null], { a: {} }] as const

const valueMutations: readonly [Mutation, ...Mutation[]] = [
  ({ parent, key }) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1)
    else delete parent[key]
  },
  // An array's item twice, a key twice.
  ({ parent, key }) => {
    const value = write(parent[key])
    if (Array.isArray(parent)) parent.push(new Written(value))
    else parent[key] = new Written(`${value},${JSON.stringify(key)}:${value}`)
  },
  (place, { random }) => put(place, structuredClone(random.pick(values))),
  (place, { random }) => put(place, new Written(random.pick(numbers))),
  (place, { random }) => put(place, random.pick(texts)),
  ({ parent, key }, { random }) => {
    const depth = random.pick([1, 2, 9, 100, 5000])
    const value = write(parent[key])
    parent[key] = new Written(`${'['.repeat(depth)}${value}${']'.repeat(depth)}`)
  },
  ({ parent, key }, { random }) => {
    const name = random.pick(['__proto__', 'constructor', 'toString', 'groupID', 'opID', 'type'])
    parent[key] = new Written(`{${JSON.stringify(name)}:${write(parent[key])}}`)
  },
  // A part of another frame.
  (place, { other, random }) => {
    const from = random.pickFrom(placesIn({ other }))
    if (from) put(place, structuredClone(from.parent[from.key]))
  },
  ({ parent, key }, { random }) => {
    const value = parent[key]
    if (typeof value === 'string') parent[key] = flipped(value, random)
  },
  ({ parent, key }, { random }) => {
    const value = parent[key]
    if (typeof value === 'number') parent[key] = value + random.pick([-1, 1, 1000, 2 ** 31])
  }
]
type Mutation = (place: Place, means: Means) => void

const put = ({ parent, key }: Place, value: unknown): void => {
  parent[key] = value
}

/** A character that is another one. */
function flipped(text: string, random: Random): string {
  const at = random.below(text.length)
  return text.slice(0, at) + String.fromCharCode(random.below(128)) + text.slice(at + 1)
}

type ByteMutation = (bytes: Buffer, means: Means) => Buffer
const byteMutations: readonly [ByteMutation, ...ByteMutation[]] = [
  (bytes, { random }) => {
    for (let left = 1 + random.below(4); left > 0; left--) {
      const at = random.below(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    }
    return bytes
  },
  (bytes, { random }) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, { random }) => {
    const at = random.below(bytes.length + 1)
    const inserted = Buffer.from(
      random.pick(['"', '{', '[', ',', '\0', '\ufeff', '/**/', '\u00ff'])
    )
    return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)])
  },
  // The beginning of one frame, the end of another.
  (bytes, { other, random }) => {
    const end = Buffer.from(JSON.stringify(other))
    return Buffer.concat([
      bytes.subarray(0, random.below(bytes.length)),
      end.subarray(random.below(end.length))
    ])
  }
]

function write(value: unknown): string {
  if (value instanceof Written) return value.text
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(
    ([key, field]) => `${JSON.stringify(key)}:${write(field)}`
  )
  return `{${fields.join(',')}}`
}
