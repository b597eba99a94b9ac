/** The browser worker for servers that are reached without WebSockets: apart, so that the other stays small. */

import type { Endpoint } from 'comlink'
import { serve } from './serve.ts'
import { openBrowserEngine } from '../src/host/browser.ts'
import { connectHttp } from '../src/protocol/transports/http.ts'

serve(openBrowserEngine(connectHttp), globalThis as unknown as Endpoint)
