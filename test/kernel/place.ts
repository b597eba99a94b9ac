/** Places for a value under test: one argument of an otherwise accepted call. */

import type { OperationName } from '../../src/kernel/decide.ts'
import { codeOf, createWorld, judge, perform, populated, type As, type World } from './world.ts'

/** An operation that is accepted if the value under test is. */
export type Place = {
  readonly operation: OperationName
  readonly args: (value: any) => object
  readonly world?: () => World
  readonly as?: As | string
}

export const create = (field: string): Place => ({
  operation: 'createGroup',
  args: value => ({ groupID: 'new', name: 'Crew', type: 'Public', [field]: value }),
  world: createWorld
})
export const update = (field: string): Place => ({
  operation: 'updateGroupProfile',
  args: value => ({ groupID: 'g', [field]: value })
})

export const answer = ({ operation, args, world = populated, as }: Place, value: unknown) =>
  codeOf(judge(world(), operation, args(value), as))

/** A group with an application of `guest`. */
export const applications = () => {
  const world = populated({ joinOption: 'NeedPermission' })
  perform(world, 'joinGroup', { groupID: 'g' }, 'guest')
  return world
}

export const ownField: Place = {
  operation: 'setGroupMemberCustomField',
  args: memberCustomField => ({ groupID: 'g', memberCustomField })
}
