/** Runs the demo in a separate process, as its users do. */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

export type DemoServer = {
  readonly url: string
  /** The whole output so far. */
  output(): string
  /** Resolves when the process has ended, with the signal that ended it or its exit code. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Stops the process until `thaw`. Its connections stay open, but nothing answers. */
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

export const demoScript = fileURLToPath(new URL('../../dist/demo/serve.js', import.meta.url))

export async function startDemo(env: NodeJS.ProcessEnv, script = demoScript): Promise<DemoServer> {
  const server = spawn(process.execPath, [script], {
    env: { ...process.env, NO_OPEN: '1', PORT: '0', ...env }
  })
  const ended = once(server, 'exit').then(
    ([code, signal]: (number | NodeJS.Signals | null)[]) => signal ?? code ?? 0
  )
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      const address = /^Offline Groups demo: (\S+)$/m.exec(output)?.[1]
      if (address !== undefined) resolve(address)
    }
    server.stdout.on('data', read)
    server.stderr.on('data', read)
    void ended.then(end => reject(new Error(`The demo ended with ${end}: ${output}`)))
  })
  const freeze = () => void server.kill('SIGSTOP')
  const thaw = () => void server.kill('SIGCONT')
  return { url, output: () => output, ended, freeze, thaw, stop: () => stop(server, ended) }
}

async function stop(server: ChildProcess, ended: Promise<unknown>): Promise<void> {
  server.kill('SIGTERM')
  // A frozen process would never see the signal.
  server.kill('SIGCONT')
  await ended
}

/** A copy of the data that a demo has after its first start. */
export async function filledFolder(
  filled: string
): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await emptyFolder()
  await cp(filled, folder.path, { recursive: true })
  return folder
}

async function emptyFolder() {
  const path = await mkdtemp(join(tmpdir(), 'offline-groups-demo-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** One demo for the tests that can share it, and its data for the others. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const filled = await emptyFolder()
  await (await startDemo({ DEMO_DATA_DIR: filled.path })).stop()
  const own = await filledFolder(filled.path)
  const demo = await startDemo({ DEMO_DATA_DIR: own.path })
  project.provide('demo', { url: demo.url, filled: filled.path })
  return async () => {
    await demo.stop()
    await own.remove()
    await filled.remove()
  }
}

declare module 'vitest' {
  interface ProvidedContext {
    demo: { url: string; filled: string }
  }
}
