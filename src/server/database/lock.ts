/**
 * A lock on a folder that does not outlive its process. The holder touches a file every second.
 * If the file is unchanged for 5 seconds, another process may take the lock over. That process
 * measures the 5 seconds with its own clock, so the clocks of two machines are never compared.
 */

import { randomUUID } from 'node:crypto'
import {
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const beatEveryMs = 1000
const staleAfterMs = 5000
const lookEveryMs = 100

type FolderLock = {
  /**
   * Throws if another process has taken over, for example while this one was suspended. Call it
   * before every write.
   */
  check(): void
  release(): void
}

/**
 * Rejects if another holder is alive. `onWait` is called if a crashed holder may have left the
 * lock, `onLost` when another process has taken over.
 */
export async function lockFolder(
  folder: string,
  { onWait, onLost }: { onWait(): void; onLost(error: Error): void }
): Promise<FolderLock> {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'lock')
  const mine = `${randomUUID()} ${thisProcess() ?? ''}`
  let isTakenOver = false
  while (!create(file, mine)) {
    isTakenOver = true
    const left = read(file)
    if (!isDead(left)) await waitUntilStale(file, onWait)
    // Another process may have taken over meanwhile.
    if (read(file) === left) retire(file, left)
  }
  // If two processes take over at the same moment, only the later one still finds its own content.
  if (isTakenOver) await sleep(lookEveryMs)
  if (read(file) !== mine) throw inUse(folder)

  let lastBeatMs = performance.now()
  const beat = () => {
    if (read(file) !== mine) throw new Error(`${folder} was taken over by another process`)
    utimesSync(file, new Date(), new Date())
    lastBeatMs = performance.now()
  }
  const timer = setInterval(() => {
    try {
      beat()
    } catch (error) {
      // Expected: another process has taken over, or the folder is gone.
      clearInterval(timer)
      onLost(error as Error)
    }
  }, beatEveryMs).unref()
  return {
    check() {
      if (performance.now() - lastBeatMs > staleAfterMs / 2) beat()
    },
    release() {
      clearInterval(timer)
      if (read(file) === mine) rmSync(file, { force: true })
    }
  }
}

const inUse = (folder: string) => new Error(`${folder} is in use by another server`)

/** Returns `false` if the file exists. */
function create(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: 'wx' })
    return true
  } catch (error) {
    // Expected: another process has or had the lock.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Expected: the file does not exist.
    return undefined
  }
}

/** Removes a stale lock. If another process has renewed it meanwhile, the lock is put back. */
function retire(file: string, left: string | undefined): void {
  const aside = `${file}-${randomUUID()}`
  try {
    renameSync(file, aside)
    if (read(aside) !== left) renameSync(aside, file)
    rmSync(aside, { force: true })
  } catch {
    // Expected: another process was faster.
  }
}

async function waitUntilStale(file: string, onWait: () => void): Promise<void> {
  const touchedMs = () => statSync(file, { throwIfNoEntry: false })?.mtimeMs
  const first = touchedMs()
  const begin = performance.now()
  let hasWarned = false
  while (performance.now() - begin < staleAfterMs) {
    await sleep(lookEveryMs)
    const last = touchedMs()
    if (last === undefined) return
    if (last !== first) throw inUse(join(file, '..'))
    if (hasWarned || performance.now() - begin < 2 * beatEveryMs) continue
    hasWarned = true
    onWait()
  }
}

/**
 * An identity that no other process has until the machine restarts: boot ID, PID namespace, PID and
 * start time. Only on Linux.
 */
function thisProcess(pid: number | 'self' = 'self'): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const started = stat.slice(stat.lastIndexOf(')')).split(' ')[20]
    return `${boot} ${readlinkSync('/proc/self/ns/pid')} ${stat.split(' ')[0]} ${started}`
  } catch {
    // Expected: another system, or no such process.
    return undefined
  }
}

/** Whether the holder was a process of this PID namespace that has ended. */
function isDead(left: string | undefined): boolean {
  const [, boot, namespace, pid] = left?.split(' ') ?? []
  const [ownBoot, ownNamespace] = thisProcess()?.split(' ') ?? []
  if (!pid || !ownBoot || boot !== ownBoot || namespace !== ownNamespace) return false
  return thisProcess(Number(pid)) !== left?.slice(left.indexOf(' ') + 1)
}
