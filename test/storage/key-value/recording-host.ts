/** A key-value host that records its mutations, so that a test can end the process in any of them. */

import type { KeyValueHost } from '../../../src/storage/key-value/host.ts'

export type Mutation = { readonly key: string; readonly value: string | undefined }

/** Mutations that were in flight together. */
export type MutationBatch = {
  readonly mutations: readonly Mutation[]
  /** The commits that were acknowledged before it. */
  readonly acknowledged: number
}

export type Values = Map<string, string>

export function createRecordingHost(
  values: Values,
  { bytesPerValue, acknowledged }: { bytesPerValue: number; acknowledged: () => number }
): { readonly host: KeyValueHost; readonly batches: readonly MutationBatch[] } {
  const batches: (MutationBatch & { readonly mutations: Mutation[] })[] = []
  let inFlight = 0

  async function mutate(mutation: Mutation): Promise<void> {
    if (inFlight === 0) batches.push({ mutations: [], acknowledged: acknowledged() })
    batches.at(-1)?.mutations.push(mutation)
    apply(values, mutation)
    inFlight++
    await Promise.resolve()
    inFlight--
  }

  const host: KeyValueHost = {
    get: key => Promise.resolve(values.get(key)),
    set: (key, value) => {
      if (value === '' || Buffer.byteLength(value) > bytesPerValue)
        return Promise.reject(new Error(`a value of ${value.length} characters`))
      return mutate({ key, value })
    },
    remove: key => mutate({ key, value: undefined }),
    keys: () => Promise.resolve([...values.keys()]),
    limits: { bytesPerValue, bytesInAll: 10_000_000 }
  }
  return { host, batches }
}

export function apply(values: Values, { key, value }: Mutation): void {
  if (value === undefined) values.delete(key)
  else values.set(key, value)
}

/** The process dies while a part of the value is written. */
export function tear(values: Values, { key, value }: Mutation, share: number): void {
  if (value === undefined) return
  const end = Math.floor(value.length * share)
  const torn = value.slice(0, end) + (values.get(key) ?? '').slice(end)
  if (torn !== '') values.set(key, torn)
}
