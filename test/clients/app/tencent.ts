/** An app that is written for Tencent's SDK. */

import TIM from '@tencentcloud/chat'

type Options = Parameters<typeof TIM.create>[0]
type User = { userID: string; userSig: string }

export async function openCrew(options: Options, user: User): Promise<void> {
  const tim = TIM.create(options)
  const ready = new Promise(resolve => tim.on(TIM.EVENT.SDK_READY, resolve))
  await tim.login(user)
  await ready
  const crew = await tim.createGroup({ type: TIM.TYPES.GRP_PUBLIC, name: 'Crew' })
  const { groupID } = crew.data.group
  await tim.updateGroupProfile({ groupID, notification: 'We meet at eight.' })
  const { data } = await tim.getGroupList()
  for (const group of data.groupList) console.log(group.name, group.notification)
  await tim.logout()
}
