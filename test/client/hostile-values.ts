/** Values that JavaScript can pass as any argument, and code that throws. */

export const fail = (): never => {
  throw new Error('on purpose')
}

const cyclic: Record<string, unknown> = {}
cyclic['groupID'] = cyclic

/** Throws on every access. */
export const trapped: object = new Proxy(
  {},
  {
    get: fail,
    has: fail,
    ownKeys: fail,
    getOwnPropertyDescriptor: fail,
    getPrototypeOf: fail
  }
)

export const hostileValues: readonly (readonly [title: string, value: unknown])[] = [
  ['null', null],
  ['a number', 5],
  ['NaN', NaN],
  ['a symbol', Symbol('crew')],
  ['a function', () => 'crew'],
  ['half a character', '\ud800'],
  ['an object that holds itself', cyclic],
  [
    'an object with a getter that throws',
    Object.defineProperty({}, 'groupID', { get: fail, enumerable: true })
  ],
  ['an object that throws on every access', trapped]
]
