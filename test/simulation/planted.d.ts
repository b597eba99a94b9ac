import type { Edit } from '../edited-bundle.js'
import type { Condition } from './swarm.ts'

export const planted: Readonly<Record<string, { readonly edits: readonly Edit[] }>>
export const worldOf: Readonly<Record<string, readonly Condition[] | undefined>>
export const foundBy: Readonly<Record<string, number>>
export const stepsToFind: number
