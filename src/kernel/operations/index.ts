/** Every operation by its name. ARCHITECTURE.md has the steps for adding one. */

import { addGroupMember } from './add-group-member.ts'
import { changeGroupOwner } from './change-group-owner.ts'
import { createGroup } from './create-group.ts'
import { deleteGroupMember } from './delete-group-member.ts'
import { decreaseGroupCounter } from './decrease-group-counter.ts'
import { deleteGroupAttributes } from './delete-group-attributes.ts'
import { dismissGroup } from './dismiss-group.ts'
import { handleGroupApplication } from './handle-group-application.ts'
import { increaseGroupCounter } from './increase-group-counter.ts'
import { initGroupAttributes } from './init-group-attributes.ts'
import { joinGroup } from './join-group.ts'
import { markGroupMemberList } from './mark-group-member-list.ts'
import { quitGroup } from './quit-group.ts'
import { setGroupAttributes } from './set-group-attributes.ts'
import { setGroupCounters } from './set-group-counters.ts'
import { setGroupMemberCustomField } from './set-group-member-custom-field.ts'
import { setGroupMemberMuteTime } from './set-group-member-mute-time.ts'
import { setGroupMemberNameCard } from './set-group-member-name-card.ts'
import { setGroupMemberRole } from './set-group-member-role.ts'
import { setMessageRemindType } from './set-message-remind-type.ts'
import { updateGroupProfile } from './update-group-profile.ts'

export const operations = {
  createGroup,
  dismissGroup,
  updateGroupProfile,
  joinGroup,
  quitGroup,
  changeGroupOwner,
  handleGroupApplication,
  setMessageRemindType,
  addGroupMember,
  deleteGroupMember,
  setGroupMemberMuteTime,
  setGroupMemberRole,
  setGroupMemberNameCard,
  setGroupMemberCustomField,
  markGroupMemberList,
  initGroupAttributes,
  setGroupAttributes,
  deleteGroupAttributes,
  setGroupCounters,
  increaseGroupCounter,
  decreaseGroupCounter
}
