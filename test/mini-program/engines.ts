/**
 * Compares code with the official table of the engines and polyfills of WeChat's base libraries.
 * Engines differ between devices, so code may use only the parts that all of them have.
 */

import compat from 'miniprogram-compat'
import { parseAst } from 'rolldown/parseAst'
import { hasOnlySyntaxOf } from './realm.ts'

/** Globals of ES2019, the timers and the module system. `globalThis` is absent on some devices. */
const globals = new Set(
  `Array ArrayBuffer Boolean DataView Date Error EvalError Float32Array Float64Array Function
  Infinity Int16Array Int32Array Int8Array Intl JSON Map Math NaN Number Object Promise Proxy
  RangeError ReferenceError Reflect RegExp Set String Symbol SyntaxError TypeError URIError
  Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakSet decodeURI
  decodeURIComponent encodeURI encodeURIComponent isFinite isNaN parseFloat parseInt undefined
  arguments console clearInterval clearTimeout setInterval setTimeout exports module require`
    .trim()
    .split(/\s+/)
)

/** Members since ES2020, by the module of core-js that has them. */
const newerMembers: ReadonlyMap<string, string> = new Map(
  `array.at array.find-last array.find-last-index array.from-async array.to-reversed
  array.to-sorted array.to-spliced map.group-by object.group-by object.has-own promise.all-settled
  promise.any promise.try promise.with-resolvers regexp.escape set.difference set.intersection
  set.is-disjoint-from set.is-subset-of set.is-superset-of set.symmetric-difference set.union
  string.is-well-formed string.match-all string.replace-all string.to-well-formed`
    .trim()
    .split(/\s+/)
    .map(module => [memberOf(module), module])
)

function memberOf(module: string): string {
  return (module.split('.')[1] ?? '').replaceAll(/-(\w)/g, (_, letter: string) =>
    letter.toUpperCase()
  )
}

/** The parts that a base library lacks: `syntax`, `structuredClone`, `.toSorted`. */
export function lackingIn(baseLibrary: string, code: string): string[] {
  const engines = compat.getBrowsersList(baseLibrary)
  const polyfills = new Set(
    compat.getPolyfillInfo(baseLibrary)?.coreJsModules.map(name => name.replace(/^es(next)?\./, ''))
  )
  if (!engines) throw new Error(`The table has no base library ${baseLibrary}.`)
  const isMissing = (module: string | undefined) => module !== undefined && !polyfills.has(module)
  const { free, asked, members } = namesIn(code)
  return [
    ...engines
      .filter(engine => !hasOnlySyntaxOf(engine.replace(' ', ''), code))
      .map(engine => `syntax of ${engine}`),
    // Code that asks by `typeof` goes without.
    ...[...free].filter(name => !globals.has(name) && !asked.has(name)),
    ...[...members].filter(name => isMissing(newerMembers.get(name))).map(name => `.${name}`)
  ].sort()
}

type Node = { readonly type: string; readonly [field: string]: unknown }
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value

type Names = {
  readonly declared: Set<string>
  readonly free: Set<string>
  readonly asked: Set<string>
  readonly members: Set<string>
}

/**
 * A name that is declared anywhere counts as declared everywhere. Bundlers give local names that
 * differ from all globals of a file.
 */
function namesIn(code: string): Names {
  const names = { declared: new Set(), free: new Set(), asked: new Set(), members: new Set() }
  visit(parseAst(code) as unknown as Node, names as Names)
  for (const name of names.declared) names.free.delete(name)
  return names as Names
}

function visit(node: Node, names: Names): void {
  // Its names are those of another file.
  if (node.type === 'ExportNamedDeclaration' && node['source']) return
  if (node.type === 'Identifier') names.free.add(String(node['name']))
  for (const [field, value] of Object.entries(node)) {
    if (isNameOnly(node, field)) {
      if (node.type === 'MemberExpression') names.members.add(nameOf(value))
      continue
    }
    for (const child of [value].flat()) {
      if (!isNode(child)) continue
      if (isDeclaration(node, field)) declare(child, names)
      if (node['operator'] === 'typeof') names.asked.add(nameOf(child))
      visit(child, names)
    }
  }
}

const nameOf = (node: unknown): string => (isNode(node) ? String(node['name']) : '')

/** Names of properties, methods, labels and exports are no variables. */
function isNameOnly({ type, computed }: Node, field: string): boolean {
  if (type === 'MemberExpression') return field === 'property' && computed === false
  if (/^(Property|MethodDefinition|PropertyDefinition)$/.test(type))
    return field === 'key' && computed === false
  if (type === 'ExportSpecifier') return field === 'exported'
  if (type === 'ImportSpecifier') return field === 'imported'
  return field === 'label'
}

const declaring: Readonly<Record<string, readonly string[]>> = {
  VariableDeclarator: ['id'],
  FunctionDeclaration: ['id', 'params'],
  FunctionExpression: ['id', 'params'],
  ArrowFunctionExpression: ['params'],
  ClassDeclaration: ['id'],
  ClassExpression: ['id'],
  CatchClause: ['param'],
  ImportSpecifier: ['local'],
  ImportDefaultSpecifier: ['local'],
  ImportNamespaceSpecifier: ['local']
}
const isDeclaration = ({ type }: Node, field: string) => declaring[type]?.includes(field) ?? false

/** Adds the variables of a pattern. Defaults in it are no variables. */
function declare(pattern: Node, names: Names): void {
  if (pattern.type === 'Identifier') names.declared.add(nameOf(pattern))
  const parts: Readonly<Record<string, readonly unknown[]>> = {
    ObjectPattern: [pattern['properties']],
    Property: [pattern['value']],
    ArrayPattern: [pattern['elements']],
    RestElement: [pattern['argument']],
    AssignmentPattern: [pattern['left']]
  }
  for (const child of (parts[pattern.type] ?? []).flat()) if (isNode(child)) declare(child, names)
}
