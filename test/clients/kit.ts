/** Loads a UI kit that `setup.ts` has built. */

import { inject } from 'vitest'

// The kits log each step, and some log whole components.
console.log = () => undefined

/** The calls that a kit has made and that need a delegate. */
export const refusedCalls = new Set<string>()
window.addEventListener(
  'unhandledrejection',
  event => {
    const { code, message } = Object(event.reason) as { code?: number; message?: string }
    if (code !== 2905) return
    refusedCalls.add(String(message).split(' ')[0] ?? '')
    // Vitest reports every other rejection.
    event.stopImmediatePropagation()
    event.preventDefault()
  },
  { capture: true }
)

/** Records also refusals that the kit handles. */
export function recordRefusals(tim: object): void {
  for (const [name, call] of Object.entries(tim) as [string, (...args: unknown[]) => unknown][]) {
    const record = (error: unknown) => {
      if ((Object(error) as { code?: number }).code === 2905) refusedCalls.add(name)
    }
    const recorded = (...args: unknown[]) => {
      try {
        const answer = call(...args)
        void Promise.resolve(answer).catch(record)
        return answer
      } catch (error) {
        record(error)
        throw error
      }
    }
    Object.assign(tim, { [name]: recorded })
  }
}

/** The kits declare no types that fit, so that their exports are untyped here. */
export async function loadKit(name: 'engine' | 'vue'): Promise<any> {
  const noKits = inject('noKits')
  if (noKits) throw new Error(noKits)
  const address = `/dist/clients/${name}.js`
  return import(/* @vite-ignore */ address)
}
