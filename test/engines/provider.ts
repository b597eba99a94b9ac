/** Opens vitest's page in an installed browser. */

import { defineBrowserProvider } from '@vitest/browser'
import type { BrowserProviderOption } from 'vitest/node'
import { createProfile, launch } from './launch.ts'
import type { OtherEngine } from './installed.ts'

export const installed = (engine: OtherEngine): BrowserProviderOption =>
  defineBrowserProvider({
    name: 'installed',
    options: {},
    providerFactory() {
      const closings: (() => Promise<void>)[] = []
      return {
        name: 'installed',
        supportsParallelism: false,
        getCommandsContext: () => ({}),
        async openPage(_sessionID, url) {
          const profile = createProfile()
          const browser = await launch(engine, profile, { urls: [url] })
          closings.push(() => browser.kill().then(profile.remove))
        },
        async close() {
          await Promise.all(closings.splice(0).map(close => close()))
        }
      }
    }
  })
