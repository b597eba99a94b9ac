/**
 * Restricts Comlink in a worker to calls of the API's own functions with plain arguments. Every
 * other message is ignored. Without this, Comlink would read and set properties, follow any path,
 * `__proto__` included, and construct objects.
 */

import type { Endpoint } from 'comlink'

export const callsOnly = (api: object, endpoint: Endpoint): Endpoint => ({
  ...endpoint,
  addEventListener: (type, listener) =>
    endpoint.addEventListener(type, event => {
      const isAllowed = isCall(api, (event as MessageEvent<unknown>).data)
      if (isAllowed && typeof listener === 'function') listener(event)
    })
})

function isCall(api: object, message: unknown): boolean {
  if (typeof message !== 'object' || message === null) return false
  const { type, path, argumentList } = message as Readonly<Record<string, unknown>>
  if (type !== 'APPLY' || !Array.isArray(path) || !Array.isArray(argumentList)) return false
  const [name, ...rest] = path as unknown[]
  return (
    typeof name === 'string' &&
    rest.length === 0 &&
    Object.hasOwn(api, name) &&
    argumentList.every(isPlain)
  )
}

const isPlain = (argument: unknown): boolean =>
  typeof argument === 'object' && argument !== null && 'type' in argument && argument.type === 'RAW'
