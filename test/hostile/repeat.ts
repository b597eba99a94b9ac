export const times = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** Does it so often, one after another. */
export async function repeat(count: number, work: (index: number) => unknown): Promise<void> {
  for (let index = 0; index < count; index++) await work(index)
}

export const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))
