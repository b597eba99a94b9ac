/** Tips, notices and applications: told once, to whom they concern. */

import type { FeedEvent } from '../../protocol/messages.ts'
import { nowhere } from './client.ts'
import { outcome, type Stage, type Suite } from './stage.ts'

export function noticeCases({ check, expect }: Suite): void {
  check(
    'a tip is told with the rows that it speaks of, once, also to who was away',
    async ({ crew, login, act }) => {
      const { clients, userIDs, groupID } = await crew(['ann', 'bob'])
      const stand = clients[1].stand()
      for (const name of ['Boat', 'Ship', 'Raft'])
        await act(clients[0], 'updateGroupProfile', { groupID, name })
      await clients[1].told()
      const names = () =>
        clients[1].groups.get(groupID)?.tips.map(({ newGroupProfile }) => newGroupProfile?.name)
      expect(names()).toEqual(['Boat', 'Ship', 'Raft'])
      const away = await login(userIDs[1], stand)
      const known = await login(userIDs[1], clients[1].stand())
      const told = [away, known].map(({ groups }) =>
        groups.get(groupID)?.tips.map(({ seq }) => seq)
      )
      expect(told).toEqual([[2, 3, 4], []])
    }
  )

  check('who joins is not told the tips of before', async ({ crew, login, act, id }) => {
    const { clients, groupID } = await crew(['ann', 'bob'], { joinOption: 'FreeAccess' })
    await act(clients[0], 'updateGroupProfile', { groupID, name: 'Boat' })
    const carl = await login(id('carl'))
    await act(carl, 'joinGroup', { groupID })
    expect(carl.groups.get(groupID)?.tips.map(({ operationType }) => operationType)).toEqual([1])
  })

  check(
    'notices are told in the feed, to each device of whom they concern, once',
    async ({ crew, login, act }) => {
      const { clients, userIDs, groupID } = await crew(['ann', 'bob', 'carl'])
      const phone = await login(userIDs[1])
      const stand = phone.stand()
      const since = clients[1].events.length
      await act(clients[0], 'setGroupMemberRole', { groupID, userID: userIDs[1], role: 'Admin' })
      await Promise.all([...clients, phone].map(client => client.told()))
      const fresh = clients[1].events.slice(since)
      expect(fresh.map(numberOf)).toEqual([9])
      expect([phone.events.at(-1), clients[2].events.map(numberOf).includes(9)]).toEqual([
        fresh[0],
        false
      ])
      const away = await login(userIDs[1], stand)
      expect(away.events).toEqual(fresh)
      const told = await login(userIDs[1], away.stand())
      expect(told.events).toEqual([])
    }
  )

  check('a new device is told the recent notices', async ({ crew, login, act }) => {
    const { clients, userIDs, groupID } = await crew(['ann', 'bob'])
    await act(clients[0], 'setGroupMemberRole', { groupID, userID: userIDs[1], role: 'Admin' })
    const phone = await login(userIDs[1], nowhere)
    expect(phone.events.map(numberOf).includes(9)).toEqual(true)
  })

  check(
    'an application is handled once: who comes second is refused, 10024, and everybody learns of the first',
    async stage => {
      const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'], {
        joinOption: 'NeedPermission'
      })
      await stage.act(clients[0], 'setGroupMemberRole', {
        groupID,
        userID: userIDs[1],
        role: 'Admin'
      })
      const userID = stage.id('carl')
      const carl = await stage.login(userID)
      const applied = await stage.act(carl, 'joinGroup', { groupID, applyMessage: 'It is me' })
      expect('result' in applied && applied.result).toEqual({
        groupID,
        status: 'WaitAdminApproval'
      })
      await Promise.all(clients.map(client => client.told()))
      const asked = clients.map(({ events }) => events.filter(event => numberOf(event) === 1))
      expect(
        asked.map(events => events.map(event => event.kind === 'notice' && event.operatorID))
      ).toEqual([[userID], [userID]])
      const handle = (handleAction: 'Agree' | 'Reject') =>
        stage.operation('handleGroupApplication', { groupID, userID, handleAction })
      const verdicts = await Promise.all([
        clients[0].judge(handle('Agree')),
        clients[1].judge(handle('Reject'))
      ])
      expect(new Set(verdicts.flat().map(outcome))).toEqual(new Set([10024, 'applied']))
      await Promise.all([carl, ...clients].map(client => client.told()))
      const isAgreed = outcome(verdicts[0][0]) === 'applied'
      const handled = clients.map(({ events }) => events.findLast(({ kind }) => kind === 'handled'))
      expect(
        handled.map(event => event?.kind === 'handled' && [event.userID, event.state, event.by])
      ).toEqual(
        clients.map(() => [userID, isAgreed ? 'agreed' : 'refused', userIDs[isAgreed ? 0 : 1]])
      )
      expect([
        carl.events.map(numberOf).includes(isAgreed ? 2 : 3),
        carl.groups.has(groupID)
      ]).toEqual([true, isAgreed])
    }
  )

  check(
    'an admin who was asked and then demoted learns who handled the application',
    async stage => {
      const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'], {
        joinOption: 'NeedPermission'
      })
      const setRole = (role: 'Admin' | 'Member') =>
        stage.act(clients[0], 'setGroupMemberRole', { groupID, userID: userIDs[1], role })
      await setRole('Admin')
      const userID = stage.id('carl')
      await stage.act(await stage.login(userID), 'joinGroup', { groupID })
      await setRole('Member')
      await stage.act(clients[0], 'handleGroupApplication', {
        groupID,
        userID,
        handleAction: 'Reject'
      })
      await clients[1].told()
      const handled = clients[1].events.findLast(({ kind }) => kind === 'handled')
      expect(handled?.kind === 'handled' && [handled.userID, handled.state, handled.by]).toEqual([
        userID,
        'refused',
        userIDs[0]
      ])
    }
  )

  check(
    'an owner who was asked and then gave the group away learns who handled the application',
    async stage => {
      const { clients, userIDs, groupID } = await stage.crew(['ann', 'bob'], {
        joinOption: 'NeedPermission'
      })
      const userID = stage.id('carl')
      await stage.act(await stage.login(userID), 'joinGroup', { groupID })
      await stage.act(clients[0], 'changeGroupOwner', { groupID, newOwnerID: userIDs[1] })
      await stage.act(clients[1], 'handleGroupApplication', {
        groupID,
        userID,
        handleAction: 'Agree'
      })
      await clients[0].told()
      const handled = clients[0].events.findLast(({ kind }) => kind === 'handled')
      expect(handled?.kind === 'handled' && handled.state).toEqual('agreed')
    }
  )

  /** A group that admits by its owner's leave, and somebody who has applied. */
  async function applied(stage: Stage) {
    const { clients, groupID } = await stage.crew(['ann'], { joinOption: 'NeedPermission' })
    const userID = stage.id('carl')
    const carl = await stage.login(userID)
    await stage.act(carl, 'joinGroup', { groupID })
    await clients[0].told()
    const notice = clients[0].events.findLast(event => numberOf(event) === 1)
    const applicationSeq = notice?.kind === 'notice' ? notice.applicationSeq : undefined
    const decide = async (args: {
      applicationSeq?: number | undefined
      handleAction: 'Agree' | 'Reject'
    }) =>
      outcome(
        (
          await clients[0].judge(
            stage.operation('handleGroupApplication', { groupID, userID, ...args })
          )
        )[0]
      )
    return { ann: clients[0], carl, groupID, applicationSeq, decide }
  }

  check('an application is settled when its author joins freely', async stage => {
    const { ann, carl, groupID, decide } = await applied(stage)
    await stage.act(ann, 'updateGroupProfile', { groupID, joinOption: 'FreeAccess' })
    await stage.act(carl, 'joinGroup', { groupID })
    await stage.act(carl, 'quitGroup', { groupID })
    await ann.told()
    const handled = ann.events.findLast(({ kind }) => kind === 'handled')
    expect([
      handled?.kind === 'handled' && handled.state,
      await decide({ handleAction: 'Agree' })
    ]).toEqual(['agreed', 10024])
  })

  check('a decision on an earlier application of the same user is refused, 10024', async stage => {
    const { ann, carl, groupID, applicationSeq, decide } = await applied(stage)
    await decide({ handleAction: 'Reject', applicationSeq })
    await stage.act(carl, 'joinGroup', { groupID })
    await ann.told()
    expect([
      await decide({ handleAction: 'Agree', applicationSeq }),
      carl.groups.has(groupID)
    ]).toEqual([10024, false])
  })

  check('what a user is told of a group stays told when the group goes', async ({ crew, act }) => {
    const { clients, groupID } = await crew(['ann', 'bob'])
    await act(clients[0], 'dismissGroup', { groupID })
    await clients[1].told()
    const dismissed = clients[1].events.find(event => numberOf(event) === 5)
    expect(dismissed?.kind === 'notice' && [dismissed.groupID, dismissed.groupName]).toEqual([
      groupID,
      'Crew'
    ])
  })
}

const numberOf = (event: FeedEvent): number | undefined =>
  event.kind === 'notice' ? event.operationType : undefined
