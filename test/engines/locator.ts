/** Locators of a driven page: the part of Playwright's interface that tests of the demo use. */

import type { Locator } from 'playwright'

/** One step from a set of elements to another set. */
export type Step =
  | { readonly by: 'css'; readonly selector: string }
  | {
      readonly by: 'role'
      readonly role: string
      /** Of a regular expression that the accessible name matches. */
      readonly name: { readonly source: string; readonly flags: string } | undefined
    }
  | { readonly by: 'index'; readonly index: number }
  | {
      readonly by: 'filter'
      readonly hasText?: string
      readonly hasNotText?: string
      readonly hasNot: Steps | undefined
    }
export type Steps = readonly Step[]

/** Runs the function of a source in the page. */
export type Run = (source: string, ...args: readonly unknown[]) => Promise<unknown>

export function createFinder(run: Run, page: () => unknown, steps: Steps = []) {
  const after = (...more: readonly Step[]): Locator =>
    createLocator(run, page, [...steps, ...more]) as unknown as Locator
  return {
    getByTestId: (id: string) => after({ by: 'css', selector: `[data-testid="${id}"]` }),
    locator: (selector: string) => after({ by: 'css', selector }),
    getByRole: (role: string, { name }: { name?: string | RegExp } = {}) =>
      after({ by: 'role', role, name: name === undefined ? undefined : patternOf(name) })
  }
}

/** A text matches in any case and anywhere, as in Playwright. */
function patternOf(name: string | RegExp) {
  if (typeof name !== 'string') return { source: name.source, flags: name.flags }
  return { source: name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), flags: 'i' }
}

type Filter = { hasText?: string; hasNotText?: string; hasNot?: Locator }

/** The steps of a locator, for a filter by another one. */
const stepsOf = new WeakMap<object, Steps>()

function createLocator(run: Run, page: () => unknown, steps: Steps) {
  const after = (step: Step) => createLocator(run, page, [...steps, step])
  const act = (name: string, ...args: readonly unknown[]) =>
    run(`(steps, ...args) => driven.${name}(steps, ...args)`, steps, ...args)
  const read = (expression: string, ...args: readonly unknown[]) =>
    run(
      `async (steps, arg) => { const element = await driven.one(steps); return ${expression} }`,
      steps,
      ...args
    )
  const all = (expression: string) => run(`steps => driven.find(steps)${expression}`, steps)
  const locator = {
    ...createFinder(run, page, steps),
    page,
    filter: ({ hasNot, ...texts }: Filter) =>
      after({ by: 'filter', ...texts, hasNot: hasNot && stepsOf.get(hasNot) }),
    nth: (index: number) => after({ by: 'index', index }),
    first: () => after({ by: 'index', index: 0 }),
    last: () => after({ by: 'index', index: -1 }),
    click: () => act('click'),
    fill: (text: string) => act('fill', text),
    selectOption: (option: string) => act('selectOption', option),
    check: () => act('setChecked', true),
    uncheck: () => act('setChecked', false),
    setChecked: (isChecked: boolean) => act('setChecked', isChecked),
    press: (key: string) => act('press', key),
    waitFor: ({ state = 'visible' }: { state?: string } = {}) => act('waitFor', state),
    isVisible: () => act('isVisible'),
    evaluate: (work: unknown, arg?: unknown) => read(`(${String(work)})(element, arg)`, arg),
    textContent: () => read('element.textContent'),
    innerText: () => read('element.innerText'),
    inputValue: () => read('element.value'),
    isChecked: () => read('element.checked'),
    getAttribute: (name: string) => read('element.getAttribute(arg)', name),
    focus: () => read('element.focus()'),
    blur: () => read('element.blur()'),
    count: () => all('.length'),
    allTextContents: () => all('.map(element => element.textContent)'),
    allInnerTexts: () => all('.map(element => element.innerText)')
  }
  stepsOf.set(locator, steps)
  return locator
}
