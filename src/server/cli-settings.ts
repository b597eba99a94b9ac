/** The settings of the command line: each from its flag, else the environment, else a file. */

import { readFileSync } from 'node:fs'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { ServerOptions } from './main.ts'

type Served = 'sdkAppID' | 'port' | 'host' | 'dataDir' | 'appAdmins' | 'allowedOrigins' | 'policy'

/** Options of the server, and the address of a PostgreSQL that replaces the embedded database. */
export type Settings = Pick<ServerOptions, Served | 'secretKey'> & { readonly databaseURL?: string }

type Setting = {
  readonly flag?: string
  /** The name of the flag's value in the help. */
  readonly value?: string
  readonly env?: string
  readonly isList?: boolean
  readonly help?: string
  /** The value of a text. `source` names the flag or the variable in an error. */
  readonly read?: (text: string, source: string) => unknown
}

const settings: Readonly<Record<keyof Required<Settings>, Setting>> = {
  sdkAppID: {
    flag: 'app-id',
    value: 'N',
    env: 'OFFLINE_GROUPS_APP_ID',
    help: "the app's number, as in TIM.create({ SDKAppID: N })",
    read: wholeNumber
  },
  secretKey: { env: 'OFFLINE_GROUPS_SECRET' },
  port: {
    flag: 'port',
    value: 'N',
    env: 'OFFLINE_GROUPS_PORT',
    help: '8788 unless given',
    read: wholeNumber
  },
  host: {
    flag: 'host',
    value: 'ADDRESS',
    env: 'OFFLINE_GROUPS_HOST',
    help: '127.0.0.1 unless given'
  },
  dataDir: {
    flag: 'data',
    value: 'FOLDER',
    env: 'OFFLINE_GROUPS_DATA',
    help: 'the folder of the embedded database; ./offline-groups-data unless given'
  },
  databaseURL: {
    flag: 'database',
    value: 'URL',
    env: 'DATABASE_URL',
    help: 'a PostgreSQL instead, such as postgres://user@host/name'
  },
  appAdmins: {
    flag: 'admin',
    value: 'USERID',
    env: 'OFFLINE_GROUPS_ADMINS',
    isList: true,
    help: 'an app admin; may be given several times'
  },
  allowedOrigins: {
    flag: 'origin',
    value: 'ORIGIN',
    env: 'OFFLINE_GROUPS_ORIGINS',
    isList: true,
    help: 'an origin that may connect; all unless given; may be given several times'
  },
  policy: {}
}

/** Names of the commands that end after their work. Without one of them, the server starts. */
const commands = {
  check: 'checks the settings and the database, changes nothing, and ends',
  'new-epoch': 'declares a restored backup, and ends: run it once, before the server starts',
  version: 'the version of this build',
  help: 'this text'
} as const
export type Command = keyof typeof commands | 'start'

const names = Object.keys(settings) as (keyof Settings)[]
const flagLine = (flag: string, value: string, help: string) =>
  `  ${`--${flag} ${value}`.padEnd(20)}${help}`

export const usage = `offline-groups-server: the sync server of Offline Groups

${names
  .flatMap(name => {
    const { flag, value = '', help = '' } = settings[name]
    return flag === undefined ? [] : flagLine(flag, value, help)
  })
  .join('\n')}
${flagLine('config', 'FILE', 'a JSON file with settings by name')}
${Object.entries(commands)
  .map(([flag, help]) => flagLine(flag, '', help))
  .join('\n')}

Each setting may come from its flag, from the environment, or from the file, in this order:
${names
  .map(name => `  ${name.padEnd(20)}${settings[name].env ?? 'only in the file: see PolicyOptions'}`)
  .join('\n')}
A list in the environment is separated by commas. The secret key, which signs userSigs, has no flag,
because other users of the machine can read the flags of a process.`

/** Throws if a flag, a variable or the file is wrong. */
export function readSettings(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>
): { readonly command: Command; readonly settings: Partial<Settings> } {
  const options: ParseArgsConfig['options'] = { config: { type: 'string' } }
  for (const { flag, isList = false } of Object.values(settings))
    if (flag !== undefined) options[flag] = { type: 'string', multiple: isList }
  for (const name of Object.keys(commands)) options[name] = { type: 'boolean' }
  const values: Readonly<Record<string, unknown>> = parseArgs({ args: [...args], options }).values
  const command =
    (Object.keys(commands) as Command[]).find(name => values[name] === true) ?? 'start'
  if (command === 'help' || command === 'version') return { command, settings: {} }
  const layers: Layer[] = [
    layerOf(({ flag = '' }) => [values[flag] as string | string[] | undefined, `--${flag}`]),
    layerOf(({ env: name = '' }) => [env[name] === '' ? undefined : env[name], name]),
    typeof values['config'] === 'string' ? readFile(values['config']) : {}
  ]
  const merged = Object.assign({}, ...layers.toReversed()) as Layer
  return { command, settings: withOneDatabase(merged, layers) as Partial<Settings> }
}

/** The settings of one source. The options of the server are checked later. */
type Layer = { readonly [Name in keyof Settings]?: unknown }

function layerOf(
  textOf: (setting: Setting) => [text: string | readonly string[] | undefined, source: string]
): Layer {
  const given = names.map(name => [name, fromText(name, ...textOf(settings[name]))] as const)
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

/** The environment may name a database for another program, and a flag wins over it. */
function withOneDatabase(
  { dataDir: _, databaseURL: __, ...others }: Layer,
  layers: readonly Layer[]
): Layer {
  const { dataDir, databaseURL } =
    layers.find(each => each.dataDir !== undefined || each.databaseURL !== undefined) ?? {}
  if (dataDir !== undefined && databaseURL !== undefined)
    throw new Error('dataDir: is for the embedded database, and databaseURL names another one')
  if (databaseURL === undefined) return dataDir === undefined ? others : { ...others, dataDir }
  if (typeof databaseURL !== 'string' || !/^postgres(ql)?:\/\//.test(databaseURL))
    throw new Error('databaseURL: must be an address such as postgres://user@host/name')
  return { ...others, databaseURL }
}

/** The message of an error in an option, with the name that a user of the command line knows. */
export function inFlags(message: string): string {
  const name = /^\w+(?=:)/.exec(message)?.[0]
  if (name === undefined || !Object.hasOwn(settings, name)) return message
  const { flag, env } = settings[name as keyof Settings]
  return (flag === undefined ? (env ?? name) : `--${flag}`) + message.slice(name.length)
}

function fromText(
  name: keyof Settings,
  text: string | readonly string[] | undefined,
  source: string
): unknown {
  const { isList, read = (text: string) => text } = settings[name]
  if (typeof text === 'string' && !isList) return read(text, source)
  return typeof text === 'string' ? text.split(',').map(item => item.trim()) : text
}

function readFile(path: string): Readonly<Record<string, unknown>> {
  let file: unknown
  try {
    file = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(`--config: ${path} cannot be read as JSON: ${(error as Error).message}`, {
      cause: error
    })
  }
  if (typeof file !== 'object' || file === null || Array.isArray(file))
    throw new Error(`--config: ${path} must have an object with settings by name`)
  for (const name of Object.keys(file))
    if (!Object.hasOwn(settings, name))
      throw new Error(`--config: ${path} has ${name}; there are ${names.join(', ')}`)
  return file as Record<string, unknown>
}

// `Number('')` is 0, and port 0 would mean any free port.
function wholeNumber(text: string, source: string): number {
  if (!/^\d+$/.test(text))
    throw new Error(`${source}: must be a whole number; it is ${JSON.stringify(text)}`)
  return Number(text)
}
