import type { Edit } from './bundle.js'

export const planted: Readonly<Record<string, { readonly edits: readonly Edit[] }>>
export const foundBy: Readonly<Record<string, number>>
export const stepsToFind: number
