/**
 * The half of the driver that runs in the page: it opens a socket to the driver's server, imports
 * the functions that the driver sends, and finds and uses elements as a user would. Input events
 * are made by script, because no protocol of real input works in every installed browser.
 *
 * The function is sent as text, so it can use nothing from outside of itself.
 */

import type { Steps, Step } from './locator.ts'
import type { FromPage, ToPage } from './messages.ts'

export type ElementState = 'visible' | 'attached' | 'hidden' | 'detached'

declare global {
  interface Window {
    driven: ReturnType<typeof inPage>
  }
}

type Module = { default(...args: readonly unknown[]): unknown }

export function inPage(load: (address: string) => Promise<Module>) {
  const waitMs = 60_000
  const documentID = String(Math.random())
  const url = location.href
  // The name of a window survives reloads, and storage may be denied.
  let pageID = window.name
  let socket: WebSocket | undefined
  let isHidden = false
  /** Messages that wait for a welcome. */
  const unsent: string[] = []
  /** By the ID of the call. A call that arrives again over another socket does not run again. */
  const results = new Map<number, Promise<string>>()

  function connect(): void {
    const opened = new WebSocket(`${location.origin.replace('http', 'ws')}/drive`)
    const hello: FromPage = { type: 'hello', pageID, documentID, url }
    opened.onopen = () => opened.send(JSON.stringify(hello))
    opened.onmessage = ({ data }: MessageEvent<string>) => {
      const message = JSON.parse(data) as ToPage
      if (message.type === 'run') return void answer(message)
      window.name = pageID = message.pageID
      socket = opened
      for (const text of unsent.splice(0)) opened.send(text)
    }
    opened.onclose = () => {
      socket = undefined
      if (!isHidden) setTimeout(connect, 100)
    }
  }
  // A page with an open socket would not enter the back-forward cache.
  addEventListener('pagehide', () => {
    isHidden = true
    socket?.close()
  })
  addEventListener('pageshow', ({ persisted }) => {
    isHidden = false
    if (persisted) connect()
  })
  connect()

  function post(text: string): void {
    if (socket?.readyState === WebSocket.OPEN) socket.send(text)
    else unsent.push(text)
  }
  const send = (message: FromPage) => post(JSON.stringify(message))

  async function answer(call: ToPage & { type: 'run' }): Promise<void> {
    const result = results.get(call.id) ?? run(call)
    results.set(call.id, result)
    // The driver ignores a second result of a call.
    post(await result)
  }
  async function run({ id, module, args }: ToPage & { type: 'run' }): Promise<string> {
    const result = (end: { value: unknown } | { error: string }) =>
      JSON.stringify({ type: 'result', id, ...end } satisfies FromPage)
    try {
      return result({ value: await (await load(module)).default(...args) })
    } catch (error) {
      return result({ error: String(error) })
    }
  }

  const complain = (text: string) => send({ type: 'complaint', text })
  addEventListener('error', ({ message }) => complain(message))
  addEventListener('unhandledrejection', ({ reason }) => complain(String(reason)))

  const squeezed = (text: string | null) => (text ?? '').replace(/\s+/g, ' ').trim().toLowerCase()
  const includes = (element: Element, text: string) =>
    squeezed(element.textContent).includes(squeezed(text))
  const nameOf = (element: Element) => {
    const labels = element.getAttribute('aria-labelledby')?.split(' ') ?? []
    const labelled = labels.map(id => document.querySelector(`[id="${id}"]`)?.textContent).join(' ')
    return element.getAttribute('aria-label') ?? (labelled || element.textContent)
  }
  const roles: Readonly<Record<string, string>> = {
    button: 'button, [role=button]',
    textbox: 'input:not([type]), input[type=text], input[type=search], textarea'
  }

  function descend(elements: readonly ParentNode[], step: Step): Element[] {
    const below = (selector: string) => [
      ...new Set(elements.flatMap(element => [...element.querySelectorAll(selector)]))
    ]
    switch (step.by) {
      case 'css':
        return below(step.selector)
      case 'role': {
        const { role, name } = step
        const pattern = name && new RegExp(name.source, name.flags)
        return below(roles[role] ?? `[role=${role}]`).filter(
          element => !pattern || pattern.test(nameOf(element))
        )
      }
      case 'index':
        return (elements as Element[]).slice(step.index).slice(0, 1)
      case 'filter': {
        const { hasText, hasNotText, hasNot } = step
        return (elements as Element[]).filter(
          element =>
            (hasText === undefined || includes(element, hasText)) &&
            (hasNotText === undefined || !includes(element, hasNotText)) &&
            (hasNot === undefined || find(hasNot, element).length === 0)
        )
      }
    }
  }
  const find = (steps: Steps, from: ParentNode = document): Element[] =>
    steps.reduce<ParentNode[]>(descend, [from]) as Element[]

  const isVisible = (element: Element) =>
    element.getClientRects().length > 0 && getComputedStyle(element).visibility === 'visible'

  /** The result once it is there. Timers run in pages that draw no frames as well. */
  async function until<T>(steps: Steps, look: (elements: readonly Element[]) => T | undefined) {
    const startMs = performance.now()
    for (;;) {
      const result = look(find(steps))
      if (result !== undefined) return result
      if (performance.now() - startMs > waitMs)
        throw new Error(`${JSON.stringify(steps)}: nothing after ${waitMs} ms`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  const only = (elements: readonly Element[], steps: Steps) => {
    if (elements.length > 1)
      throw new Error(`${JSON.stringify(steps)}: ${elements.length} elements`)
    return elements[0] as HTMLElement | undefined
  }
  const one = (steps: Steps) => until(steps, elements => only(elements, steps))
  const usable = (steps: Steps) =>
    until(steps, elements => {
      const element = only(elements, steps)
      return element && isVisible(element) && !element.matches(':disabled') ? element : undefined
    })
  /** An enabled element is waited for. A key can press a disabled one, to show its reason. */
  const enabled = async (steps: Steps) => {
    await until(
      steps,
      elements => elements.some(each => !each.matches('[aria-disabled]')) || undefined
    )
    return usable(steps)
  }

  const waitFor = (steps: Steps, state: ElementState) =>
    until(steps, elements => {
      const isShown = elements.some(isVisible)
      const states = {
        visible: isShown,
        attached: elements.length > 0,
        hidden: !isShown,
        detached: elements.length === 0
      }
      return states[state] || undefined
    })

  async function click(steps: Steps): Promise<void> {
    const element = await enabled(steps)
    element.scrollIntoView({ block: 'nearest' })
    element.focus({ preventScroll: true })
    element.click()
  }

  const changed = (element: Element) => {
    for (const name of ['input', 'change'])
      element.dispatchEvent(new Event(name, { bubbles: true, composed: true }))
  }

  async function fill(steps: Steps, text: string): Promise<void> {
    const field = (await usable(steps)) as HTMLInputElement
    field.focus()
    field.value = text
    changed(field)
  }

  async function selectOption(steps: Steps, wanted: string): Promise<void> {
    const field = (await usable(steps)) as HTMLSelectElement
    const option = [...field.options].find(
      ({ value, label }) => value === wanted || label === wanted
    )
    if (!option) throw new Error(`There is no option ${wanted}.`)
    field.value = option.value
    changed(field)
  }

  async function setChecked(steps: Steps, isChecked: boolean): Promise<void> {
    const field = (await usable(steps)) as HTMLInputElement
    if (field.checked !== isChecked) field.click()
  }

  /** A key, with the effects that a browser gives to it: it sends a form, presses a button. */
  function press(element: Element, key: string): void {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
    if (!element.dispatchEvent(event)) return
    const isField = element instanceof HTMLInputElement
    if (key === 'Enter' && isField) element.form?.requestSubmit()
    else if (key === 'Enter' || (key === 'Space' && isField)) (element as HTMLElement).click()
  }

  return {
    find,
    one,
    waitFor,
    click,
    fill,
    selectOption,
    setChecked,
    press: async (steps: Steps, key: string) => {
      const element = await usable(steps)
      element.focus()
      press(element, key)
    },
    pressFocused: (key: string) => press(document.activeElement ?? document.body, key),
    isVisible: (steps: Steps) => find(steps).some(isVisible),
    /** Sends a text to the test, without an answer. */
    note: (text: string) => send({ type: 'note', text })
  }
}
