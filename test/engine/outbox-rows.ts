/** Rows of the outbox, and a promise of storage that never answers. */

import type { Pending } from '../../src/storage/tables.ts'
import type { TestServer } from '../harness.ts'

export const never = new Promise<never>(() => undefined)

/** An operation as another build of the app might have stored it. */
export const stored = ({ clock }: TestServer, changes: Partial<Pending>): Pending => ({
  opID: 'poison',
  order: 1,
  name: 'fly',
  args: { groupID: 'crew' },
  groupID: 'crew',
  askedAtMs: clock.now(),
  askedAtServerSeconds: Math.floor(clock.now() / 1000),
  seen: 0,
  ...changes
})
