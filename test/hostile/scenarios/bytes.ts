/** Attackers who send much: bytes, frames, operations, requests. */

import { frameLimits } from '../../../src/protocol/messages.ts'
import { hello, operation, push } from '../attacker.ts'
import type { Scenario } from '../arena.ts'
import { crowd, crowdRows, own } from '../crowd.ts'
import { pause, repeat, times } from '../repeat.ts'

const { toServerBytesMax, groupsPerHelloMax } = frameLimits

/** An operation of which nothing is known but its size. */
const large = (opID: string, bytes: number) =>
  operation(opID, 'updateGroupProfile', { groupID: 'crew', unknown: 'x'.repeat(bytes) })
const unknownGroup = (opID: string, groupID = opID) => operation(opID, 'quitGroup', { groupID })

export const byteScenarios: readonly Scenario[] = [
  {
    title: 'frames of just over 1 MiB over 50 connections',
    async attack({ socket }) {
      const frame = 'x'.repeat(toServerBytesMax + 1)
      await repeat(50, async () => (await socket()).send(frame))
    }
  },
  {
    title: 'frames of 1 MiB that are no JSON before login',
    async attack({ socket }) {
      await repeat(20, async () => (await socket()).send('['.repeat(toServerBytesMax)))
    }
  },
  {
    title: 'operations with 1 MB of unknown arguments over six connections',
    async attack({ socket }) {
      const connections = await Promise.all(times(6).map(() => socket()))
      await Promise.all(connections.map(each => each.login('mallory')))
      // While the database is busy with large groups, operations wait.
      for (const [number, connection] of connections.entries())
        await connection.send(push(...times(2).map(index => crowd(`slow-${number}-${index}`, 499))))
      await Promise.all(
        connections.map((connection, number) =>
          repeat(150, index => connection.send(push(large(`large-${number}-${index}`, 1_000_000))))
        )
      )
    },
    leaves: () => {
      const rows = crowdRows(12, 499)
      return { ...rows, verdicts: rows.verdicts + 6 * 150 }
    },
    // Frames that arrive, beside those that wait, and the groups that are created meanwhile.
    heldMiBMax: 128
  },
  {
    title: 'frames of 1 MB that wait behind answers nobody reads',
    async attack({ socket }) {
      const owner = await socket()
      await owner.login('mallory')
      await own(owner, 'behind', 1, 499)
      const question = { type: 'members', groupID: 'behind-0', after: '', limit: 500 }
      await Promise.all(
        times(18).map(async number => {
          const connection = await socket()
          await connection.login('mallory')
          connection.pause()
          await repeat(100, () => connection.send(question))
          // The buffers of the socket are full some time before the last answer.
          await pause(3000)
          await Promise.all(
            times(10).map(index =>
              connection.send(push(large(`behind-${number}-${index}`, 1_000_000)))
            )
          )
        })
      )
    },
    leaves: () => ({ ...crowdRows(1, 499), verdicts: 1 + 18 * 10 }),
    // 16 MiB of frames for a user, over any number of sessions.
    heldMiBMax: 32
  },
  {
    title: 'operations with 1 MB of unknown arguments by 20 users',
    async attack({ socket }) {
      await Promise.all(
        times(20).map(async number => {
          const connection = await socket()
          await connection.login(`mallory${number}`)
          for (const count of times(30)) await connection.send(push(large(`${count}`, 1_000_000)))
        })
      )
    },
    leaves: () => ({ verdicts: 20 * 30 })
  },
  {
    title: '950 operations that wait on each of 20 connections',
    async attack({ socket }) {
      await Promise.all(
        times(20).map(async number => {
          const connection = await socket()
          await connection.login(`mallory${number % 4}`)
          for (const frame of times(19))
            await connection.send(
              push(...times(50).map(count => large(`waits-${number}-${frame}-${count}`, 2000)))
            )
        })
      )
    },
    leaves: () => ({ verdicts: 20 * 950 })
  },
  {
    title: 'a flood of 100,000 pings and reads over ten connections',
    async attack({ socket }) {
      const ping = JSON.stringify({ type: 'ping' })
      const read = JSON.stringify({ type: 'read', request: 1, groupID: 'crew', search: false })
      await Promise.all(
        times(10).map(async number => {
          for (let left = 10_000; left > 0;) {
            const connection = await socket()
            await connection.login(`mallory${number}`)
            for (; left > 0 && connection.code() === undefined; left--)
              await connection.send(left % 2 ? ping : read)
            // A connection that the server refuses is opened again ten times.
            left -= 1000
          }
        })
      )
    }
  },
  {
    title: 'a flood of questions for members of groups of others',
    async attack({ socket }) {
      const connection = await socket()
      await connection.login('mallory')
      for (const count of times(5000)) {
        const groupID = ['crew', 'vault', `unknown-${count}`][count % 3]
        await connection.send({ type: 'members', groupID, after: '', limit: 500 })
      }
    }
  },
  {
    title: 'a flood of reads of members of groups of others and of a large one',
    async attack({ socket }) {
      const owner = await socket()
      await owner.login('mallory')
      await own(owner, 'wide', 1, 499)
      await Promise.all(
        times(10).map(async () => {
          const connection = await socket()
          await connection.login('mallory')
          for (const count of times(500)) {
            const groupID = ['crew', 'vault', 'wide-0'][count % 3]
            const page = { offset: count % 400, limit: 500 }
            await connection.send({ type: 'readMembers', request: count, groupID, ...page })
          }
          await connection.until(({ type, request }) => type === 'memberPage' && request === 499)
        })
      )
    },
    leaves: () => crowdRows(1, 499)
  },
  {
    title: 'hellos of 60,000 groups before login',
    async attack({ socket }) {
      const groups = times(60_000).map(index => [`g${index}`, 1, 1] as const)
      const frame = JSON.stringify(hello('nobody', groups, { token: 'none' }))
      await repeat(10, async () => (await socket()).send(frame))
    }
  },
  {
    title: 'logins that say to hold as many groups as are allowed',
    async attack({ socket }) {
      const groups = times(groupsPerHelloMax).map(index => [`g${index}`, 1, 1] as const)
      await Promise.all(times(20).map(async () => (await socket()).login('mallory', groups)))
    }
  },
  {
    title: 'operations on 2,000 groups that nobody knows',
    async attack({ socket }) {
      for (const number of times(4)) {
        const connection = await socket()
        await connection.login('mallory')
        await connection.judge(
          ...times(50).map(count => unknownGroup(`unknown-${number}-${count}`))
        )
        for (const frame of times(9))
          await connection.send(
            push(...times(50).map(count => unknownGroup(`unknown-${number}-${frame}-${count}`)))
          )
      }
    },
    // A group that does not exist leaves no row, its operations one verdict each.
    leaves: () => ({ verdicts: 4 * 500 })
  }
]
