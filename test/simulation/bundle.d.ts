export type Edit = { readonly file: string; readonly find: string; readonly replace: string }
export function bundle(options?: {
  name?: string
  file?: string
  edits?: readonly Edit[]
}): Promise<string>
