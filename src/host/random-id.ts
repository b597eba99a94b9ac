/** Random IDs: 22 characters of `A-Za-z0-9_-`, so 132 bits. */

const idLength = 22
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

// A call for random bytes costs the same for one ID as for many.
const randomBytes = new Uint8Array(256 * idLength)
let unusedBytes = 0
let fillRandomly = (bytes: Uint8Array<ArrayBuffer>): unknown => crypto.getRandomValues(bytes)

/** For platforms without the Web Crypto API: `fill` sets all bytes. */
export function setRandomSource(fill: (bytes: Uint8Array<ArrayBuffer>) => void): void {
  fillRandomly = fill
  unusedBytes = 0
}

export function newID(): string {
  if (unusedBytes === 0) {
    fillRandomly(randomBytes)
    unusedBytes = randomBytes.length
  }
  let id = ''
  for (let count = 0; count < idLength; count++)
    id += alphabet.charAt((randomBytes[--unusedBytes] ?? 0) % alphabet.length)
  return id
}
