/** Invalid messages to the package's worker do not disturb a store. */

import { expect, inject, onTestFinished, test } from 'vitest'
import { protocolVersion } from '../../src/protocol/messages.ts'
import { databaseName } from '../../src/storage/database.ts'
import { fresh, openStore, taken, tokenFor, until } from './connect.ts'

const script = new URL('../../dist/src/worker.js', import.meta.url).href

/** The package's worker, which also reports its errors and changes of its prototypes. */
function startWorker(channel = 'none') {
  const source = `
    import ${JSON.stringify(script)}
    const clean = String(Reflect.ownKeys(Object.prototype))
    const failures = []
    addEventListener('error', event => failures.push(event.message))
    addEventListener('unhandledrejection', event => failures.push(String(event.reason)))
    const isClean = () => String(Reflect.ownKeys(Object.prototype)) === clean
    addEventListener('message', ({ data }) => {
      if (data === 'report') postMessage({ report: { failures, isClean: isClean() } })
    })
    const channel = new BroadcastChannel(${JSON.stringify(channel)})
    channel.onmessage = ({ data }) => data?.last && postMessage('heard')
  `
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), {
    type: 'module'
  })
  onTestFinished(() => worker.terminate())
  /** Answers to messages of this test, and errors that reach the page. */
  const heard: unknown[] = []
  let reported: (report: unknown) => void = () => undefined
  worker.addEventListener('error', event => heard.push(event.message))
  worker.addEventListener(
    'message',
    ({ data }: MessageEvent<{ id?: unknown }[] | { report: unknown } | string>) => {
      if (typeof data === 'object' && 'report' in data) reported(data.report)
      else if (typeof data === 'string') heard.push(data)
      else heard.push(...data.filter(({ id }) => id === 'raw'))
    }
  )
  return {
    worker,
    heard,
    report: () =>
      new Promise(resolve => {
        reported = resolve
        worker.postMessage('report')
      })
  }
}
const nothingWrong = { failures: [], isClean: true }

const raw = (value: unknown) => ({ type: 'RAW', value })
const call = (path: unknown, argumentList: unknown = []) => ({
  id: 'raw',
  type: 'APPLY',
  path,
  argumentList
})
const set = (...path: string[]) => ({ id: 'raw', type: 'SET', path, value: raw('polluted') })
const other = (type: unknown, path: unknown = ['apply']) => ({
  id: 'raw',
  type,
  path,
  argumentList: []
})

const ignored: [title: string, message: unknown][] = [
  ['null', null],
  ['nothing', undefined],
  ['a number', 5],
  ['a text', 'APPLY'],
  ['a truth value', true],
  ['a list', ['APPLY', ['apply']]],
  ['a map', new Map([['type', 'APPLY']])],
  ['an error', new Error('APPLY')],
  ['bytes', new Uint8Array([1, 2, 3])],
  ['an empty object', {}],
  [
    'an object in an object, a thousand deep',
    Array.from({ length: 1000 }).reduce(inner => ({ inner }), {})
  ],
  [
    'a call in the prototype',
    JSON.parse('{"id":"raw","__proto__":{"type":"APPLY","path":["pause"]}}')
  ],
  ['an unknown type', other('DROP')],
  ['a type that is a number', other(5)],
  ['a type that is a list', other(['APPLY'])],
  ['a type that names a prototype', other('__proto__')],
  ['no type', other(undefined)],
  ['a read of the API itself', other('GET', [])],
  ['a read of a function', other('GET')],
  ['a read of the prototype', other('GET', ['__proto__'])],
  ['an assignment to a function', set('apply')],
  ['an assignment to a property', set('polluted')],
  ['an assignment to a property of the prototype', set('__proto__', 'polluted')],
  ['an assignment through the constructor', set('constructor', 'prototype', 'polluted')],
  ['an assignment to a property of a function', set('apply', 'polluted')],
  ['an assignment to the API itself', set()],
  ['a new object of a function', other('CONSTRUCT')],
  [
    'a new function of a constructor',
    { ...other('CONSTRUCT', ['constructor', 'constructor']), argumentList: [raw('polluted = 1')] }
  ],
  ['a request for an endpoint', other('ENDPOINT')],
  ['a release', other('RELEASE', [])],
  ['a call without a path', { id: 'raw', type: 'APPLY', argumentList: [] }],
  ['a call of the API itself', call([])],
  ['a call of a text', call('apply')],
  ['a call of a number', call([5])],
  ['a call of a list', call([['pause']])],
  ['a call of an unknown method', call(['drop'])],
  ['a call of the prototype', call(['__proto__'])],
  ['a call of the constructor', call(['constructor'])],
  ['a call of a method of every object', call(['hasOwnProperty'], [raw('apply')])],
  ['a call of a method of every function', call(['apply', 'call'])],
  [
    'a call of the constructor of a function',
    call(['apply', 'constructor'], [raw('polluted = 1')])
  ],
  ['a call through the prototype', call(['__proto__', 'toString'])],
  [
    'a call that defines a getter',
    call(['__proto__', '__defineGetter__'], [raw('polluted'), raw(1)])
  ],
  ['a call with a number for arguments', call(['pause'], 5)],
  ['a call with a text for arguments', call(['pause'], 'x')],
  ['a call with an object for arguments', call(['pause'], { length: 1 })],
  ['a call with null among the arguments', call(['pause'], [null])],
  [
    'a call with an argument by an unknown handler',
    call(['pause'], [{ type: 'HANDLER', name: 'none', value: 1 }])
  ],
  [
    'a call with an argument that throws',
    call(['pause'], [{ type: 'HANDLER', name: 'throw', value: { isError: false, value: 1 } }])
  ],
  [
    'a call with a proxy that has no port',
    call(['pause'], [{ type: 'HANDLER', name: 'proxy', value: 1 }])
  ]
]
test.each(ignored)('%s is ignored by the worker', async (_title, message) => {
  const { worker, heard, report } = startWorker()
  worker.postMessage(message)
  const store = await openStore(fresh('ann'), { worker })
  const { opID } = taken(await store.apply('createGroup', { name: 'Crew' }))
  worker.postMessage(message)
  expect(await store.settled(opID)).toMatchObject({ kind: 'applied' })
  expect(await report()).toEqual(nothingWrong)
  expect(heard).toEqual([])
  expect(await until(store.status$, () => true)).toMatchObject({
    connection: 'online',
    lastError: null
  })
})

