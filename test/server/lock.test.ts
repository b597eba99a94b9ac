/** The folder lock of the embedded database, when its holder crashes or is suspended. */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { lockFolder } from '../../src/server/database/lock.ts'

let folder: string
beforeEach(() => {
  const fresh = mkdtempSync(join(tmpdir(), 'offline-groups-'))
  folder = fresh
  return () => rmSync(fresh, { recursive: true, force: true })
})

const lock = () => lockFolder(folder, { onWait: () => undefined, onLost: () => undefined })
const inUse = 'is in use by another server'
const program = fileURLToPath(new URL('lock-holder.js', import.meta.url))

/** Another process that holds the lock. */
async function spawnHolder(...command: string[]) {
  const [file, ...args] = [...command, process.execPath, program, folder]
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await word(child, 'held')
  return child
}
const word = (child: ChildProcess, expected: string) =>
  new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (text: Buffer) => {
      if (String(text).includes(expected)) resolve()
    })
    child.once('exit', code => reject(new Error(`ended with ${code} before it wrote ${expected}`)))
  })

test('a folder of this process is refused until it is released', async () => {
  const held = await lock()
  await expect(lock()).rejects.toThrow(inUse)
  held.release()
  const next = await lock()
  next.release()
})

test('a folder that another process holds is refused', async () => {
  await spawnHolder()
  await expect(lock()).rejects.toThrow(inUse)
})

test('the lock of a process that was killed is taken over', async () => {
  const child = await spawnHolder()
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
  const held = await lock()
  held.release()
})

test('a lock whose process ID is reused is taken over', async () => {
  const held = await lock()
  const left = readFileSync(join(folder, 'lock'), 'utf8')
  held.release()
  // The same process ID with another start time.
  writeFileSync(join(folder, 'lock'), left.replace(/\d+$/, '1'))
  const next = await lock()
  next.release()
})

test('a lock that an unknown process left is taken over', async () => {
  writeFileSync(join(folder, 'lock'), '1')
  let waits = 0
  const held = await lockFolder(folder, { onWait: () => void waits++, onLost: () => undefined })
  held.release()
  expect(waits).toBe(1)
})

test('one of several processes takes over a lock that was left', async () => {
  writeFileSync(join(folder, 'lock'), '1')
  const attempts = await Promise.allSettled([lock(), lock(), lock()])
  const holders = attempts.flatMap(each => (each.status === 'fulfilled' ? each.value : []))
  expect(holders).toHaveLength(1)
  holders[0]?.release()
})

test('a process that was suspended learns that another has taken over', async () => {
  const child = await spawnHolder()
  child.kill('SIGSTOP')
  const held = await lock()
  const lost = word(child, 'lost')
  child.stdin.write('?\n')
  child.kill('SIGCONT')
  await lost
  held.check()
  held.release()
})

const isolate = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']
const canIsolate = spawnSync('unshare', [...isolate.slice(1), 'true']).status === 0

test('a second container with the same process ID is refused', async context => {
  if (!canIsolate) context.skip('this system does not permit PID namespaces (unshare --pid)')
  await spawnHolder(...isolate)
  await expect(spawnHolder(...isolate)).rejects.toThrow('ended with 1')
})
