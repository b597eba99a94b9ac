/** The built files in a realm like that of a mini-program: the language, timers and nothing else. */

import { createContext, runInContext } from 'node:vm'
import { rolldown, type OutputChunk, type RolldownOptions } from 'rolldown'
import { transformSync } from 'rolldown/utils'
import configs from '../../.config/rolldown.mini-program.js'

export type Files = ReadonlyMap<string, string>
type Format = 'cjs' | 'esm'
/** On older iPhones, promises are made of timers, and asynchronous functions of generators. */
export type Promises = 'native promises' | 'promises of timers'

/**
 * The files as `npm run build` writes them. With a lower target, asynchronous functions are
 * generators: otherwise they would use native promises.
 */
export async function buildFiles(format: Format, target = 'es2019'): Promise<Files> {
  const config = configs.find(each => (each.output as { format: Format }).format === format)
  const { output, ...input } = config as RolldownOptions
  const bundle = await rolldown({ ...input, transform: { target } })
  const built = await bundle.generate(output as object)
  await bundle.close()
  const chunks = built.output.filter((file): file is OutputChunk => file.type === 'chunk')
  return new Map(chunks.map(({ fileName, code }) => [fileName, code]))
}

/** Whether a build for an engine of this year leaves the code as it is. */
export const hasOnlySyntaxOf = (target: string, code: string): boolean => {
  const lowered = (to: string) => transformSync('file.js', code, { target: to }).code
  return lowered(target) === lowered('esnext')
}

/** Loads a file as CommonJS, with the files that it requires. */
export function loadBare<T>(files: Files, name: string, promises: Promises): T {
  const timers = { setTimeout, clearTimeout, setInterval, clearInterval }
  const realm = createContext({ ...timers }, { codeGeneration: { strings: false, wasm: false } })
  if (promises === 'promises of timers') runInContext(promiseOfTimers, realm)
  runInContext('delete globalThis.WebAssembly; delete globalThis.globalThis', realm)
  const modules = new Map<string, object>()
  const load = (file: string): object => {
    const known = modules.get(file)
    if (known) return known
    const code = files.get(file)
    if (code === undefined) throw new Error(`no file ${file}`)
    const module = { exports: {} }
    const run = runInContext(`(function (module, exports, require) {${code}\n})`, realm) as (
      ...args: unknown[]
    ) => void
    run(module, module.exports, (path: string) => load(path.replace('./', '')))
    modules.set(file, module.exports)
    return module.exports
  }
  return load(name) as T
}

/** Each reaction of a promise is a task of its own. */
const promiseOfTimers = `
  const NativePromise = Promise
  const inTask = work => typeof work !== 'function' ? work : value =>
    new NativePromise(resolve => setTimeout(() => resolve(value), 0)).then(work)
  Promise = class Promise extends NativePromise {
    then(onValue, onError) {
      return super.then(inTask(onValue), inTask(onError))
    }
  }
`
