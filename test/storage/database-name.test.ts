/** The name of a user's database: server and user count, the way to the server does not. */

import { expect, test } from 'vitest'
import { databaseName } from '../../src/storage/database.ts'

const nameOf = (url: string) => databaseName({ url, userID: 'ann' })

test.each([
  ['HTTP', 'https://example.org/sync'],
  ['an insecure connection', 'ws://example.org/sync'],
  ['a trailing slash', 'wss://example.org/sync/'],
  ['the default port', 'wss://example.org:443/sync'],
  ['capital letters', 'WSS://Example.ORG/sync']
])('a url with %s names the same database', (_difference, url) => {
  expect(nameOf(url)).toBe(nameOf('wss://example.org/sync'))
})

test.each([
  ['host', 'wss://example.com/sync'],
  ['port', 'wss://example.org:8443/sync'],
  ['path', 'wss://example.org/test/sync'],
  ['query', 'wss://example.org/sync?tenant=2']
])('a url with another %s names another database', (_difference, url) => {
  expect(nameOf(url)).not.toBe(nameOf('wss://example.org/sync'))
})

test('each user has a database', () => {
  const url = 'wss://example.org/sync'
  expect(databaseName({ url, userID: 'ann' })).not.toBe(databaseName({ url, userID: 'bob' }))
})
