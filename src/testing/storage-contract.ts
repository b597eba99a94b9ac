/**
 * The storage contract: the obligations in `storage/port.ts`, as tests for every adapter. It cannot
 * cause a power cut, a full disk or damaged values, so test these yourself.
 */

import type { Storage } from '../storage/port.ts'
import type { Expect } from './storage/case.ts'
import { connectionCases } from './storage/connection-cases.ts'
import { rowCases } from './storage/row-cases.ts'
import { transactionCases } from './storage/transaction-cases.ts'

/** `test` and `expect` of your test runner, for example those of Vitest. */
export type ContractRunner = {
  test(title: string, body: () => Promise<void>): void
  readonly expect: Expect
}

/**
 * Registers the tests of a storage adapter. `open` opens the database of that name, or creates it.
 * `survives`: the rows outlive the connection, and several connections share a database.
 *
 * @example
 * storageContract({ test, expect }, async () => createMemoryStorage(), { survives: false })
 */
export function storageContract(
  { test, expect }: ContractRunner,
  open: (name: string) => Promise<Storage>,
  { survives }: { survives: boolean }
): void {
  const cases = [...rowCases, ...transactionCases, ...(survives ? connectionCases : [])]
  for (const [index, [title, body]] of cases.entries())
    test(title, async () => {
      const name = `contract-${Date.now()}-${index}`
      const storage = await open(name)
      await body({ storage, connect: () => open(name), expect })
      await storage.close()
    })
}
