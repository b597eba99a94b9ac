/**
 * The storage contract: the obligations in `storage/port.ts`, as tests. Run it with your test
 * runner on every implementation of the port. Durability in a power cut, a full disk and damaged
 * values need means of your platform, so you test these yourself.
 */

import type { Storage } from '../storage/port.ts'
import type { Expect } from './storage/case.ts'
import { connectionCases } from './storage/connection-cases.ts'
import { rowCases } from './storage/row-cases.ts'
import { transactionCases } from './storage/transaction-cases.ts'

export type ContractRunner = {
  test(title: string, body: () => Promise<void>): void
  readonly expect: Expect
}

/**
 * `open` opens the database of that name, or creates it. `survives`: the rows outlive the
 * connection, and further connections to an open database see them.
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
