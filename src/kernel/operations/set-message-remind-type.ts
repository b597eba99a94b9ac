import { choice, type ArgsOf } from '../args.ts'
import { groupID } from '../ids.ts'
import { accept, defineOperation, onGroup, reject } from '../decision.ts'
import { putSettings, remindTypes, settingsKey } from '../model.ts'
import { permissions } from '../permissions.ts'

const args = { groupID, messageRemindType: choice(remindTypes) }

/** A setting of the caller. Other users do not get it. */
export const setMessageRemindType = defineOperation({
  args,
  needs: ({ groupID }, actor) => [settingsKey({ groupID, userID: actor })],
  decide: onGroup(
    () => [permissions.setMessageRemindType],
    ({ self }, { groupID, messageRemindType }: ArgsOf<typeof args>, { actor }, view) => {
      // The rules refuse the owner of an AVChatRoom that has not joined it.
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
