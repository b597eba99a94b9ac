/**
 * Every code of Tencent's tables and every code of this package: how it comes about, or why it
 * cannot.
 */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errors } from '../../src/kernel/errors.ts'
import { act, agreed, crew, crewOf } from './code-answers.ts'
import { packageCodes } from './codes/package.ts'
import { applied } from './codes/produce.ts'
import { sdkCodes } from './codes/sdk.ts'
import { serverCodes } from './codes/server.ts'
import { tokenCodes } from './codes/tokens.ts'

const produced = [...sdkCodes, ...packageCodes, ...serverCodes, ...tokenCodes]

test.each(produced)('%i %s: %s', async (code, reason, _title, produce) => {
  expect(await produce()).toMatchObject({ code, reason })
})

test('users in too many groups are not added, and named', async () => {
  const server = await crewOf('Private', { policy: { groupsPerUserMax: 1 } })
  await act(server, 'eve', 'createGroup', { groupID: 'hers', name: 'Hers' })
  const args = { ...crew, userIDList: ['eve', 'bob', 'zoe'] }
  expect(
    await server.judge('ann', { name: 'addGroupMember', args, groupID: 'crew' })
  ).toMatchObject({
    kind: 'partial',
    result: { successUserIDList: ['zoe'], failureUserIDList: ['eve'], existedUserIDList: ['bob'] }
  })
})

test('a decision on an application whose author is in already is refused', async () => {
  const server = await applied()
  await act(server, 'app', 'addGroupMember', { ...crew, userIDList: ['eve'] })
  const decided = await agreed(server, 'ann', 'handleGroupApplication', {
    ...crew,
    userID: 'eve',
    handleAction: 'Agree'
  })
  expect(decided).toMatchObject({ code: 10024 })
  expect((await server.database.snapshot(reader => reader.group('crew'))).row?.memberNum).toBe(3)
})

/** Codes that only Tencent's face, or a real worker, comes upon, and the test that does. */
const elsewhere: Readonly<Record<string, string>> = {
  2002: '../browser/tim.test.ts',
  2003: '../browser/tim.test.ts',
  2025: '../browser/tim.test.ts',
  2026: '../browser/tim.test.ts',
  2662: '../browser/tim.test.ts',
  4510: '../browser/store.test.ts',
  4514: '../client/tim-verdicts.test.ts',
  4515: '../other-build/other-build.test.ts',
  4516: '../storage/opening.test.ts',
  4517: '../storage/opening.test.ts',
  4518: '../storage/opening.test.ts'
}

/** The codes of Tencent's tables that cannot come up here, with the reason. */
const never: Readonly<Record<string, string>> = {
  10019: 'the server keeps no register of accounts: a user is whom a userSig names',
  2000: 'the number of the app is a required option; a userSig of another app is refused 70014',
  2001: 'there are no account types',
  '2022, 2023': 'a login is answered by a userSig that is good, not by parts that may be missing',
  2024: 'from later SDKs; here it is 2999',
  '2500-2502': 'conversations: this is no chat',
  2602: 'IDs of communities, of which no group call makes use',
  2603: 'from later SDKs; here it is 10010',
  '2641, 2642': 'group attributes, of which no group call makes use',
  2660: 'a join has one of three outcomes, and the kernel knows all of them',
  2686: 'bans from AVChatRooms, of which no group call makes use',
  '2700-2742': 'friends, profiles and blacklists',
  '2800, 2801': 'an operation has no request that could fail or time out: it waits',
  '2802-2804': 'there is no packaging of requests',
  '2900-2902, 2904': 'faults inside the SDK; arguments are checked by name, and notices are typed',
  2903: 'an exception is a bug here, and no answer',
  2905: 'from later SDKs, of calls that are not there',
  2996: 'from later SDKs; here it is 10006',
  '3000-3006': 'from later SDKs; here they are 2999',
  91101: 'tabs of one user share the store, and none ends another',
  20002: 'there is no A2KEY; a userSig that has run out is 70001',
  10008: 'requests are not signed; who one is is settled at login',
  10011: 'what cannot be parsed is 4509',
  10012: 'who acts is who has logged in, and not said by the call',
  10013: 'joinGroup answers a status to a member, and addGroupMember lists existing members',
  10016: 'there are no callbacks that could refuse',
  10017: 'messages',
  10018: 'members come in pages, and profiles one by one',
  10023: 'messages',
  10026: 'nothing can be disabled for an app',
  '10030-10035': 'messages',
  10036: 'the number of AVChatRooms has no limit of its own',
  10038: 'nothing is paid for',
  10041: 'messages',
  80001: 'nobody reads what is written',
  '70001-70500': 'the others of these are of accounts in the database of Tencent'
}

const clientTable =
  '2000 2001 2002 2003 2022,2023 2024 2025 2500-2502 2600 2601 2602 2603 2620 2621 2622 2623 ' +
  '2641,2642 2660 2661 2662 2680 2681 2682 2683 2684 2685 2686 2700-2742 2800,2801 2802-2804 ' +
  '2805 2900-2902,2904 2903 2905 2996 2999 3000-3006 91101 20002 70001'

const serverTable =
  '10002 10003 10004 10005 10006 10007 10008 10009 10010 10011 10012 10013 10014 10015 10016 ' +
  '10017 10018 10019 10021 10023 10024 10025 10026 10030-10035 10036 10037 10038 10041 80001 ' +
  '70001-70500'

const tables = `${clientTable} ${serverTable}`.split(' ').map(entry => entry.replace(',', ', '))

const producedCodes = new Set(produced.map(([code]) => String(code)))

test('every code is produced, produced elsewhere, or explained', () => {
  const accounts = tables.map(code => [
    code,
    Number(producedCodes.has(code)) + Number(code in elsewhere) + Number(code in never)
  ])
  expect(accounts.filter(([, count]) => count !== 1)).toEqual([])
  expect(Object.keys(never).filter(code => !tables.includes(code))).toEqual([])
})

test('every refusal is produced here or in a named test', () => {
  const reasons = new Set<string>(produced.map(([, reason]) => reason))
  const left = Object.entries(errors).filter(
    ([reason, { code }]) => !reasons.has(reason) && !(code in elsewhere)
  )
  expect(left.map(([reason, { code }]) => [reason, code])).toEqual([])
  const codes = Object.values(errors).map(({ code }) => String(code))
  expect(
    [...Object.keys(elsewhere), ...producedCodes].filter(code => !codes.includes(code))
  ).toEqual([])
})

test.each(Object.entries(elsewhere))('code %s is tested in %s', (code, file) => {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8')
  expect(new RegExp(`\\b${code}\\b`).exec(text)?.[0]).toBe(code)
})
