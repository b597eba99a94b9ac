/** Texts of other users, numbers and times, ready for display. */

const bidiControls = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

/** Without the invisible characters that change the direction of text. */
export const plain = (text: string): string => text.replace(bidiControls, '')

export const quoted = (text: string): string => `“${plain(text)}”`

const numbers = new Intl.NumberFormat('en')
export const count = (number: number): string => numbers.format(number)
export const counted = (number: number, noun: string): string =>
  `${count(number)} ${noun}${number === 1 ? '' : 's'}`

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const calendar = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric'
})

/** The time of day, with the date unless it is today's. */
export function time(atMs: number): string {
  const date = new Date(atMs)
  return date.toDateString() === new Date().toDateString()
    ? clock.format(date)
    : `${calendar.format(date)}, ${clock.format(date)}`
}

/** “4:59”, “1:04:59”, “3 days”. */
export function span(seconds: number): string {
  const days = Math.floor(seconds / 86_400)
  if (days > 0) return counted(days, 'day')
  const [hours, minutes, rest] = [
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    seconds % 60
  ]
  const twoDigits = (number: number) => String(number).padStart(2, '0')
  return hours > 0
    ? `${hours}:${twoDigits(minutes)}:${twoDigits(rest)}`
    : `${minutes}:${twoDigits(rest)}`
}

/** “ann”, “ann and bob”, “ann, bob and 3 others”. */
export function enumerate(names: readonly string[]): string {
  const [first = 'nobody', second, third] = names.map(plain)
  if (second === undefined) return first
  if (third === undefined) return `${first} and ${second}`
  return `${first}, ${second} and ${counted(names.length - 2, 'other')}`
}
