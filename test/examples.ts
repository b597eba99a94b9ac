/** The examples in documentation comments, as code. */

export type Example = { readonly title: string; readonly code: string }

const comment = /@example\n(?<code>(?: +\* ?.*\n)+?) +\*\/\s*(?<owner>.*)/g

/** The examples of one source file, each named by the line that it documents. */
export const examplesOf = (file: string, source: string): Example[] =>
  [...source.matchAll(comment)].map(({ groups }) => ({
    title: `${file}: ${groups?.['owner']?.trim().slice(0, 60)}`,
    code: (groups?.['code'] ?? '').replaceAll(/^ +\* ?/gm, '')
  }))

export const readmeExamples = (document: string, name = 'README'): Example[] =>
  [...document.matchAll(/```(?:ts|js)\n(?<code>[\s\S]*?)```/g)].map(({ groups }, index) => ({
    title: `${name}, example ${index + 1}`,
    code: groups?.['code'] ?? ''
  }))

/** Runs code with these variables, in a block, so that the code can declare the same names. */
export async function runCode(
  code: string,
  around: Readonly<Record<string, unknown>>
): Promise<void> {
  const AsyncFunction = (async () => undefined).constructor as new (
    ...args: string[]
  ) => (...args: unknown[]) => Promise<void>
  await new AsyncFunction(...Object.keys(around), `{\n${code}\n}`)(...Object.values(around))
}
