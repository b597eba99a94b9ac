/** The mini-program as a web page, on the `wx` of Mpx. */

import groupWxml from '../pages/group/group.wxml?raw'
import groupsWxml from '../pages/groups/groups.wxml?raw'
import groupSettings from '../pages/group/group.json'
import groupsSettings from '../pages/groups/groups.json'
import { start } from './runtime.ts'

const phone = document.querySelector('.phone')
const loadApp = () => import('../app.js')
const pages = [
  {
    path: 'pages/groups/groups',
    title: groupsSettings.navigationBarTitleText,
    wxml: groupsWxml,
    load: () => import('../pages/groups/groups.js')
  },
  {
    path: 'pages/group/group',
    title: groupSettings.navigationBarTitleText,
    wxml: groupWxml,
    load: () => import('../pages/group/group.js')
  }
]

// Two tabs of one user would overwrite each other's commits in the same storage.
await navigator.locks.request('mini-program', { ifAvailable: true }, async lock => {
  if (!phone) return
  if (!lock) return void (phone.textContent = 'This mini-program is open in another tab.')
  await start(loadApp, pages, phone)
  // The lock ends with the tab.
  await new Promise(() => undefined)
})
