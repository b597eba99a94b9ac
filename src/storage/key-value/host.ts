/**
 * A key-value host: four functions over the storage of a platform, for example of a mini-program.
 * The obligations of a host:
 *
 * 1. Lasting. After `set` has resolved, the value survives the end of the process.
 * 2. Separate keys. If the process dies during a `set`, its key may be missing, or hold a damaged
 *    value. Other keys keep their values.
 * 3. Honest failures. A call that fails rejects, and so does one that gets no answer in time. Its
 *    effect is then unknown: it may have none, or take effect later. A failed `get` never resolves.
 * 4. Complete keys. `keys` returns every key, also those that other code has written.
 *
 * Storage never sets an empty value, because some platforms cannot tell it from a missing one.
 * One process uses a database at a time: a page in several tabs needs IndexedDB.
 */

export type KeyValueHost = {
  /** `undefined`: there is no value under this key. */
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
  /** Resolves too if there is no such key. */
  remove(key: string): Promise<void>
  keys(): Promise<readonly string[]>
  readonly limits: KeyValueLimits
}

/** In bytes of UTF-8. */
export type KeyValueLimits = {
  readonly bytesPerValue: number
  readonly bytesInAll: number
}
