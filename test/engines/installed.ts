/** Finds the browsers of other engines. Tests use them as installed: no driver, no download. */

import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export type OtherEngine = 'firefox' | 'webkit'

/** For WebKitGTK, the small browser that comes with the library. It is not Safari. */
export const otherEngines: Readonly<
  Record<OtherEngine, { find(): string | undefined; readonly install: string }>
> = {
  firefox: {
    find: () =>
      process.env.FIREFOX_PATH ??
      [...onPath('firefox-esr', 'firefox'), ...firefoxes].find(isExecutable),
    install: 'apt-get install firefox-esr, or set FIREFOX_PATH'
  },
  webkit: {
    find: () =>
      process.env.MINIBROWSER_PATH ?? (findXvfb() ? miniBrowsers().find(isExecutable) : undefined),
    install: 'apt-get install libwebkit2gtk-4.1-0 xvfb, or set MINIBROWSER_PATH'
  }
}

/** MiniBrowser has no headless mode: without a display it needs a virtual one. */
export const findXvfb = (): string | undefined => onPath('Xvfb').find(isExecutable)

const firefoxes = [
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  'C:\\Program Files\\Mozilla Firefox\\firefox.exe'
]

/** Distributions install it beside the library, some in a folder of the architecture. */
function miniBrowsers(): string[] {
  const folders = ['/usr/libexec', '/usr/lib', '/usr/lib64', ...foldersIn('/usr/lib')]
  return folders.map(folder => join(folder, 'webkit2gtk-4.1', 'MiniBrowser'))
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path).map(name => join(path, name))
  } catch {
    // Expected: a system without such a folder.
    return []
  }
}

function onPath(...names: readonly string[]): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.flatMap(folder => names.map(name => join(folder, name)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Expected: there is no such file, or it is no program.
    return false
  }
}