const calls: [title: string, message: object, code: number][] = [
  ['no operation', call(['apply']), 10003],
  ['an operation named by a number', call(['apply'], [raw(5)]), 10003],
  [
    'an operation named as a method of every object',
    call(['apply'], [raw('toString'), raw({})]),
    10003
  ],
  ['an operation without arguments', call(['apply'], [raw('createGroup')]), 10004],
  ['a verdict without an ID', call(['settled']), 4503],
  ['a verdict on an object', call(['settled'], [raw({})]), 4503],
  ['a dismissal without an ID', call(['dismissVerdict']), 4503],
  ['a profile without an ID', call(['readProfile']), 10004],
  ['the profile of a list', call(['readProfile'], [raw(['crew'])]), 10004],
  ['a second store without a location', call(['open']), 4510],
  ['a second store at a text', call(['open'], [raw('wss://evil.example'), raw('port')]), 4510]
]
test.each(calls)('a call for %s gets an error and has no effect', async (_title, message, code) => {
  const { worker, heard, report } = startWorker()
  const store = await openStore(fresh('ann'), { worker })
  const { opID } = taken(await store.apply('createGroup', { name: 'Crew' }))
  expect(await store.settled(opID)).toMatchObject({ kind: 'applied' })
  worker.postMessage(message)
  await expect.poll(() => heard).toMatchObject([{ type: 'RAW', value: { code } }])
  expect(taken(await store.apply('createGroup', { name: 'Boat' })).groupID).toMatch(/^@TGS#/)
  expect((await until(store.groups$, () => true)).rows).toHaveLength(2)
  expect(await report()).toEqual(nothingWrong)
  expect(await until(store.status$, () => true)).toMatchObject({
    connection: 'online',
    lastError: null
  })
})

test('a server with an invalid address counts as unreachable', async () => {
  const { worker, report } = startWorker()
  const store = await openStore(fresh('ann'), { worker, url: 'wss://[' })
  taken(await store.apply('createGroup', { name: 'Crew' }))
  expect(await until(store.status$, ({ nextRetryAtMs }) => nextRetryAtMs !== null)).toMatchObject({
    connection: 'offline',
    pending: 1
  })
  expect(await report()).toEqual(nothingWrong)
})

const requests: [title: string, request: unknown][] = [
  ['null', null],
  ['a text', 'open'],
  ['an empty object', {}],
  ['an unknown type', { type: 'drop', stream: 0 }],
  ['a query that is null', { type: 'open', stream: 0, query: null }],
  ['a query that is a text', { type: 'open', stream: 0, query: 'groups' }],
  ['a query of an unknown kind', { type: 'open', stream: 0, query: { kind: 'secrets' } }],
  [
    'a query of a kind named as a method of every object',
    { type: 'open', stream: 0, query: { kind: 'toString' } }
  ],
  ['a query for members without a group', { type: 'open', stream: 0, query: { kind: 'members' } }],
  [
    'a query for members at a negative offset',
    { type: 'open', stream: 0, query: { kind: 'members', groupID: 'crew', offset: -1, limit: -1 } }
  ],
  ['the end of an unknown stream', { type: 'close', stream: 99 }],
  ['the end without a stream', { type: 'close' }],
  ['a text for the received version', { type: 'received', version: 'all' }],
  ['a received version from the future', { type: 'received', version: 1e308 }]
]
test.each(requests)(
  'the stream request %s does no harm to other streams',
  async (_title, request) => {
    const { worker, report } = startWorker()
    const userID = fresh('ann')
    const { port1: port, port2 } = new MessageChannel()
    const location = { url: inject('url'), userID, token: await tokenFor(userID), paused: true }
    const frames: { patches: [stream: number, patch: { total?: number }][] }[] = []
    port.onmessage = ({ data }: MessageEvent<string>) => {
      const frame = JSON.parse(data)
      frames.push(frame)
      port.postMessage({ type: 'received', version: frame.version })
    }
    worker.postMessage(call(['open'], [raw(location), raw(port2)]), [port2])
    port.postMessage(request)
    port.postMessage({ type: 'open', stream: 7, query: { kind: 'groups' } })
    worker.postMessage(call(['apply'], [raw('createGroup'), raw({ name: 'Crew' })]))
    const last = () =>
      frames.flatMap(({ patches }) => patches.filter(([stream]) => stream === 7)).at(-1)?.[1]
    await expect.poll(last).toMatchObject({ kind: 'list', total: 1 })
    expect(await report()).toEqual(nothingWrong)
  }
)

test('one call that cannot be cloned is refused without the others', async () => {
  const { worker, report } = startWorker()
  const store = await openStore(fresh('ann'), { worker })
  const names = ['One', () => 'Two', 'Three'] as string[]
  const answers = await Promise.all(names.map(name => store.apply('createGroup', { name })))
  expect(answers).toMatchObject([
    { result: {} },
    { code: 10004, reason: 'IllegalArgument' },
    { result: {} }
  ])
  const list = await until(store.groups$, ({ rows }) => rows.length === 2)
  expect(list.rows.map(({ name }) => name).sort()).toEqual(['One', 'Three'])
  expect(await report()).toEqual(nothingWrong)
})

const posts: [title: string, message: unknown][] = [
  ['null', null],
  ['a number', 5],
  ['an empty object', {}],
  ['an unknown type', { type: 'drop' }],
  ['a report without commits', { type: 'committed' }],
  ['a commit of a text', { type: 'committed', commits: [{ commitNumber: 9, writes: 'rows' }] }],
  ['a commit of null', { type: 'committed', commits: [{ commitNumber: 9, writes: [null] }] }],
  [
    'a row of an unknown table',
    {
      type: 'committed',
      commits: [{ commitNumber: 9, writes: [{ table: 'secrets', scope: '', id: 'x', row: {} }] }]
    }
  ],
  [
    'a number as a group',
    {
      type: 'committed',
      commits: [{ commitNumber: 9, writes: [{ table: 'groups', scope: '', id: 'x', row: 5 }] }]
    }
  ],
  [
    'a number as an operation',
    {
      type: 'committed',
      commits: [{ commitNumber: 9, writes: [{ table: 'outbox', scope: '', id: 'x', row: 5 }] }]
    }
  ],
  ['an empty status', { type: 'status' }],
  ['a hello without wanted groups', { type: 'hello' }],
  ['a hello that wants a number', { type: 'hello', wanted: 5 }]
]
test.each(posts)('%s from a tab of another build does no harm', async (_title, message) => {
  const userID = fresh('ann')
  const name = `${databaseName({ url: inject('url'), userID })} v${protocolVersion}`
  const { worker, heard, report } = startWorker(name)
  const store = await openStore(userID, { worker })
  taken(await store.apply('createGroup', { name: 'Crew' }))
  const channel = new BroadcastChannel(name)
  onTestFinished(() => channel.close())
  channel.postMessage(message)
  channel.postMessage({ type: 'hello', wanted: [], last: true })
  await expect.poll(() => heard).toContain('heard')
  const { opID } = taken(await store.apply('createGroup', { name: 'Boat' }))
  expect(await store.settled(opID)).toMatchObject({ kind: 'applied' })
  expect((await until(store.groups$, () => true)).rows.map(row => row.name).sort()).toEqual([
    'Boat',
    'Crew'
  ])
  expect(await report()).toEqual(nothingWrong)
  expect(heard).toEqual(['heard'])
})
