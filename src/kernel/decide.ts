/**
 * How any operation is judged, by client and server alike.
 *
 * Why: client and server run the same `decide`, so they agree. The answers are accept, reject and
 * unknown. A client holds only part of the rows, so an operation that it cannot decide is queued
 * without a prediction.
 */

import { parseArgs, type ArgsOf, type ArgsSpec } from './args.ts'
import { generatedIDPrefix, isGeneratedID } from './ids.ts'
import type { Context, Decision, Definition, View } from './decision.ts'
import { groupError, type GroupError } from './errors.ts'
import { groupKey, hasOwn, memberKey, type GroupRow, type Key } from './model.ts'
import { operations } from './operations/index.ts'

/**
 * Rises with every change of the rules. A client whose server has another version does not trust
 * its own refusals. `test/kernel/version.test.ts` fails when decisions change under one version.
 */
export const kernelVersion = 6

/** The names of all operations: those of Tencent's calls that change groups. */
export type OperationName = keyof typeof operations
/** The arguments of an operation. An optional argument may be `undefined`. */
export type Args<N extends OperationName = OperationName> = Loose<
  ArgsOf<(typeof operations)[N]['args']>
>
type Loose<T> = { [K in keyof T]: T extends Required<Pick<T, K>> ? T[K] : T[K] | undefined }
/** The result of an accepted operation: that of Tencent's call, without rows. */
export type Result<N extends OperationName = OperationName> = Accepted<
  ReturnType<(typeof operations)[N]['decide']>
>
type Accepted<D> = D extends { kind: 'accept'; result: infer R } ? R : never

/** An operation with checked arguments. */
export type Operation = {
  readonly name: OperationName
  readonly args: Readonly<Record<string, unknown>>
  readonly groupID: string
}

export type Prepared = {
  readonly operation: Operation
  /** Rows to load before the decision. Without the group's row, some of them may be missing. */
  needs(group: GroupRow | null | undefined): readonly Key[]
  /** Users with a limit on their number of groups that the operation may exceed. */
  readonly counted: readonly string[]
  readonly undecidedOffline: 'queue' | 'refuse'
  /** The same operation, with omitted arguments filled in from the rows. */
  complete(view: View): Prepared
  decide(view: View, ctx: Omit<Context, 'groupID'>): Decision<Result>
}

/**
 * Checks name and arguments of an untrusted operation. `groupID` is the lane of the operation. For
 * a `createGroup` without an ID, it is the generated one.
 */
export function prepare(
  { name, args, groupID }: { name: unknown; args: unknown; groupID: string },
  actor: string
): { ok: true; prepared: Prepared } | { ok: false; error: GroupError } {
  if (!isOperationName(name)) return { ok: false, error: groupError('UnknownOperation') }
  // The compiler cannot relate `name` to its arguments here. `Args` does so for callers.
  const definition = operations[name] as unknown as Definition<ArgsSpec, Result>
  const parsed = parseArgs(definition.args, args)
  if (!parsed.ok) return parsed
  const named = parsed.args['groupID']
  if (named === undefined ? !isGeneratedID(groupID) : named !== groupID) {
    return {
      ok: false,
      error: groupError(
        'IllegalGroupID',
        `${generatedIDPrefix}… expected, or the groupID of the arguments`
      )
    }
  }
  const preparedWith = (args: ArgsOf<ArgsSpec>): Prepared => ({
    operation: { name, args, groupID },
    needs: group => [
      groupKey(groupID),
      memberKey({ groupID, userID: actor }),
      ...(definition.needs?.(args, actor, group) ?? [])
    ],
    counted: definition.counted?.(args, actor) ?? [],
    complete: view => preparedWith(definition.complete?.(args, view) ?? args),
    undecidedOffline: definition.undecidedOffline ?? 'queue',
    decide(view, ctx) {
      const decision = definition.decide(view, args, { ...ctx, groupID })
      return parsed.limit && decision.kind !== 'reject'
        ? { kind: 'reject', error: parsed.limit }
        : decision
    }
  })
  return { ok: true, prepared: preparedWith(parsed.args) }
}

function isOperationName(name: unknown): name is OperationName {
  return typeof name === 'string' && hasOwn(operations, name)
}
