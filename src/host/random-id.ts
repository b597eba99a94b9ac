/** Random IDs: 128 bits as 22 characters of `A-Za-z0-9_-`. */

const idBytes = 16

// A call for random bytes costs the same for 16 bytes as for 4096.
const randomBytes = new Uint8Array(256 * idBytes)
let unusedBytes = 0

export function newID(): string {
  if (unusedBytes === 0) unusedBytes = crypto.getRandomValues(randomBytes).length
  unusedBytes -= idBytes
  const bytes = randomBytes.subarray(unusedBytes, unusedBytes + idBytes)
  const padded = btoa(String.fromCharCode(...bytes))
  return padded.slice(0, 22).replaceAll('+', '-').replaceAll('/', '_')
}
