/** Opens the store on the storage and the sockets of `wx`. */

import { createGroupStore, weChat } from 'offline-groups'

/** The server of `npm start`. In WeChat's tools, switch off the check of domains. */
const address = (typeof location === 'object' && location.host) || 'localhost:8787'

/** @param {string} userID @param {boolean} paused */
export const openStore = (userID, paused) =>
  createGroupStore({
    url: `ws://${address}/sync`,
    userID,
    token: () => readToken(userID),
    platform: weChat(wx),
    paused
  })

/**
 * The store calls this whenever it needs a userSig.
 * @param {string} userID
 * @returns {Promise<string>}
 */
const readToken = userID =>
  new Promise((resolve, reject) => {
    wx.request({
      url: `http://${address}/token?userID=${userID}`,
      dataType: 'text',
      success: ({ data }) => resolve(/** @type {string} */ (data)),
      fail: ({ errMsg }) => reject(new Error(errMsg))
    })
  })
