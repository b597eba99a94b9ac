/** The app has one store, which its pages share. */

import { openStore } from './store.js'

/** @import { GroupStore } from 'offline-groups' */

const pausedKey = 'demo-is-paused'

App({
  userID: '',
  isPaused: false,
  // The types have no way to say that `onLaunch` sets it first.
  store: /** @type {GroupStore} */ (/** @type {unknown} */ (undefined)),

  onLaunch({ query }) {
    // The demo server knows these two users.
    this.userID = query.user === 'ann' ? 'ann' : 'bob'
    this.isPaused = wx.getStorageSync(pausedKey) === true
    this.store = openStore(this.userID, this.isPaused)
  },

  /**
   * The switch stands for a lost network. It keeps its state when the app starts again.
   * @param {boolean} isPaused
   */
  setPaused(isPaused) {
    this.isPaused = isPaused
    wx.setStorageSync(pausedKey, isPaused)
    return isPaused ? this.store.pause() : this.store.resume()
  }
})
