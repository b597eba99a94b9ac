/** The demo page: two users side by side. Each has a store, a worker and a database. */

import { render } from 'lit-html'
import { page } from './page.ts'
import { openUser, type User } from './user.ts'

const users: User[] = []
let isScheduled = false

/** Draws at most once per frame. */
function changed(): void {
  if (isScheduled) return
  isScheduled = true
  requestAnimationFrame(() => {
    isScheduled = false
    render(page(users), document.body)
  })
}

const url = `${location.origin.replace('http', 'ws')}/sync`
for (const userID of ['ann', 'bob']) {
  const token = await (await fetch(`/token?userID=${userID}`)).text()
  users.push(openUser({ userID, token, url }, changed))
}

// Updates the remaining time of mutes and of the next attempt to connect.
setInterval(() => {
  if (document.querySelector('[data-runs-down]')) changed()
}, 1000)

/** For the console: `await demo.ann.store.apply('createGroup', { name: 'Crew' })`. */
Object.assign(window, { demo: Object.fromEntries(users.map(user => [user.userID, user])) })
