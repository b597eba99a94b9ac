import { choice, groupID, type ArgsOf } from '../args.ts'
import { accept, defineOperation, onGroup, reject } from '../decision.ts'
import { putSettings, remindTypes, settingsKey } from '../model.ts'
import { permissions } from '../permissions.ts'

const args = { groupID, messageRemindType: choice(remindTypes) }

/** Seed: "Setting the notification type for group messages". For oneself, and nobody else learns of it. */
export const setMessageRemindType = defineOperation({
  args,
  needs: ({ groupID }, actor) => [settingsKey({ groupID, userID: actor })],
  decide: onGroup(
    () => [permissions.setMessageRemindType],
    ({ self }, { groupID, messageRemindType }: ArgsOf<typeof args>, { actor }, view) => {
      // Only who owns an AVChatRoom without being in it has a role and no row, and the rules refuse there.
      if (!self) return reject('NotInGroup')
      const settings = view.get(settingsKey({ groupID, userID: actor }))
      return accept(
        settings?.messageRemindType === messageRemindType
          ? []
          : [putSettings({ groupID, userID: actor, messageRemindType })],
        { groupID }
      )
    }
  )
})
