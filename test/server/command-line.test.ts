/** The built command line: settings from flags, environment and file, and commands that end. */

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { readSettings } from '../../src/server/cli-settings.ts'
import { createDatabase, missing } from './postgres.ts'

const cli = new URL('../../dist/src/server/cli.js', import.meta.url).pathname
const secret = { OFFLINE_GROUPS_SECRET: 'for tests only' }

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'offline-groups-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

function createFile(content: string): string {
  const file = join(createFolder(), 'settings.json')
  writeFileSync(file, content)
  return file
}

type Ended = { readonly code: unknown; readonly stdout: string; readonly stderr: string }

const run = (args: readonly string[], env: Record<string, string> = secret) =>
  new Promise<Ended>(resolve =>
    execFile(
      process.execPath,
      [cli, ...args],
      { env, cwd: tmpdir(), timeout: 60_000 },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr })
    )
  )

const wrong: [title: string, args: string[], message: RegExp][] = [
  ['a missing app ID', [], /^--app-id: /],
  ['an app ID as text', ['--app-id', 'mine'], /^--app-id: /],
  ['an empty port', ['--app-id', '1', '--port', ''], /^--port: /],
  ['a port as text', ['--app-id', '1', '--port', 'http'], /^--port: /],
  ['an invalid port', ['--app-id', '1', '--port', '70000'], /^--port: /],
  ['an invalid origin', ['--app-id', '1', '--origin', 'app.example'], /^--origin: /],
  ['an unknown option', ['--app-id', '1', '--prot', '80'], /--prot/],
  ['a missing file', ['--config', '/none.json'], /^--config: \/none\.json /],
  ['a second database', ['--database', 'postgres://a/b', '--data', './data'], /^--data: /],
  ['an address that is not PostgreSQL', ['--database', 'mysql://a/b'], /^--database: /]
]
test.concurrent.each(wrong)('%s is refused in one line', async (_title, args, message) => {
  const { code, stderr } = await run(args)
  expect(stderr).toMatch(message)
  expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1])
})

test('a new epoch is refused where no database is', async () => {
  const folder = createFolder()
  const dataDir = join(folder, 'elsewhere')
  const { code, stderr } = await run(['--new-epoch', '--data', dataDir])
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^--data: .* holds no database\n$/)])
  expect(readdirSync(folder)).toEqual([])
})

test('a missing secret key is refused without a value', async () => {
  const { code, stderr } = await run(['--app-id', '1'], {})
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^OFFLINE_GROUPS_SECRET: [^;]*\n$/)])
})

test('flags win over the environment, and the environment over the file', () => {
  const config = createFile(
    JSON.stringify({ sdkAppID: 1, port: 1, host: 'file', policy: { groupsPerUserMax: 5 } })
  )
  const env = {
    OFFLINE_GROUPS_PORT: '2',
    OFFLINE_GROUPS_HOST: 'env',
    OFFLINE_GROUPS_ADMINS: 'a, b'
  }
  const { command, settings } = readSettings(['--config', config, '--port', '3'], env)
  expect([command, settings]).toEqual([
    'start',
    {
      sdkAppID: 1,
      port: 3,
      host: 'env',
      appAdmins: ['a', 'b'],
      policy: { groupsPerUserMax: 5 }
    }
  ])
})

test('a flag names another database than the environment', () => {
  const env = { DATABASE_URL: 'postgres://host/other', OFFLINE_GROUPS_DATA: './other' }
  expect(readSettings(['--data', './data'], env).settings).toEqual({ dataDir: './data' })
  const [flag, url] = ['--database', 'postgres://host/chat']
  expect(readSettings([flag, url], env).settings).toEqual({ databaseURL: url })
  expect(() => readSettings([], env)).toThrow(/^dataDir: /)
})

test.each([
  ['not JSON', '{', /cannot be read as JSON/],
  ['a list', '[]', /must have an object/],
  ['an unknown setting', '{"prot":1}', /has prot; there are sdkAppID, /]
])('a file with %s is refused', (_title, content, message) => {
  expect(() => readSettings(['--config', createFile(content)], {})).toThrow(message)
})

test('the help names each flag and each variable', async () => {
  const { stdout } = await run(['--help'], {})
  for (const word of [
    '--app-id N',
    '--database URL',
    '--check',
    'DATABASE_URL',
    'OFFLINE_GROUPS_SECRET'
  ])
    expect(stdout).toContain(word)
})

test('the version is that of the package', async () => {
  expect((await run(['--version'], {})).stdout).toBe(`${packageJson.version}\n`)
})

test('a check of an absent embedded database creates nothing', async () => {
  const folder = createFolder()
  const { code, stdout } = await run(['--check', '--app-id', '1', '--data', folder])
  expect([code, stdout]).toEqual([
    0,
    `settings: right\ndatabase: embedded, will be created in ${folder}\n`
  ])
  expect(readdirSync(folder)).toEqual([])
})

test.skipIf(missing)('a server runs on PostgreSQL, and a check names its tables', async () => {
  const url = await createDatabase()
  const check = () => run(['--check', '--app-id', '1'], { ...secret, DATABASE_URL: url })
  expect((await check()).stdout).toContain('tables of version 0,')
  const server = spawn(process.execPath, [cli, '--app-id', '1', '--database', url, '--port', '0'], {
    env: secret,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const [line] = (await once(server.stdout, 'data')) as [Buffer]
  expect(line.toString()).toMatch(/^Sync server: ws:/)
  server.kill('SIGTERM')
  expect(await once(server, 'exit')).toEqual([0, null])
  expect((await check()).stdout).toMatch(/tables of version (\d+), this build makes version \1/)
})

test('a PostgreSQL that does not answer ends the check with one line', async () => {
  const { code, stderr } = await run(['--check', '--app-id', '1'], {
    ...secret,
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none'
  })
  expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1])
  expect(stderr).toContain('ECONNREFUSED')
})
