/** One group: its members, and the operations of the user there. */

import { isGroupError } from 'offline-groups'
import { avatarOf, pendingRow } from '../../words.js'

/** @import { Group, Member, TheApp } from '../../types.d.ts' */

/** @type {TheApp} */
const app = getApp()
const rowsPerStep = 40
const muteSeconds = 600

Page({
  data: {
    name: '',
    description: '',
    notification: '',
    isMember: true,
    isComplete: true,
    newName: '',
    mayRename: false,
    mayLeave: false,
    error: '',
    /** @type {ReturnType<typeof pendingRow>[]} */
    outbox: [],
    /** @type {ReturnType<typeof memberRow>[]} */
    members: []
  },

  groupID: '',
  chosen: '',
  limit: rowsPerStep,
  total: 0,
  /** @type {readonly Member[]} */
  rows: [],
  /** @type {{ unsubscribe(): void }[]} */
  subscriptions: [],
  /** @type {{ unsubscribe(): void } | undefined} */
  listed: undefined,

  /** @param {{ groupID?: string }} query */
  onLoad(query) {
    const groupID = decodeURIComponent(query.groupID || '')
    this.groupID = groupID
    this.subscriptions = [
      app.store.group$(groupID).subscribe(group => this.showGroup(group)),
      app.store.outbox$.subscribe(operations => {
        const own = operations.filter(operation => operation.groupID === groupID)
        this.setData({ outbox: own.map(operation => pendingRow(operation, '')) })
      })
    ]
    this.list()
  },

  onUnload() {
    for (const each of [...this.subscriptions, this.listed]) if (each) each.unsubscribe()
  },

  onReachBottom() {
    if (this.total <= this.limit) return
    this.limit += rowsPerStep
    this.list()
  },

  /** Subscribes to the window of the list that is shown. */
  list() {
    if (this.listed) this.listed.unsubscribe()
    const window = { offset: 0, limit: this.limit }
    this.listed = app.store.members$(this.groupID, window).subscribe(list => {
      this.rows = list.rows
      this.total = list.total
      // A device that goes offline early does not have all members yet.
      this.setData({ isComplete: list.complete })
      this.showMembers()
    })
  },

  /** @param {Group | null} group */
  showGroup(group) {
    this.setData({ isMember: group !== null, mayLeave: this.may('quitGroup', {}) })
    if (!group) return
    const { name, type, memberNum, notification } = group
    this.setData({ name, notification, description: `${type}, ${memberNum} members` })
    this.showMembers()
  },

  showMembers() {
    this.setData({ members: this.rows.map(row => memberRow(row, this.actionsOn(row))) })
  },

  /** @param {any} name @param {object} args */
  may(name, args) {
    return app.store.can(name, { groupID: this.groupID, ...args }).kind !== 'no'
  },

  /**
   * The operations on the chosen member. The rules of the store say which are refused.
   * @param {Member} member
   */
  actionsOn({ userID, role, muteUntil }) {
    if (userID !== this.chosen) return []
    const isMuted = isInFuture(muteUntil)
    const isAdmin = role === 'Admin'
    const actions = [
      {
        id: 'mute',
        label: isMuted ? 'Unmute' : 'Mute for 10 min',
        name: 'setGroupMemberMuteTime',
        args: { userID, muteTime: isMuted ? 0 : muteSeconds }
      },
      {
        id: 'set-role',
        label: isAdmin ? 'Make a member' : 'Make an admin',
        name: 'setGroupMemberRole',
        args: { userID, role: isAdmin ? 'Member' : 'Admin' }
      },
      { id: 'remove', label: 'Remove', name: 'deleteGroupMember', args: { userIDList: [userID] } }
    ]
    return actions.map(action => ({ ...action, isRefused: !this.may(action.name, action.args) }))
  },

  /** @param {any} name @param {object} args */
  async apply(name, args) {
    const answer = await app.store.apply(name, { groupID: this.groupID, ...args })
    this.setData({ error: isGroupError(answer) ? answer.message : '' })
    return !isGroupError(answer)
  },

  /** @param {{ currentTarget: { dataset: { id: string } } }} event */
  choose({ currentTarget }) {
    const { id } = currentTarget.dataset
    this.chosen = this.chosen === id ? '' : id
    this.showMembers()
  },

  /** @param {{ currentTarget: { dataset: { index: number | string } } }} event */
  act({ currentTarget }) {
    const chosen = this.data.members.find(({ userID }) => userID === this.chosen)
    const action = chosen && chosen.actions[Number(currentTarget.dataset.index)]
    if (action) void this.apply(action.name, action.args)
  },

  /** @param {{ detail: { value: string } }} event */
  setName({ detail }) {
    const newName = detail.value
    const mayRename = newName !== '' && this.may('updateGroupProfile', { name: newName })
    this.setData({ newName, mayRename })
  },

  async rename() {
    const isAccepted = await this.apply('updateGroupProfile', { name: this.data.newName })
    if (isAccepted) this.setData({ newName: '', mayRename: false })
  },

  leave() {
    void this.apply('quitGroup', {})
  }
})

/** @param {Member} member @param {{ id: string, label: string, name: string, args: object, isRefused: boolean }[]} actions */
function memberRow({ userID, nameCard, role, muteUntil }, actions) {
  return {
    userID,
    nameCard,
    role: role === 'Member' ? '' : role.toLowerCase(),
    isMuted: isInFuture(muteUntil),
    actions,
    avatar: avatarOf(nameCard || userID)
  }
}

/** @param {number} atSeconds */
const isInFuture = atSeconds => atSeconds * 1000 > Date.now()
