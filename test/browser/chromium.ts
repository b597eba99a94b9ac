/** Finds a Chromium: the one named by CHROME_PATH, one that is installed, Playwright's, or the one that comes as a dev dependency. */

import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import bundled from '@sparticuz/chromium'
import { chromium } from 'playwright'

const names = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge'
]
const applications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe'
]

/** Rejects when there is none at all: a browser test that is not run has not passed. */
export async function findChromium(): Promise<string> {
  const { CHROME_PATH, PATH = '' } = process.env
  if (CHROME_PATH) {
    if (isExecutable(CHROME_PATH)) return CHROME_PATH
    throw new Error(`CHROME_PATH is ${CHROME_PATH}, and there is no browser`)
  }
  const onPath = PATH.split(delimiter).flatMap(folder => names.map(name => join(folder, name)))
  const installed = [...onPath, ...applications, chromium.executablePath()].find(isExecutable)
  return installed ?? bundled.executablePath()
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Expected: a file that is no program.
    return false
  }
}

/** Without these, a browser in a container cannot start, or spends its time calling services that are not there. */
export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]
