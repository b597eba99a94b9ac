import { describe, expect, test } from 'vitest'
import { showsSomething } from '../../src/kernel/visible.ts'
import { codeOf, judge, populated } from './world.ts'

const everyCharacter = Array.from({ length: 0x110000 }, (_, point) => String.fromCodePoint(point))
const charactersOf = (property: RegExp) =>
  everyCharacter.filter(character => property.test(character))
const world = populated()
const named = (name: string) => codeOf(judge(world, 'updateGroupProfile', { groupID: 'g', name }))
const pointOf = (character: string) => `U+${character.codePointAt(0)?.toString(16)}`
const exceptions = (texts: readonly string[], shows: boolean) =>
  texts.filter(text => showsSomething(text) !== shows).map(pointOf)

/** By general category, or by another property of Unicode. */
const invisible: [title: string, property: RegExp][] = [
  ['control characters', /\p{Cc}/u],
  ['format characters', /\p{Cf}/u],
  ['surrogates', /\p{Cs}/u],
  ['private-use characters', /\p{Co}/u],
  ['unassigned code points', /\p{Cn}/u],
  ['spaces', /\p{Zs}/u],
  ['line and paragraph separators', /[\p{Zl}\p{Zp}]/u],
  ['combining marks', /\p{M}/u],
  ['ignorable characters', /\p{Default_Ignorable_Code_Point}/u],
  ['Hangul fillers', /[\u115F\u1160\u3164\uFFA0]/u],
  ['blank patterns, notes and hieroglyphs', /[\u2800\u{1D159}\u{13441}\u{13442}]/u]
]

describe('the rule', () => {
  test.each(invisible)('none of the %s is visible alone', (_title, property) => {
    const characters = charactersOf(property)
    expect(characters.length).toBeGreaterThan(0)
    expect(exceptions(characters, false)).toEqual([])
  })

  test.each([
    ['letters', /\p{L}/u],
    ['numbers', /\p{N}/u],
    ['punctuation', /\p{P}/u],
    ['symbols', /\p{S}/u]
  ])('all other %s show something', (_title, property) => {
    const isInvisible = (character: string) => invisible.some(([, each]) => each.test(character))
    const characters = charactersOf(property).filter(each => !isInvisible(each))
    expect(exceptions(characters, true)).toEqual([])
  })

  test('a letter with a combining mark is visible', () => {
    const marked = charactersOf(/\p{M}/u).map(mark => `e${mark}`)
    expect(exceptions(marked, true)).toEqual([])
  })
})

describe('a group name', () => {
  test.each(['\u2800', '\u0301', '\u0301\u0302', '\ue000', '\u{10ffff}', '\u200b \u2060'])(
    '%j alone is refused',
    name => {
      expect(named(name)).toBe(10004)
    }
  )

  test.each(['\n', '\r', '\r\n', '\t', '\v', '\f', '\u0085', '\u2028', '\u2029'])(
    'a name with %j in it is refused',
    separator => {
      expect(named(`Crew${separator}two`)).toBe(10004)
    }
  )

  test.each(['👩‍🚀', '1️⃣', '🇨🇳', '❤️', 'نَص', 'กำ', '監督', 'Café', '👍🏽', 'ㄱ', '^_^'])(
    'the name %s is accepted',
    name => {
      expect(named(name)).toBe('accepted')
    }
  )
})

describe('other texts', () => {
  const card = (nameCard: string) =>
    codeOf(judge(world, 'setGroupMemberNameCard', { groupID: 'g', nameCard }))

  test.each(['\u2800', '\u0301', '\ue000', ' ', 'Skipper\n2'])(
    'the name card %j is refused',
    nameCard => {
      expect(card(nameCard)).toBe(10004)
    }
  )

  test('an empty name card is accepted', () => {
    expect(card('')).toBe('accepted')
  })

  test.each(['introduction', 'notification'])('line breaks of the %s are kept', field => {
    const args = { groupID: 'g', [field]: 'one\ntwo\r\nthree\tfour' }
    expect(codeOf(judge(world, 'updateGroupProfile', args))).toBe('accepted')
  })

  test('a new group ID of spaces is refused', () => {
    expect(codeOf(judge(world, 'createGroup', { groupID: '   ', name: 'Crew' }))).toBe(10004)
  })
})
