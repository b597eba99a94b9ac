/** Operations, refusals and the connection in words. */

/** @import { PendingOperation, ShownArgs, Status, Verdict, VerdictEntry } from './types.d.ts' */

/** @type {Record<string, (args: ShownArgs) => string>} */
const operations = {
  createGroup: ({ name }) => `create “${name}”`,
  updateGroupProfile: ({ name }) => (name ? `rename to “${name}”` : 'change the profile'),
  setGroupMemberRole: ({ userID, role }) =>
    role === 'Admin' ? `make ${userID} an admin` : `make ${userID} a plain member`,
  setGroupMemberMuteTime: ({ userID, muteTime = 0 }) =>
    muteTime > 0 ? `mute ${userID} for ${muteTime / 60} minutes` : `unmute ${userID}`,
  deleteGroupMember: ({ userIDList = [] }) => `remove ${userIDList.join(', ')}`,
  quitGroup: () => 'leave the group'
}

/** @type {Record<string, (by: string, at: string) => string>} */
const causes = {
  quit: (_by, at) => `you left the group at ${at}`,
  kicked: (by, at) => `you were removed by ${by} at ${at}`,
  dismissed: (by, at) => `the group was dismissed by ${by} at ${at}`,
  demoted: (by, at) => `your admin role was taken by ${by} at ${at}`,
  predecessor: () => 'an earlier operation was refused'
}

/** @param {PendingOperation} operation @param {string} group */
export function pendingRow({ opID, name, args, askedAtMs }, group) {
  const words = operations[name]
  return {
    opID,
    group,
    words: words ? words(args) : name,
    time: time(askedAtMs)
  }
}

/** @param {VerdictEntry} entry @param {string} group */
export const verdictRow = (entry, group) => ({
  ...pendingRow(entry, group),
  ...reasonOf(entry.verdict)
})

/** @param {Verdict} verdict */
function reasonOf(verdict) {
  if (verdict.kind !== 'rejected')
    return { heading: 'Partly done', message: '', cause: '', code: '' }
  const { error, cause } = verdict
  const words = cause && causes[cause.reason]
  return {
    heading: 'Refused',
    message: error.message,
    cause: words ? `Because ${words(cause.by, time(cause.atSeconds * 1000))}.` : '',
    code: `${error.code} ${error.reason}`
  }
}

/** @param {Status} status @param {boolean} isPaused */
export function connectionWords({ connection, caughtUp, pending }, isPaused) {
  if (isPaused) return 'offline'
  if (connection !== 'online') return connection === 'connecting' ? 'connecting' : 'no connection'
  if (!caughtUp) return 'online, catching up'
  return pending > 0 ? 'online, sending' : 'online, caught up'
}

/** @param {number} atMs */
function time(atMs) {
  const date = new Date(atMs)
  return [date.getHours(), date.getMinutes()]
    .map(number => (number < 10 ? `0${number}` : number))
    .join(':')
}

/** The first character of a name, and one of six colours. @param {string} name */
export const avatarOf = name => ({
  initial: (Array.from(name)[0] || '?').toUpperCase(),
  colour: Array.from(name).reduce((sum, character) => sum + character.charCodeAt(0), 0) % 6
})
