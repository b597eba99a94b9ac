/** What has to be filled in or confirmed before an operation. */

import type { TemplateResult } from 'lit-html'
import type { Group, Member } from 'offline-groups'
import type { Answers } from '../fields.ts'
import type { User } from '../user.ts'

export type Subject = {
  readonly user: User
  /** The group that is looked at. */
  readonly group: Group | null
  /** Of a form that concerns one. */
  readonly member: Member | undefined
  /** What the form begins with. */
  readonly groupID: string
}

export type Form = {
  title(subject: Subject): string
  readonly submit: string
  fields(subject: Subject): TemplateResult
  /** Answers whether the operation was taken. */
  send(subject: Subject, answers: Answers): Promise<boolean>
}

/** Who is meant, in a title. */
export const nameOf = ({ member, user }: Subject): string =>
  member === undefined || member.userID === user.userID ? 'your' : `${member.userID}’s`
