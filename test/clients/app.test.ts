/** An app of Tencent's SDK changes one import. The compiler checks both versions of the app. */

import { expect, inject, test, vi } from 'vitest'
import readme from '../../README.md?raw'
import { fresh, tokenFor } from '../browser/connect.ts'
import { openCrew } from './app/offline.ts'

const sources = import.meta.glob<string>('./app/*.ts', {
  query: '?raw',
  import: 'default',
  eager: true
})
const [offline = '', tencent = ''] = ['offline', 'tencent'].map(name => sources[`./app/${name}.ts`])
const code = (source: string) => source.split('\n').slice(1)

test('the two apps differ in one import', () => {
  expect(code(offline)).toEqual(
    code(tencent).map(line => line.replace("'@tencentcloud/chat'", "'offline-groups/tim'"))
  )
  expect(offline).not.toBe(tencent)
})

test('the README shows the lines of the app', () => {
  const lines = offline.split('\n').filter(line => line.startsWith('  '))
  expect(lines).toHaveLength(10)
  expect(readme).toContain(`\n${lines.map(line => line.slice(2)).join('\n')}\n`)
})

test('the app with another import creates a group', async () => {
  const userID = fresh('ann')
  const user = { userID, userSig: await tokenFor(userID) }
  const options = { SDKAppID: 1_400_000_003, url: inject('url') }
  const log = vi.spyOn(console, 'log').mockReturnValue()
  await openCrew(options, user)
  expect(log.mock.calls).toEqual([['Crew', 'We meet at eight.']])
})
