/** A form to fill in or confirm before an operation. */

import type { TemplateResult } from 'lit-html'
import type { Group, Member } from 'offline-groups'
import type { Answers } from '../fields.ts'
import type { User } from '../user.ts'

export type Subject = {
  readonly user: User
  /** The selected group. */
  readonly group: Group | null
  /** The member that the form is about, if any. */
  readonly member: Member | undefined
  /** The fields with their initial values. */
  readonly groupID: string
}

export type Form = {
  title(subject: Subject): string
  readonly submit: string
  fields(subject: Subject): TemplateResult
  /** Resolves with `true` if the operation was accepted. */
  send(subject: Subject, answers: Answers): Promise<boolean>
}

/** The owner of the edited fields, for the title of a form. */
export const nameOf = ({ member, user }: Subject): string =>
  member === undefined || member.userID === user.userID ? 'your' : `${member.userID}’s`
