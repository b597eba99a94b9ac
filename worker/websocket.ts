/** The browser worker. */

import type { Endpoint } from 'comlink'
import { serve } from './serve.ts'
import { openBrowserEngine } from '../src/host/browser.ts'
import { connectWebSocket } from '../src/protocol/transports/websocket.ts'

// In a worker, the global scope is an endpoint; the types here are those of a page.
serve(openBrowserEngine(connectWebSocket), globalThis as unknown as Endpoint)
