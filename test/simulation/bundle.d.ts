import type { Edit } from '../edited-bundle.js'

export function bundle(options?: {
  name?: string
  file?: string
  edits?: readonly Edit[]
}): Promise<string>
