/** The browser worker that speaks WebSocket. */

import type { Endpoint } from 'comlink'
import { serve } from './serve.ts'
import { openBrowserEngine } from '../src/host/browser.ts'
import { connectWebSocket } from '../src/protocol/transports/websocket.ts'

// The global scope of a worker is an endpoint. The types here describe that of a page.
serve(openBrowserEngine(connectWebSocket), globalThis as unknown as Endpoint)
