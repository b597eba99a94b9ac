/** Holds the lock of a folder. Writes `valid` or `lost` for each line of input. */

import process from 'node:process'
import { lockFolder } from '../../dist/src/server/database/lock.js'

const lock = await lockFolder(process.argv[2] ?? '', {
  onWait: () => undefined,
  onLost: () => undefined
})
process.stdout.write('held\n')
process.stdin.on('data', () => {
  try {
    lock.check()
    process.stdout.write('valid\n')
  } catch {
    // Expected: another process has taken over.
    process.stdout.write('lost\n')
  }
})
