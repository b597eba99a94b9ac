/** Options of a server. Each mistake is one error at the start, which names the option. */

import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import {
  generateUserSig,
  startServer,
  type PolicyOptions,
  type ServerOptions
} from '../../src/server/main.ts'
import { parseServerMessage } from '../../src/protocol/server-messages.ts'
import { createMemoryDatabase } from '../../src/server/database/memory.ts'
import { app, hello } from './raw-client.ts'

async function start(options: Partial<ServerOptions>) {
  const errors: unknown[] = []
  const database = createMemoryDatabase('e')
  const server = await startServer({
    ...app,
    database,
    onError: error => errors.push(error),
    ...options
  })
  onTestFinished(() => server.close())
  return { server, errors }
}

const mistakes: [option: string, value: unknown][] = [
  ['secretKey', ''],
  ['secretKey', '  '],
  ['secretKey', '\u2800'],
  ['secretKey', undefined],
  ['sdkAppID', 0],
  ['sdkAppID', -1],
  ['sdkAppID', 1.5],
  ['sdkAppID', NaN],
  ['sdkAppID', '1400000000'],
  ['sdkAppID', undefined],
  ['port', NaN],
  ['port', -1],
  ['port', 65_536],
  ['port', '8788'],
  ['host', ''],
  ['host', 'http://localhost'],
  ['host', 'localhost:8788'],
  ['host', '[::1]'],
  ['dataDir', ''],
  ['dataDir', './data'],
  ['database', {}],
  ['appAdmins', 'app'],
  ['appAdmins', ['']],
  ['appAdmins', ['x'.repeat(33)]],
  ['policy', { adminsCanKick: 'yes' }],
  ['policy', { groupsPerUserMax: -1 }],
  ['policy', { adminCanKick: true }],
  ['policy', { customFields: null }],
  ['policy', { customFields: { group: { color: 'Everybody' }, member: {} } }],
  ['policy', { customFields: {} }],
  ['policy', { customFields: { group: [], member: {} } }],
  ['policy', { customFields: { group: { constructor: 'Nobody' }, member: {} } }],
  ['policy', { customFields: { group: { prototype: 5 }, member: {} } }],
  ['policy', JSON.parse('{"customFields":{"group":{"__proto__":"Nobody"},"member":{}}}')],
  ['policy', { customFields: { group: { 'a b!': 'Admin' }, member: {} } }],
  ['policy', { customFields: { group: { ['k'.repeat(33)]: 'Admin' }, member: {} } }],
  ['policy', { customFields: { group: {}, member: { Public: { constructor: {} } } } }],
  ['policy', { customFields: { group: {}, member: { constructor: {} } } }],
  ['policy', { customFields: { group: {}, member: { Club: {} } } }],
  ['policy', { customFields: { group: {}, member: { Public: { level: { write: 'Owner' } } } } }],
  ['policy', JSON.parse('{"customFields":{"group":{},"member":{},"__proto__":{}}}')],
  ['policy', JSON.parse('{"__proto__":{}}')],
  ['policy', { suppressTips: 'Tencent' }],
  ['policy', { groupsPerUserMax: 10_001 }],
  ['allowedOrigins', 'https://app.example'],
  ['allowedOrigins', ['app.example']],
  ['allowedOrigins', ['https://app.example/page']],
  ['allowedOrigins', ['*']],
  ['allowedOrigins', ['null']],
  ['onError', 'log'],
  ['onRequest', {}],
  ['now', 0],
  ['allowedOrigin', ['https://app.example']]
]
test.each(mistakes)('the option %s is refused as %j', async (option, value) => {
  const options = { ...app, database: createMemoryDatabase('e'), [option]: value }
  await expect(startServer(options)).rejects.toThrow(new RegExp(`^${option}: `))
})

test('a declared field may have the name of a built-in property', async () => {
  const fields = JSON.parse('{"constructor":"Admin","__proto__":"Owner"}') as Record<
    string,
    'Admin'
  >
  const policy: PolicyOptions = {
    groupsPerUserMax: 10_000,
    suppressTips: 'tencent',
    customFields: {
      group: fields,
      member: { Public: { prototype: { write: 'Member', ownWrite: true } } }
    }
  }
  const { server } = await start({ policy })
  const socket = new WebSocket(server.url)
  await once(socket, 'open')
  socket.send(JSON.stringify(hello(generateUserSig(app, { userID: 'ann' }))))
  const [frame] = (await once(socket, 'message')) as [Buffer]
  socket.terminate()
  expect(parseServerMessage(frame.toString())).toMatchObject({
    type: 'welcome',
    policy: {
      customFields: {
        group: [
          { key: 'constructor', write: 'Admin' },
          { key: '__proto__', write: 'Owner' }
        ],
        member: [{ type: 'Public', key: 'prototype', write: 'Member', ownWrite: true }]
      }
    }
  })
})

test('an error does not contain the refused secret key', async () => {
  const options = { ...app, secretKey: 7654321 as never }
  await expect(startServer(options)).rejects.not.toThrow(/7654321/)
})

test('the URL of a server on IPv6 has brackets', async () => {
  const { server } = await start({ host: '::1' })
  expect(server.url).toBe(`ws://[::1]:${server.port}/sync`)
  const socket = new WebSocket(server.url)
  await once(socket, 'open')
  socket.terminate()
})

/** The status of an upgrade from this origin. */
async function upgrade(port: number, origin: string): Promise<number> {
  const sent = request({
    port,
    path: '/sync',
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      origin
    }
  })
  sent.end()
  return new Promise((resolve, reject) => {
    sent.on('upgrade', (_response, socket) => {
      socket.destroy()
      resolve(101)
    })
    sent.on('response', ({ statusCode = 0 }) => resolve(statusCode))
    sent.on('error', reject)
  })
}

test.each([
  ['https://APP.example/', 'https://app.example'],
  ['https://app.example', 'https://APP.EXAMPLE'],
  ['https://app.example:443', 'https://app.example'],
  ['http://app.example:8080/', 'http://app.example:8080'],
  ['capacitor://localhost', 'capacitor://localhost']
])('with %s allowed, the origin %s is accepted', async (allowed, origin) => {
  const { server, errors } = await start({ allowedOrigins: [allowed] })
  expect(await upgrade(server.port, origin)).toBe(101)
  expect(errors).toEqual([])
})

test('a refused origin is reported with the allowed ones', async () => {
  const { server, errors } = await start({ allowedOrigins: ['https://app.example'] })
  expect(await upgrade(server.port, 'https://app.example.evil')).toBe(403)
  expect(errors.map(String)).toEqual([
    expect.stringMatching(
      /"https:\/\/app\.example\.evil".*allowedOrigins has https:\/\/app\.example$/
    )
  ])
})

test('refused origins are reported at most 20 times a minute', async () => {
  const { server, errors } = await start({ allowedOrigins: ['https://app.example'], now: () => 0 })
  for (let count = 0; count < 30; count++)
    await upgrade(server.port, `https://evil${count}.example`)
  expect(errors.length).toBe(20)
})

test('a client that does not speak WebSocket is not reported', async () => {
  const { server, errors } = await start({})
  const socket = connect(server.port, '127.0.0.1')
  socket.write('nonsense\r\n\r\n')
  await once(socket.resume(), 'close')
  expect(errors).toEqual([])
})
