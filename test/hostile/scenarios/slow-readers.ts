/** Attackers that read frames of the server at 1 KB/s. */

import { expect } from 'vitest'
import { createAttackers, operation } from '../attacker.ts'
import type { Scenario } from '../arena.ts'
import { crowdRows, own } from '../crowd.ts'
import { pause, repeat, times } from '../repeat.ts'
import { openSlowLine } from '../slow-line.ts'

const readers = 12
const bytesPerSecond = 1024

export const slowReaderScenarios: readonly Scenario[] = [
  {
    title: 'readers at 1 KB/s of member pages and of a burst of changes',
    async attack({ socket }, server) {
      const owner = await socket()
      await owner.login('mallory')
      await own(owner, 'trickle', 1, 499)
      const line = await openSlowLine(server.port, { bytesPerSecond })
      const slow = createAttackers({ port: line.port })
      try {
        const question = { type: 'members', groupID: 'trickle-0', after: '', limit: 500 }
        const connections = await Promise.all(times(readers).map(() => slow.socket()))
        await Promise.all(connections.map(each => each.login('mallory')))
        await Promise.all(
          connections.map(async each => {
            await repeat(80, () => each.send(question))
          })
        )
        for (const count of times(10))
          await owner.judge(
            ...times(50).map(index =>
              operation(`trickle-${count}-${index}`, 'updateGroupProfile', {
                groupID: 'trickle-0',
                introduction: `${count}-${index}`.padEnd(240, 'x')
              })
            )
          )
        await pause(5000)
        expect(slow.leaks).toEqual([])
      } finally {
        slow.end()
        line.close()
      }
    },
    leaves() {
      const rows = crowdRows(1, 499)
      const changes = 500
      return {
        ...rows,
        tips: rows.tips + changes,
        log: rows.log + changes,
        verdicts: rows.verdicts + changes
      }
    }
  }
]
