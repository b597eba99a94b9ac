/** What server, seed and page agree on. */

/** For this demo only: whoever can reach it on this machine may be any of its users, so the key keeps nothing secret. */
export const app = { sdkAppID: 1400000000, secretKey: 'known to everybody who reads this' }

/** Fills the groups; may do in every group what its owner may. */
export const appAdmins = ['admin']

/** The users of the page. */
export const users = ['ann', 'bob'] as const
