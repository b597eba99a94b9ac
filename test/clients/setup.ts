/**
 * Installs UI kits of Tencent, and builds each as an app would: with an alias that replaces
 * Tencent's SDK by this package. Nothing of theirs is in this repository.
 */

import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin, type PluginOption } from 'vite'
import type { TestProject } from 'vitest/node'
import { install } from '../install.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** The modules to build. A test mounts components with the copy of Vue that they import. */
const kits: Readonly<Record<string, string>> = {
  engine: `export * from '@tencentcloud/chat-uikit-engine'`,
  vue: `
    export { createApp, h } from 'vue'
    export { TUICore, TUIComponents } from '@tencentcloud/chat-uikit-vue'`
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Why the kits cannot be tested, or an empty string. */
    noKits: string
  }
}

export default async function setup(project: TestProject): Promise<void> {
  // Thrown here, the error would end the run of all projects.
  const noKits = await prepare().then(
    () => '',
    (error: unknown) => String(error)
  )
  project.provide('noKits', noKits)
}

async function prepare(): Promise<void> {
  install(path('kits'))
  await build({
    root: path('kits'),
    configFile: false,
    logLevel: 'error',
    plugins: [modules(), withoutStyles(), await components()],
    define: { 'process.env.NODE_ENV': '"production"' },
    resolve: { alias: { '@tencentcloud/chat': 'offline-groups/tim' } },
    build: {
      outDir: path('../../dist/clients'),
      emptyOutDir: true,
      minify: false,
      lib: {
        entry: Object.fromEntries(Object.keys(kits).map(name => [name, kitID(name)])),
        formats: ['es']
      },
      rolldownOptions: { external: ['offline-groups/tim'] }
    }
  })
}

const kitID = (name: string) => path(`kits/${name}.kit.js`)

function modules(): Plugin {
  const code = new Map(Object.entries(kits).map(([name, code]) => [kitID(name), code]))
  return {
    name: 'modules-of-kits',
    enforce: 'pre',
    resolveId: id => (code.has(id) ? id : undefined),
    load: id => code.get(id)
  }
}

/** The tests read texts. To compile the styles would take most of the time. */
const withoutStyles = (): Plugin => ({
  name: 'without-styles',
  enforce: 'pre',
  transform: (code, id) =>
    id.endsWith('.vue') ? code.replaceAll(/<style[^]*?(?:<\/style>|\/>)/g, '') : undefined
})

/** Compiles Vue's components. The plugin is a dependency of that folder alone. */
async function components(): Promise<PluginOption> {
  const { resolve } = createRequire(path('kits/'))
  const plugin = (await import(pathToFileURL(resolve('@vitejs/plugin-vue')).href)) as {
    default(): PluginOption
  }
  return plugin.default()
}
