/**
 * A lane: the pending operations of one group in order, and the rows that they predict. A replay
 * decides each operation once more, over the base rows and the effects of the earlier ones.
 */

import type { Prepared, Result } from '../../kernel/decide.ts'
import type { Decision } from '../../kernel/decision.ts'
import { sameRow, type Change, type Key, type Rows, type Table } from '../../kernel/model.ts'
import { inOrder, type Pending } from '../../storage/tables.ts'
import { touch, type Touched } from './touched.ts'

type PredictedRow = { readonly key: Key; readonly row: Rows[Table] | null }
type LaneOperation = {
  readonly pending: Pending
  /** `undefined`: an operation of another build, which this one cannot decide. */
  readonly prepared: Prepared | undefined
  /** `undefined`: only the server can decide. */
  result: Result | undefined
}

type LaneOptions = {
  baseRow(key: Key): Rows[Table] | null | undefined
  /** Decides over the view: base rows with the rows of this lane. */
  decide(prepared: Prepared, nowSeconds: number): Decision<Result>
}

/** The name of a row within its group. */
const nameOf = (key: Key) => `${key.table}/${key.id}`

export type Lane = ReturnType<typeof createLane>

export function createLane({ baseRow, decide }: LaneOptions) {
  const operations: LaneOperation[] = []
  let predicted = new Map<string, PredictedRow>()
  /** The lane creates or dismisses the group, so it predicts all rows, and hides the base rows. */
  let hidesBase = false

  function row(key: Key): Rows[Table] | null | undefined {
    const prediction = predicted.get(nameOf(key))
    if (prediction) return prediction.row
    return hidesBase ? null : baseRow(key)
  }

  /** `before`: the predictions of the last replay. */
  function predict(
    changes: readonly Change[],
    touched: Touched,
    before: ReadonlyMap<string, PredictedRow> = new Map()
  ): void {
    for (const { row: changed, ...key } of changes) {
      if (key.table === 'groups' && (!changed || !row(key))) hideBase(touched)
      // An unchanged prediction stays the same object, so views that compare identity skip it.
      const last = before.get(nameOf(key))?.row
      const isSame = changed && last && sameRow(changed, last)
      predicted.set(nameOf(key), { key, row: isSame ? last : changed })
    }
  }

  function hideBase(touched: Touched): void {
    hidesBase = true
    for (const { key } of predicted.values()) touch(touched, key)
    predicted.clear()
  }

  const indexOf = (opID: string) => operations.findIndex(({ pending }) => pending.opID === opID)

  return {
    row,
    hidesBase: (): boolean => hidesBase,
    isEmpty: (): boolean => operations.length === 0,
    /** The members that the lane adds, changes or removes. */
    predictedMembers: (): string[] =>
      [...predicted.values()].flatMap(({ key }) => (key.table === 'members' ? key.id : [])),
    resultOf: (opID: string): Result | undefined => operations[indexOf(opID)]?.result,

    /** Adds an operation as the last one, with its decision. */
    append(
      operation: Omit<LaneOperation, 'result'>,
      decision: Decision<Result>,
      touched: Touched
    ): void {
      const result = decision.kind === 'accept' ? decision.result : undefined
      operations.push({ ...operation, result })
      if (decision.kind !== 'accept') return
      predict(decision.changes, touched)
      for (const change of decision.changes) touch(touched, change)
    },

    /** Adds or replaces an operation. Its effect shows after a replay. */
    insert(operation: Omit<LaneOperation, 'result'>): void {
      const index = indexOf(operation.pending.opID)
      if (index >= 0) operations.splice(index, 1)
      operations.push({ ...operation, result: undefined })
      operations.sort((a, b) => inOrder(a.pending, b.pending))
    },

    /** The effect of the operation disappears with the next replay. */
    remove(opID: string): void {
      const index = indexOf(opID)
      if (index >= 0) operations.splice(index, 1)
    },

    replay(touched: Touched): void {
      const before = predicted
      predicted = new Map()
      hidesBase = false
      for (const operation of operations) {
        const { pending, prepared } = operation
        const decision = prepared && decide(prepared, pending.askedAtServerSeconds)
        operation.result = decision?.kind === 'accept' ? decision.result : undefined
        if (decision?.kind === 'accept') predict(decision.changes, touched, before)
      }
      for (const { key } of [...before.values(), ...predicted.values()]) touch(touched, key)
    }
  }
}
