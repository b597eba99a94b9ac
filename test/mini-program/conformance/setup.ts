/**
 * Builds two implementations of `wx` for web pages that others have written: Taro's, which is
 * installed here because it is large, and that of Mpx.
 */

import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'vite'
import type { TestProject } from 'vitest/node'
import { install } from '../../install.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

const taroCalls = `
  export {
    getStorage, setStorage, removeStorage, getStorageInfo, connectSocket, request,
    onAppShow, offAppShow, onAppHide, offAppHide, onNetworkStatusChange, offNetworkStatusChange
  } from '@tarojs/taro-h5'`

declare module 'vitest' {
  interface ProvidedContext {
    /** Why the libraries cannot be tested, or an empty string. */
    noLibraries: string
  }
}

export default async function setup(project: TestProject): Promise<void> {
  // Thrown here, the error would end the run of all projects.
  const noLibraries = await prepare().then(
    () => '',
    (error: unknown) => String(error)
  )
  project.provide('noLibraries', noLibraries)
}

async function prepare(): Promise<void> {
  install(path('taro'))
  await build({
    root: path('taro'),
    configFile: false,
    logLevel: 'error',
    plugins: [taroEntry()],
    // The build tools of both libraries define these.
    define: {
      'process.env.NODE_ENV': '"production"',
      'process.env.TARO_ENV': '"h5"',
      'process.env.TARO_PLATFORM': '"web"',
      ...Object.fromEntries(runtimeOptions.map(name => [name, 'false'])),
      __mpx_mode__: '"web"',
      global: 'globalThis'
    },
    // Mpx has a file for each platform.
    resolve: { extensions: ['.web.js', '.js', '.mjs', '.json'] },
    build: {
      outDir: path('../../../dist/conformance'),
      emptyOutDir: true,
      minify: false,
      lib: {
        entry: { taro, mpx: path('../../../demo/mini-program/browser/mpx.js') },
        formats: ['es']
      }
    }
  })
}

const runtimeOptions = [
  'ADJACENT_HTML',
  'CLONE_NODE',
  'CONTAINS',
  'INNER_HTML',
  'MUTATION_OBSERVER',
  'SIZE_APIS',
  'TEMPLATE_CONTENT'
].map(name => `ENABLE_${name}`)

const taro = path('taro/calls.js')

/** A file here would not find Taro, which is in a folder of its own. */
const taroEntry = (): Plugin => ({
  name: 'entry-of-taro',
  enforce: 'pre',
  resolveId: id => (id === taro ? id : undefined),
  load: id => (id === taro ? taroCalls : undefined)
})
