/** Finds a Chromium: by CHROME_PATH, installed, Playwright's, or that of a dev dependency. */

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

/** Rejects without a browser, because a browser test that does not run must not pass. */
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
    // Expected: the file is not executable.
    return false
  }
}

/** Without these, a browser in a container does not start, or waits for unreachable services. */
export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]
