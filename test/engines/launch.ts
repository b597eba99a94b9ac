/** Starts an installed browser on a profile of its own, and ends it as a crash does. */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { chromiumArgs, findChromium } from '../browser/chromium.ts'
import { findXvfb, otherEngines, type OtherEngine } from './installed.ts'

export type Engine = 'chromium' | OtherEngine

/** A folder that outlives the browser. */
export type Profile = { readonly folder: string; remove(): void }

export type LaunchedBrowser = {
  /** Resolves when its first process has ended, killed or not. */
  readonly ended: Promise<unknown>
  /** SIGKILL to all of its processes. Resolves when they have ended. */
  kill(): Promise<void>
}

type Options = {
  readonly urls: readonly string[]
  readonly isPrivate?: boolean
  /** Denies pages all storage, as a setting of its user does. MiniBrowser has no such setting. */
  readonly isStorageDenied?: boolean
  /** More arguments of the command line. */
  readonly args?: readonly string[]
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>
  /** More settings of Firefox, by name. */
  readonly preferences?: Readonly<Record<string, boolean | number>>
}

export function createProfile(): Profile {
  const folder = mkdtempSync(join(tmpdir(), 'offline-groups-profile-'))
  return {
    folder,
    // A process that has just been killed may still hold a file.
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

export async function launch(
  engine: Engine,
  profile: Profile,
  options: Options
): Promise<LaunchedBrowser> {
  const { file, args, env } = await commands[engine](profile.folder, options)
  const browser = spawn(file, args, {
    stdio: 'ignore',
    // A process group of its own, so that one signal reaches all processes of the browser.
    detached: true,
    env: { ...process.env, ...env, ...options.env }
  })
  const ended = once(browser, 'exit')
  await once(browser, 'spawn')
  const endWithParent = () => void signal(browser)
  process.once('exit', endWithParent)
  return {
    ended,
    async kill() {
      process.off('exit', endWithParent)
      signal(browser)
      await ended
      // Limited, because without /proc a process that nobody reaps counts for ever.
      for (let count = 0; count < 200 && (await isRunning(browser)); count++) await wait(10)
    }
  }
}

/**
 * True while a process of the group runs and may hold a file. Dead processes that nobody has reaped
 * yet do not count: in a container that takes seconds.
 */
async function isRunning(browser: ChildProcess): Promise<boolean> {
  if (!signal(browser)) return false
  if (!existsSync('/proc/self/stat')) return true
  const stats = await Promise.all(
    readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      // Expected: a process ends before it is read.
      .map(pid => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))
  )
  // pid (name) state parent group
  return stats.some(stat => {
    const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(group) === browser.pid && !'ZX'.includes(state)
  })
}

/** False if no process of the group is left. */
function signal({ pid }: ChildProcess): boolean {
  try {
    return pid !== undefined && process.kill(-pid, 'SIGKILL')
  } catch {
    // Expected: they have all ended.
    return false
  }
}

/** Of the virtual screen and the first window. MiniBrowser chooses its own size. */
const [width, height] = [1280, 900]

type Command = {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const commands: Readonly<
  Record<Engine, (folder: string, options: Options) => Command | Promise<Command>>
> = {
  async chromium(folder, { urls, isPrivate = false, isStorageDenied = false, args = [] }) {
    if (isStorageDenied) {
      mkdirSync(join(folder, 'Default'), { recursive: true })
      writeFileSync(join(folder, 'Default', 'Preferences'), JSON.stringify(deniedInChromium))
    }
    return {
      file: await findChromium(),
      args: [
        ...chromiumArgs,
        '--headless',
        '--disable-popup-blocking',
        `--user-data-dir=${folder}`,
        `--window-size=${width},${height}`,
        ...(isPrivate ? ['--incognito'] : []),
        ...args,
        ...urls
      ]
    }
  },

  firefox(
    folder,
    { urls, isPrivate = false, isStorageDenied = false, args = [], preferences = {} }
  ) {
    const denied = isStorageDenied ? deniedInFirefox : {}
    const lines = Object.entries({ ...quietFirefox, ...denied, ...preferences }).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`
    )
    writeFileSync(join(folder, 'user.js'), lines.join('\n'))
    const size = ['--width', String(width), '--height', String(height)]
    const opened = isPrivate ? urls.flatMap(url => ['--private-window', url]) : urls
    return {
      file: found('firefox'),
      args: [...size, '--headless', '--no-remote', '--profile', folder, ...args, ...opened]
    }
  },

  async webkit(folder, { urls, isPrivate = false, args = [] }) {
    mkdirSync(folder, { recursive: true })
    return {
      file: found('webkit'),
      args: [
        '--javascript-can-open-windows-automatically=true',
        ...(isPrivate ? ['--private'] : []),
        ...args,
        ...urls
      ],
      env: {
        DISPLAY: await (display ??= openDisplay()),
        XDG_DATA_HOME: join(folder, 'data'),
        XDG_CACHE_HOME: join(folder, 'cache'),
        XDG_CONFIG_HOME: join(folder, 'config')
      }
    }
  }
}

const deniedInChromium = { profile: { default_content_setting_values: { cookies: 2 } } }
const deniedInFirefox = { 'network.cookie.cookieBehavior': 2 }

function found(engine: OtherEngine): string {
  const { find, install } = otherEngines[engine]
  const file = find()
  if (file === undefined) throw new Error(`${engine} is not installed: ${install}`)
  return file
}

/**
 * Without these, the first start shows pages of its own, a start after kills asks for a safe mode,
 * and a test can neither open a second window nor close it. For a thumbnail, Firefox would load
 * visited pages once more in the background.
 */
const quietFirefox = {
  'browser.aboutwelcome.enabled': false,
  'browser.pagethumbnails.capturing_disabled': true,
  'browser.shell.checkDefaultBrowser': false,
  'dom.allow_scripts_to_close_windows': true,
  'dom.disable_open_during_load': false,
  'browser.sessionstore.resume_from_crash': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'termsofuse.bypassNotification': true,
  'toolkit.startup.max_resumed_crashes': -1
}

let display: Promise<string> | undefined

/** One virtual display for all browsers of this process. It ends with the process. */
async function openDisplay(): Promise<string> {
  const file = findXvfb()
  if (file === undefined) return process.env.DISPLAY ?? ''
  const args = ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp']
  const server = spawn(file, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  server.unref()
  process.once('exit', () => server.kill())
  const [number] = (await once(server.stdio[3] as NodeJS.ReadableStream, 'data')) as [Buffer]
  return `:${number.toString().trim()}`
}
