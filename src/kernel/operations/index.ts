/** Every operation, by the name under which it is called, queued and sent. A new one is a file and a line here. */

import { addGroupMember } from './add-group-member.ts'
import { createGroup } from './create-group.ts'
import { deleteGroupMember } from './delete-group-member.ts'
import { dismissGroup } from './dismiss-group.ts'
import { joinGroup } from './join-group.ts'
import { quitGroup } from './quit-group.ts'
import { setGroupMemberRole } from './set-group-member-role.ts'
import { updateGroupProfile } from './update-group-profile.ts'

export const operations = {
  createGroup,
  updateGroupProfile,
  joinGroup,
  quitGroup,
  dismissGroup,
  addGroupMember,
  deleteGroupMember,
  setGroupMemberRole
}
