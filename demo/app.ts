/** Settings that server, seed and page share. */

/** For this demo only. The key is public: anyone on this machine can log in as any user of it. */
export const app = { sdkAppID: 1400000000, secretKey: 'known to everybody who reads this' }

/** The app admin that fills the groups. */
export const appAdmins = ['admin']

/** The users of the page. */
export const users = ['ann', 'bob'] as const
