/** The part of a mini-program's runtime that the pages use: `App`, `Page`, `getApp`, navigation. */

import * as mpx from './mpx.js'
import { compile } from './wxml.ts'

export type PageSource = {
  readonly path: string
  readonly title: string
  readonly wxml: string
  readonly load: () => Promise<unknown>
}
type Query = Readonly<Record<string, string>>
type Options = Readonly<Record<string, unknown>> & { readonly data?: object }
type OpenPage = {
  readonly title: string
  readonly element: HTMLElement
  readonly close: () => void
}

export async function start(
  loadApp: () => Promise<unknown>,
  sources: readonly PageSource[],
  phone: Element
): Promise<void> {
  const [header, main] = [phone.querySelector('header'), phone.querySelector('main')]
  const [back, heading] = [header?.querySelector('button'), header?.querySelector('h1')]
  if (!main || !back || !heading) throw new Error('The page has no phone.')
  const app: { onLaunch?(launch: { query: Query }): void } = {}
  let registered: Options = {}
  const open: OpenPage[] = []

  /** Pages are shown one above the other. The lower ones keep their state. */
  function push({ title, wxml }: PageSource, options: Options, query: Query): void {
    const element = document.createElement('page')
    main?.append(element)
    const page = createPage(options, compile(wxml), element)
    open.push({ title, element, close: () => page.call('onUnload') })
    page.call('onLoad', query)
    show()
  }

  function show(): void {
    open.forEach(({ element }, index) => (element.hidden = index < open.length - 1))
    if (heading) heading.textContent = open[open.length - 1]?.title ?? ''
    if (back) back.hidden = open.length < 2
  }

  function pop(): void {
    if (open.length < 2) return
    const closed = open.pop()
    closed?.close()
    closed?.element.remove()
    show()
  }

  async function navigate(url: string): Promise<void> {
    const [path = '', search] = url.slice(1).split('?')
    const source = sources.find(each => each.path === path)
    if (!source) throw new Error(`There is no page ${path}.`)
    push(source, pages.get(path) ?? {}, queryOf(search))
  }

  Object.assign(globalThis, {
    App(options: Options) {
      Object.assign(app, options)
      app.onLaunch?.({ query: queryOf(location.search) })
    },
    Page: (options: Options) => void (registered = options),
    getApp: () => app,
    wx: { ...mpx, navigateTo: ({ url }: { url: string }) => void (location.hash = url) }
  })
  back.addEventListener('click', () => history.back())
  addEventListener('hashchange', () => {
    if (location.hash === '') pop()
    else void navigate(location.hash.slice(1))
  })

  await loadApp()
  const pages = new Map<string, Options>()
  for (const { path, load } of sources) {
    // `Page` has no name: a runtime knows it by the file that it runs.
    await load()
    pages.set(path, registered)
  }
  const [first] = sources
  if (first) push(first, pages.get(first.path) ?? {}, {})
  // The runtime of a reloaded app starts at its first page.
  history.replaceState(null, '', location.pathname + location.search)
}

const queryOf = (search = ''): Query => Object.fromEntries(new URLSearchParams(search))

function createPage(
  options: Options,
  render: ReturnType<typeof compile>,
  element: HTMLElement
): { call(name: string, value?: unknown): void } {
  const page: Record<string, unknown> = { ...options, data: { ...options.data }, setData }
  let isScheduled = false

  function setData(changes: object): void {
    Object.assign(page['data'] as object, changes)
    if (isScheduled) return
    isScheduled = true
    requestAnimationFrame(() => {
      isScheduled = false
      render(element, page['data'] as Options, call)
    })
  }
  function call(name: string, value?: unknown): void {
    const method = page[name]
    if (typeof method === 'function') void method.call(page, value)
  }

  element.addEventListener('scroll', () => {
    const below = element.scrollHeight - element.scrollTop - element.clientHeight
    if (below < 200) call('onReachBottom')
  })
  setData({})
  return { call }
}
