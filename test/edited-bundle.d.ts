export type Edit = { readonly file: string; readonly find: string; readonly replace: string }
export function bundleEdited(options: {
  input: string
  output: string
  edits: ReadonlyMap<Edit, string>
}): Promise<string>
