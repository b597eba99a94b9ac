/** Reads the exports of the package's entries, with their origins, from the sources. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'rolldown/parseAst'

/** A node of the syntax tree. Its fields depend on its type. */
type Node = { readonly type?: string } & { readonly [field: string]: unknown }

export type Name = {
  readonly name: string
  readonly kind: 'type' | 'value'
  /** The file and the name of the declaration, for example `src/kernel/model.ts Role`. */
  readonly origin: string
}

const root = new URL('../../', import.meta.url)
const trees = new Map<string, readonly Node[]>()

function statementsOf(file: string): readonly Node[] {
  const known = trees.get(file)
  if (known) return known
  const source = readFileSync(new URL(file, root), 'utf8')
  const { body } = parseAst(source, { lang: 'ts' }, fileURLToPath(new URL(file, root)))
  trees.set(file, body as unknown as Node[])
  return body as unknown as Node[]
}

const textOf = (node: unknown): string => {
  const { name, value } = (node ?? {}) as { name?: string; value?: string }
  return name ?? value ?? ''
}

/** The sources of the package's entries that export names, by the name to import them by. */
export function entries(): Map<string, string> {
  const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    exports: Record<string, string | { types: string }>
  }
  return new Map(
    Object.entries(exports).flatMap(([path, target]) =>
      typeof target === 'string'
        ? []
        : [
            [
              path.replace('.', 'offline-groups'),
              target.types.replace('./dist/', '').replace('.d.ts', '.ts')
            ] as const
          ]
    )
  )
}

/** A file of the package, or nothing for another package's module. */
const fileOf = (specifier: unknown, from: string): string | undefined => {
  const module = textOf(specifier)
  return module.startsWith('.')
    ? fileURLToPath(new URL(module, new URL(from, root))).slice(fileURLToPath(root).length)
    : undefined
}

const declaredNames = (declaration: Node): string[] =>
  declaration.type === 'VariableDeclaration'
    ? (declaration['declarations'] as Node[]).map(({ id }) => textOf(id))
    : [textOf(declaration['id'])]

const isTypeDeclaration = ({ type }: Node) =>
  type === 'TSTypeAliasDeclaration' || type === 'TSInterfaceDeclaration'

export function exportsOf(file: string): Name[] {
  return statementsOf(file).flatMap((statement): Name[] => {
    const { type, source, exportKind } = statement
    if (type === 'ExportDefaultDeclaration')
      return [{ name: 'default', kind: 'value', origin: `${file} default` }]
    if (type === 'ExportAllDeclaration') {
      const other = fileOf(source, file)
      return other === undefined ? [] : exportsOf(other)
    }
    if (type !== 'ExportNamedDeclaration') return []
    const declaration = statement['declaration'] as Node | null
    if (declaration)
      return declaredNames(declaration).map(name => ({
        name,
        kind: isTypeDeclaration(declaration) ? 'type' : 'value',
        origin: `${file} ${name}`
      }))
    const from = (source ? fileOf(source, file) : file) ?? file
    return (statement['specifiers'] as Node[]).map(specifier => ({
      name: textOf(specifier['exported']),
      kind: exportKind === 'type' || specifier['exportKind'] === 'type' ? 'type' : 'value',
      origin: `${from} ${textOf(specifier['local'])}`
    }))
  })
}

/** The origins of the package's own types that a declaration names. */
export function namedTypes(origin: string): string[] {
  const [file = '', name = ''] = origin.split(' ')
  const statement = statementsOf(file).find(each => {
    const declaration = each['declaration'] as Node | null | undefined
    return declaration && declaredNames(declaration).includes(name)
  })
  const found = new Set<string>()
  const collect = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(collect)
    if (typeof node !== 'object' || node === null) return
    const { type, typeName, body, params, returnType } = node as Node
    if (type === 'TSTypeReference') found.add(textOf(typeName))
    // The body of a function is no part of its signature.
    if (type?.endsWith('FunctionExpression') || type === 'FunctionDeclaration')
      return [params, returnType].forEach(collect)
    if (type === 'ClassBody')
      return (body as Node[]).forEach(member => collect({ ...member, value: null }))
    Object.values(node).forEach(collect)
  }
  collect(statement?.['declaration'])
  return [...found].flatMap(type => originOf(file, type) ?? [])
}

/** The origin of a type that a file names, or nothing for globals and other packages' types. */
function originOf(file: string, type: string): string | undefined {
  for (const statement of statementsOf(file)) {
    if (statement.type === 'ImportDeclaration') {
      const specifier = (statement['specifiers'] as Node[]).find(
        ({ local }) => textOf(local) === type
      )
      const from = fileOf(statement['source'], file)
      if (specifier && from) return reexported(from, textOf(specifier['imported']))
    }
    const declaration = (statement['declaration'] ?? statement) as Node
    if (isTypeDeclaration(declaration) && textOf(declaration['id']) === type)
      return `${file} ${type}`
  }
  return undefined
}

/** Follows `export … from` to the declaration. */
function reexported(file: string, name: string): string {
  const origin = exportsOf(file).find(each => each.name === name)?.origin ?? `${file} ${name}`
  const [next = '', nextName = ''] = origin.split(' ')
  return next === file ? origin : reexported(next, nextName)
}

export const declarationOf = ({ origin }: Name): string => {
  const [file = '', name = ''] = origin.split(' ')
  return reexported(file, name)
}
