/**
 * The browser worker that speaks HTTP. It is a file of its own, so that each worker stays small.
 */

import type { Endpoint } from 'comlink'
import { serve } from './serve.ts'
import { openBrowserEngine } from '../src/host/browser.ts'
import { connectHttp } from '../src/protocol/transports/http.ts'

serve(openBrowserEngine(connectHttp), globalThis as unknown as Endpoint)
