/** The app of `tencent.ts` with another import. */

import TIM from 'offline-groups/tim'

type Options = Parameters<typeof TIM.create>[0]
type User = { userID: string; userSig: string }

export async function openCrew(options: Options, user: User): Promise<string[]> {
  const tim = TIM.create(options)
  const ready = new Promise<unknown>(resolve => tim.on(TIM.EVENT.SDK_READY, resolve))
  await tim.login(user)
  await ready
  const crew = await tim.createGroup({ type: TIM.TYPES.GRP_PUBLIC, name: 'Crew' })
  const { groupID }: { groupID: string } = crew.data.group
  await tim.updateGroupProfile({ groupID, notification: 'We meet at eight.' })
  const { data } = await tim.getGroupList()
  await tim.logout()
  return data.groupList.map((group: { notification: string }) => group.notification)
}
