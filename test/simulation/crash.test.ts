import { expect, test } from 'vitest'
import { playScenario } from './crash.ts'

const scenarios = Array.from({ length: 50 }, (_, index) => ({
  seed: 1000 + index,
  actions: 4 + (index % 3)
}))

test.each(['device', 'server'] as const)(
  'each operation gets one verdict if the %s crashes at any await',
  async victim => {
    const wrong: string[] = []
    let crashes = 0
    for (const scenario of scenarios) {
      const { steps, wrong: without } = await playScenario(scenario)
      wrong.push(...without.map(each => `scenario ${scenario.seed}: ${each}`))
      for (let step = 0; step < steps; step++) {
        crashes++
        const crashed = await playScenario(scenario, { step, victim })
        wrong.push(
          ...crashed.wrong.map(each => `scenario ${scenario.seed}, ${victim} at ${step}: ${each}`)
        )
      }
    }
    expect(wrong).toEqual([])
    expect(crashes).toBeGreaterThan(50 * 20)
  },
  600_000
)
