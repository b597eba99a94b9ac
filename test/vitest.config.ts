import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { chromiumArgs, findChromium } from './browser/chromium.ts'
import { otherEngines, type OtherEngine } from './engines/installed.ts'
import type { Engine } from './engines/launch.ts'
import { installed } from './engines/provider.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/**
 * Tests wait for conditions, so a slow machine only takes longer. These limits end a test that
 * hangs. The limit of a poll comes first, because it can name the missing condition.
 */
const limits = { testTimeout: 180_000, hookTimeout: 180_000, expect: { poll: { timeout: 60_000 } } }

/**
 * The first group has a worker for each core. In each later one, the browser suite of one engine
 * runs beside the demo of another, because both mostly wait. Files of one project share a server
 * and an engine, so they run one after another. Projects without a group run last, alone.
 */
const groups = { demo: 1, otherDemos: 2 }
const besides = (group: keyof typeof groups) => ({
  fileParallelism: false,
  sequence: { groupOrder: groups[group] }
})

/** These tests import the built package, as its users do. */
const browserSuite = {
  resolve: {
    alias: [
      { find: /^offline-groups$/, replacement: path('../dist/src/index.js') },
      { find: /^offline-groups\/tim$/, replacement: path('../dist/src/tim/tim.js') },
      { find: /^offline-groups\/ports$/, replacement: path('../dist/src/ports.js') },
      {
        find: /^offline-groups\/mini-program$/,
        replacement: path('../dist/mini-program-esm/index.js')
      }
    ]
  },
  optimizeDeps: { include: ['dexie', 'comlink', 'rxjs', 'valibot'] }
}
const browserTests = {
  include: ['test/browser/**/*.test.ts'],
  globalSetup: ['test/browser/server.ts'],
  ...limits
}

/**
 * The browser suite in an installed Firefox or WebKit, or one test that names the missing browser.
 */
const otherEngine = (engine: OtherEngine): TestProjectInlineConfiguration =>
  otherEngines[engine].find() === undefined
    ? {
        test: {
          name: engine,
          include: ['test/engines/absent.test.ts'],
          provide: { absent: { engine, install: otherEngines[engine].install } }
        }
      }
    : {
        ...browserSuite,
        test: {
          name: engine,
          ...browserTests,
          ...besides(engine === 'firefox' ? 'demo' : 'otherDemos'),
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: installed(engine),
            instances: [{ browser: engine }]
          }
        }
      }

/**
 * These use the protocol of Chromium's developer tools, no browser at all, or the page of the
 * mini-program, which stands for a phone.
 */
const chromiumOnly = ['leader', 'mini-program', 'page-life', 'serve', 'storage-life'].map(
  name => `test/demo/${name}.test.ts`
)

/** The built page in a separate browser, with server processes that can be killed. */
const demo = (engine: Engine): TestProjectInlineConfiguration => ({
  test: {
    name: engine === 'chromium' ? 'demo' : `demo-${engine}`,
    include: ['test/demo/**/*.test.ts'],
    exclude: engine === 'chromium' ? [] : chromiumOnly,
    environment: 'node',
    provide: { engine },
    globalSetup: ['test/demo/server.ts'],
    ...besides(engine === 'chromium' ? 'demo' : 'otherDemos'),
    ...limits
  }
})
const installedEngines = (['firefox', 'webkit'] as const).filter(
  engine => otherEngines[engine].find() !== undefined
)

export default defineConfig({
  root: path('..'),
  test: {
    // Otherwise one core would be left to vitest, and half of two cores would idle.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'node',
          // All but the other projects' tests, so that a new folder is not left out silently.
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/{browser,clients,demo,hostile,kills}/**',
            'test/mini-program/conformance/**',
            'test/engines/absent.test.ts'
          ],
          environment: 'node',
          ...limits
        }
      },
      {
        ...browserSuite,
        test: {
          name: 'chromium',
          ...browserTests,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { executablePath: await findChromium(), args: chromiumArgs }
            }),
            instances: [{ browser: 'chromium' }]
          }
        }
      },
      {
        ...browserSuite,
        optimizeDeps: { include: [...browserSuite.optimizeDeps.include, '@tencentcloud/chat'] },
        test: {
          name: 'clients',
          ...browserTests,
          include: ['test/clients/*.test.ts', 'test/mini-program/conformance/*.test.ts'],
          globalSetup: [
            ...browserTests.globalSetup,
            'test/clients/setup.ts',
            'test/mini-program/conformance/setup.ts'
          ],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { executablePath: await findChromium(), args: chromiumArgs }
            }),
            instances: [{ browser: 'chromium' }]
          }
        }
      },
      otherEngine('firefox'),
      otherEngine('webkit'),
      {
        // The built server in a separate process, under attack.
        test: {
          name: 'hostile',
          include: ['test/hostile/**/*.test.ts'],
          environment: 'node',
          // Each measures memory and event loop of its server, which a second file would disturb.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 60_000
        }
      },
      {
        // Installed browsers that are killed while they write.
        test: {
          name: 'kills',
          include: ['test/kills/**/*.test.ts'],
          environment: 'node',
          fileParallelism: false,
          testTimeout: 900_000
        }
      },
      demo('chromium'),
      ...installedEngines.map(demo)
    ]
  }
})
