/**
 * Renders the part of WXML that the pages use: `{{path}}`, `wx:for`, `wx:if`, `wx:else`, `bind…`.
 * So the browser shows the pages' own files, and its tests cover them.
 */

type Scope = Readonly<Record<string, unknown>>
type Part =
  | string
  | {
      readonly tag: string
      readonly attributes: ReadonlyMap<string, unknown>
      readonly children: readonly Part[]
    }
export type WxEvent = {
  readonly currentTarget: { readonly dataset: DOMStringMap }
  readonly detail: { readonly value?: unknown }
}
type Call = (handler: string, event: WxEvent) => void

/** Returns a function that renders the page with this data into an element. */
export function compile(source: string): (target: Element, data: Scope, call: Call) => void {
  const text = `<page xmlns:wx="wx">${source}</page>`
  const { documentElement } = new DOMParser().parseFromString(text, 'application/xml')
  return (target, data, call) => patch(target, partsOf(documentElement.childNodes, data), call)
}

function partsOf(nodes: Iterable<Node>, scope: Scope): Part[] {
  const parts: Part[] = []
  let isShown = true
  for (const node of nodes) {
    if (node instanceof Element) {
      const condition = node.getAttribute('wx:if')
      isShown = node.hasAttribute('wx:else')
        ? !isShown
        : condition === null || Boolean(valueOf(condition, scope))
      if (isShown) parts.push(...repeated(node, scope))
    } else {
      const text = node.textContent?.trim()
      if (text) parts.push(String(valueOf(text, scope)))
    }
  }
  return parts
}

function repeated(element: Element, scope: Scope): Part[] {
  const rows = element.getAttribute('wx:for')
  if (rows === null) return [partOf(element, scope)]
  return (valueOf(rows, scope) as readonly unknown[]).map((item, index) =>
    partOf(element, { ...scope, item, index })
  )
}

const partOf = (element: Element, scope: Scope): Part => ({
  tag: element.localName,
  attributes: new Map(
    [...element.attributes]
      .filter(({ name }) => !name.startsWith('wx:'))
      .map(({ name, value }) => [name, valueOf(value, scope)])
  ),
  children: partsOf(element.childNodes, scope)
})

/** One expression keeps its type. */
function valueOf(text: string, scope: Scope): unknown {
  const only = /^\{\{([^{}]*)\}\}$/.exec(text)?.[1]
  if (only !== undefined) return evaluate(only, scope)
  return text.replaceAll(/\{\{([^{}]*)\}\}/g, (_, path: string) => String(evaluate(path, scope)))
}

function evaluate(expression: string, scope: Scope): unknown {
  const [, not, path = ''] = /^\s*(!?)([\w.]+)\s*$/.exec(expression) ?? []
  if (!path) throw new Error(`This expression is not supported: ${expression}`)
  const value = path
    .split('.')
    .reduce<unknown>((value, name) => (Object(value) as Scope)[name], scope)
  return not ? !value : value
}

const handlersOf = new WeakMap<Node, ReadonlyMap<string, unknown>>()

/** Elements are reused by their position, so an input keeps its focus. */
function patch(target: Element, parts: readonly Part[], call: Call): void {
  parts.forEach((part, index) => {
    const existing = target.childNodes[index]
    if (typeof part === 'string') {
      if (!(existing instanceof Text)) put(target, existing, new Text(part))
      else if (existing.data !== part) existing.data = part
      return
    }
    const isReused = existing instanceof HTMLElement && existing.dataset['tag'] === part.tag
    const element = isReused ? existing : put(target, existing, create(part.tag, call))
    handlersOf.set(element, part.attributes)
    setAttributes(element, part.attributes)
    patch(element, part.children, call)
  })
  while (target.childNodes.length > parts.length) target.lastChild?.remove()
}

function put<N extends Node>(target: Element, existing: Node | undefined, node: N): N {
  if (existing) target.replaceChild(node, existing)
  else target.append(node)
  return node
}

function create(tag: string, call: Call): HTMLElement {
  const element = document.createElement(tag === 'switch' ? 'input' : tag)
  element.dataset['tag'] = tag
  if (tag === 'switch') Object.assign(element, { type: 'checkbox', role: 'switch' })
  const dispatch = (name: string) => {
    const handler = handlersOf.get(element)?.get(name)
    if (typeof handler !== 'string' || element.hasAttribute('disabled')) return
    const isInput = element instanceof HTMLInputElement
    const value = isInput && (tag === 'switch' ? element.checked : element.value)
    call(handler, { currentTarget: element, detail: { value } })
  }
  element.addEventListener('click', () => dispatch('bindtap'))
  element.addEventListener('input', () => dispatch('bindinput'))
  element.addEventListener('change', () => dispatch('bindchange'))
  element.addEventListener('keydown', ({ key, target }) => {
    if (key === 'Enter' && target === element && tag === 'view') dispatch('bindtap')
  })
  return element
}

function setAttributes(element: HTMLElement, attributes: ReadonlyMap<string, unknown>): void {
  for (const { name } of [...element.attributes])
    if (!attributes.has(name) && !['data-tag', 'type', 'role', 'tabindex'].includes(name))
      element.removeAttribute(name)
  for (const [name, value] of attributes) {
    if (name === 'value' || name === 'checked') {
      if (Reflect.get(element, name) !== value) Reflect.set(element, name, value)
    } else if (value === false) element.removeAttribute(name)
    else if (!name.startsWith('bind')) element.setAttribute(name, String(value))
  }
  if (element.dataset['tag'] === 'view' && attributes.has('bindtap')) {
    element.setAttribute('role', 'button')
    element.tabIndex = 0
  }
}
