/** The groups of the user, with the outbox and the refusals. */

import { isGroupError } from 'offline-groups'
import { avatarOf, connectionWords, pendingRow, verdictRow } from '../../words.js'

/** @import { Group, PendingOperation, ShownArgs, TheApp, VerdictEntry } from '../../types.d.ts' */

/** @type {TheApp} */
const app = getApp()
const rowsPerStep = 40

/** Names of groups, also of those that the user has left meanwhile. @type {Map<string, string>} */
const names = new Map()

/** @param {PendingOperation} operation */
const nameOf = ({ groupID, args }) =>
  names.get(groupID) || /** @type {ShownArgs} */ (args).name || groupID

Page({
  data: {
    userID: app.userID,
    avatar: avatarOf(app.userID),
    isPaused: app.isPaused,
    mode: '',
    connection: 'opening',
    error: '',
    search: '',
    newName: '',
    total: 0,
    /** @type {ReturnType<typeof pendingRow>[]} */
    outbox: [],
    /** @type {ReturnType<typeof verdictRow>[]} */
    verdicts: [],
    /** @type {ReturnType<typeof groupRow>[]} */
    groups: []
  },

  limit: rowsPerStep,
  /** @type {readonly Group[]} */
  rows: [],
  /** @type {readonly PendingOperation[]} */
  operations: [],
  /** @type {readonly VerdictEntry[]} */
  entries: [],
  /** @type {{ unsubscribe(): void }[]} */
  subscriptions: [],
  /** @type {{ unsubscribe(): void } | undefined} */
  listed: undefined,

  onLoad() {
    const { status$, outbox$, verdicts$, groups$ } = app.store
    this.subscriptions = [
      status$.subscribe(status => {
        const { isPaused } = app
        const mode = isPaused ? 'paused' : status.connection
        this.setData({ isPaused, mode, connection: connectionWords(status, isPaused) })
      }),
      outbox$.subscribe(operations => {
        this.operations = operations
        this.show()
      }),
      verdicts$.subscribe(entries => {
        this.entries = entries
        this.show()
      }),
      groups$.subscribe(({ rows }) => {
        for (const { groupID, name } of rows) names.set(groupID, name)
        this.show()
      })
    ]
    this.list()
  },

  onUnload() {
    for (const each of [...this.subscriptions, this.listed]) if (each) each.unsubscribe()
  },

  onReachBottom() {
    if (this.data.total <= this.limit) return
    this.limit += rowsPerStep
    this.list()
  },

  /** Subscribes to the window of the list that is shown. */
  list() {
    if (this.listed) this.listed.unsubscribe()
    const window = { search: this.data.search, limit: this.limit }
    this.listed = app.store.groupList$(window).subscribe(({ rows, total }) => {
      this.rows = rows
      this.setData({ total })
      this.show()
    })
  },

  show() {
    const pending = new Set(this.operations.map(({ groupID }) => groupID))
    this.setData({
      groups: this.rows.map(group => groupRow(group, pending.has(group.groupID))),
      outbox: this.operations.map(operation => pendingRow(operation, nameOf(operation))),
      verdicts: this.entries.map(entry => verdictRow(entry, nameOf(entry)))
    })
  },

  /** @param {{ detail: { value: boolean } }} event */
  setPaused({ detail }) {
    this.setData({ isPaused: detail.value })
    void app.setPaused(detail.value)
  },

  /** @param {{ detail: { value: string } }} event */
  search({ detail }) {
    this.setData({ search: detail.value })
    this.limit = rowsPerStep
    this.list()
  },

  /** @param {{ detail: { value: string } }} event */
  nameNew({ detail }) {
    this.setData({ newName: detail.value })
  },

  async create() {
    const answer = await app.store.apply('createGroup', {
      name: this.data.newName,
      type: 'Public'
    })
    if (isGroupError(answer)) this.setData({ error: answer.message })
    else this.setData({ error: '', newName: '' })
  },

  /** @param {{ currentTarget: { dataset: { id: string } } }} event */
  dismiss({ currentTarget }) {
    void app.store.dismissVerdict(currentTarget.dataset.id)
  },

  /** @param {{ currentTarget: { dataset: { id: string } } }} event */
  open({ currentTarget }) {
    const groupID = encodeURIComponent(currentTarget.dataset.id)
    void wx.navigateTo({ url: `/pages/group/group?groupID=${groupID}` })
  }
})

/** @param {Group} group @param {boolean} isPending */
function groupRow({ groupID, name, type, memberNum, selfInfo }, isPending) {
  const role = selfInfo && selfInfo.role !== 'Member' ? selfInfo.role.toLowerCase() : ''
  return { groupID, name, type, memberNum, role, isPending, avatar: avatarOf(name) }
}
