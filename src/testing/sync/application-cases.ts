/** Applications to join a group: each is handled once, and all admins learn the result. */

import { numberOf } from './events.ts'
import { outcome, type Stage, type Suite } from './stage.ts'

export function applicationCases({ check, expect }: Suite): void {
  check('an application is handled once, and all admins learn the result', async stage => {
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
    await Promise.all(clients.map(client => client.ping()))
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
    await Promise.all([carl, ...clients].map(client => client.ping()))
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
  })

  check('an admin demoted after an application learns who handled it', async stage => {
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
    await clients[1].ping()
    const handled = clients[1].events.findLast(({ kind }) => kind === 'handled')
    expect(handled?.kind === 'handled' && [handled.userID, handled.state, handled.by]).toEqual([
      userID,
      'refused',
      userIDs[0]
    ])
  })

  check('a former owner learns how an earlier application was handled', async stage => {
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
    await clients[0].ping()
    const handled = clients[0].events.findLast(({ kind }) => kind === 'handled')
    expect(handled?.kind === 'handled' && handled.state).toEqual('agreed')
  })

  /** A group whose owner decides on applications, and a user who has applied. */
  async function applied(stage: Stage) {
    const { clients, groupID } = await stage.crew(['ann'], { joinOption: 'NeedPermission' })
    const userID = stage.id('carl')
    const carl = await stage.login(userID)
    await stage.act(carl, 'joinGroup', { groupID })
    await clients[0].ping()
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
    await ann.ping()
    const handled = ann.events.findLast(({ kind }) => kind === 'handled')
    expect([
      handled?.kind === 'handled' && handled.state,
      await decide({ handleAction: 'Agree' })
    ]).toEqual(['agreed', 10024])
  })

  check('a decision on an earlier application is refused with 10024', async stage => {
    const { ann, carl, groupID, applicationSeq, decide } = await applied(stage)
    await decide({ handleAction: 'Reject', applicationSeq })
    await stage.act(carl, 'joinGroup', { groupID })
    await ann.ping()
    expect([
      await decide({ handleAction: 'Agree', applicationSeq }),
      carl.groups.has(groupID)
    ]).toEqual([10024, false])
  })
}
