/** The examples beside the code and in the README compile against the package's types. */

import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { examplesOf, readmeExamples, type Example } from '../examples.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const examples: Example[] = [
  ...readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .flatMap(file => examplesOf(file, read(`src/${file}`))),
  ...readmeExamples(read('README.md'))
]

/** The names that an example may use without a declaration. */
const assumed = {
  createGroupStore: `import { createGroupStore } from 'offline-groups'`,
  isGroupError: `import { isGroupError } from 'offline-groups'`,
  store: `import type { GroupStore } from 'offline-groups'\ndeclare const store: GroupStore`,
  TIM: `import TIM from 'offline-groups/tim'`,
  tim: `import type { Tim } from 'offline-groups/tim'\ndeclare const tim: Tim`,
  createMemoryStorage: `import { createMemoryStorage } from 'offline-groups/ports'`,
  connectWebSocket: `import { connectWebSocket } from 'offline-groups/ports'`,
  startServer: `import { startServer } from 'offline-groups/server'`,
  openSqlDatabase: `import { openSqlDatabase } from 'offline-groups/server'`,
  openPGlite: `import { openPGlite } from 'offline-groups/server'`,
  generateUserSig: `import { generateUserSig } from 'offline-groups/server'`,
  server: `import type { SyncServer } from 'offline-groups/server'\ndeclare const server: SyncServer`,
  syncServerContract: `import { syncServerContract } from 'offline-groups/testing'`,
  createTestClock: `import { createTestClock } from 'offline-groups/testing'`,
  storageContract: `import { storageContract } from 'offline-groups/testing'`,
  afterAll: `import { afterAll } from 'vitest'`,
  expect: `import { expect } from 'vitest'`,
  test: `import { test } from 'vitest'`,
  url: 'declare const url: string',
  token: 'declare const token: string',
  userSig: 'declare const userSig: string',
  opID: 'declare const opID: string'
}

function moduleOf(code: string): string {
  const imports = [...code.matchAll(/^import .*$/gm)].join('\n')
  const body = code.replaceAll(/^import .*\n/gm, '')
  const uses = (text: string, name: string) => new RegExp(`(?<![.\\w'])${name}\\b`).test(text)
  const head = Object.entries(assumed).flatMap(([name, declaration]) =>
    uses(body, name) && !uses(imports, name) ? declaration : []
  )
  return [...head, imports, `{\n${body}\n}`, 'export {}'].join('\n')
}

const folder = 'dist/examples'
let errors: string[]

beforeAll(async () => {
  rmSync(join(root, folder), { recursive: true, force: true })
  mkdirSync(join(root, folder), { recursive: true })
  for (const [index, { code }] of examples.entries())
    writeFileSync(join(root, folder, `${index}.ts`), moduleOf(code))
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: { noUnusedLocals: false },
    include: ['*.ts']
  }
  writeFileSync(join(root, folder, 'tsconfig.json'), JSON.stringify(config))
  errors = await new Promise(resolve =>
    execFile('npx', ['tsc', '-p', folder, '--pretty', 'false'], { cwd: root }, (_, output) =>
      resolve(output.split('\n'))
    )
  )
})

test('more than 50 examples are found', () => expect(examples.length).toBeGreaterThan(50))

test.each(examples.map(({ title }, index) => ({ title, index })))(
  '$title compiles',
  ({ index }) => {
    expect(errors.filter(line => line.includes(`/${index}.ts(`))).toEqual([])
  }
)

test('no other file has errors', () => {
  expect(errors.filter(line => /^\S/.test(line) && !line.startsWith(`${folder}/`))).toEqual([])
})
