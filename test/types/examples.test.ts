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
  ...['README.md', 'docs/mini-program.md'].flatMap(file => readmeExamples(read(file), file))
]

/** By module, the names that an example may use without an import. */
const modules: Readonly<Record<string, readonly string[]>> = {
  'offline-groups': ['createGroupStore', 'isGroupError'],
  'offline-groups/ports': ['createMemoryStorage', 'connectWebSocket', 'protocolVersion'],
  'offline-groups/server': [
    'startServer',
    'openSqlDatabase',
    'openPGlite',
    'openPostgres',
    'generateUserSig'
  ],
  'offline-groups/testing': ['syncServerContract', 'createTestClock', 'storageContract'],
  vitest: ['afterAll', 'expect', 'test']
}
/** The values that an example may use without a declaration, with their types. */
const values: Readonly<Record<string, string>> = {
  store: `import('offline-groups').GroupStore`,
  tim: `import('offline-groups/tim').Tim`,
  tencent: `import('offline-groups/tim').TimDelegate`,
  server: `import('offline-groups/server').SyncServer`,
  wx: `import('offline-groups/mini-program').MiniProgramCalls`,
  url: 'string',
  token: 'string',
  userSig: 'string',
  opID: 'string'
}
const assumed: readonly (readonly [name: string, declaration: string])[] = [
  ['TIM', `import TIM from 'offline-groups/tim'`],
  ...Object.entries(modules).flatMap(([module, names]) =>
    names.map(name => [name, `import { ${name} } from '${module}'`] as const)
  ),
  ...Object.entries(values).map(([name, type]) => [name, `declare const ${name}: ${type}`] as const)
]

function moduleOf(code: string): string {
  const imports = [...code.matchAll(/^import .*$/gm)].join('\n')
  const body = code.replaceAll(/^import .*\n/gm, '')
  const uses = (text: string, name: string) => new RegExp(`(?<![.\\w'])${name}\\b`).test(text)
  const head = assumed.flatMap(([name, declaration]) =>
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
