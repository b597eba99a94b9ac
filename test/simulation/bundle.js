/** Bundles the simulation into one file that threads can load, with a planted bug on request. */

import { bundleEdited } from '../edited-bundle.js'

/**
 * Limits of the engine and the server, so small that a few users and groups exceed them: the file,
 * the declaration, and the small one.
 */
const small = [
  [
    'src/server/authority/lanes.ts',
    'transactionMax = { operations: 200, rows: 4096, bytes: 65_536 }',
    'transactionMax = { operations: 20, rows: 20, bytes: 1000 }'
  ],
  ['src/server/sessions/session.ts', 'groupsPerFrame = 100', 'groupsPerFrame = 2'],
  [
    'src/server/sessions/session.ts',
    'sessionBytes = { slowAbove: 1_048_576, max: 4_194_304 }',
    'sessionBytes = { slowAbove: 4000, max: 40_000 }'
  ],
  ['src/server/sessions/replica/announcements.ts', 'heldMax = 100', 'heldMax = 3'],
  [
    'src/server/sessions/replica/outgoing.ts',
    'partMax = { groups: 100, rows: 2000 }',
    'partMax = { groups: 2, rows: 5 }'
  ],
  ['src/server/transports/http-client.ts', 'answerBytesMax = 131_072', 'answerBytesMax = 2000'],
  [
    'src/server/sessions/replica/group-delta.ts',
    'membersSentWholeMax = 500',
    'membersSentWholeMax = 1'
  ],
  ['src/server/sessions/replica/group-delta.ts', 'partBytesMax = 49_152', 'partBytesMax = 1000'],
  ['src/server/sessions/replica/feed-delta.ts', 'feedEventsMax = 150', 'feedEventsMax = 5'],
  ['src/server/sessions/frames.ts', 'frameBytesTarget = 65_536', 'frameBytesTarget = 1000'],
  ['src/protocol/messages.ts', 'membersPerPageMax: 500', 'membersPerPageMax: 1'],
  ['src/protocol/messages.ts', 'operationsPerPushMax: 50', 'operationsPerPushMax: 3'],
  ['src/engine/limits.ts', 'unansweredMax = 500', 'unansweredMax = 8'],
  ['src/engine/limits.ts', 'replicatedMembersMax = 2000', 'replicatedMembersMax = 4']
].map(([file, find, replace]) => ({ file, find, replace }))

/**
 * @param {{ name?: string, file?: string, edits?: readonly Edit[] }} [options] the planted bug
 * @returns {Promise<string>} the path of the file
 * @typedef {import('../edited-bundle.js').Edit} Edit
 */
export const bundle = ({ name = 'simulation', file = name, edits = [] } = {}) =>
  bundleEdited({
    input: 'test/simulation/worker.ts',
    output: `dist/simulation/${file}.js`,
    edits: new Map([
      ...small.map(edit => [edit, `the small limit ${edit.find.split(/\W/)[0]}`]),
      ...edits.map(edit => [edit, `the planted bug “${name}”`])
    ])
  })
