/** Logged operations that gave roles, as the definitions of the operations say. */

import type { ArgsOf, ArgsSpec } from './args.ts'
import type { Definition, GivenRole } from './decision.ts'
import { lookUp } from './model.ts'
import { operations } from './operations/index.ts'

// An operation in the log has passed the checks of its arguments, so its definition may read them.
const definitions = operations as unknown as Readonly<Record<string, Definition<ArgsSpec, unknown>>>

export const roleOperations: readonly string[] = Object.keys(definitions).filter(
  name => definitions[name]?.givesRoles
)

export const rolesGiven = ({
  name,
  args,
  actor
}: {
  name: string
  args: unknown
  actor: string
}): readonly GivenRole[] =>
  lookUp(definitions, name)?.givesRoles?.(args as ArgsOf<ArgsSpec>, actor) ?? []
