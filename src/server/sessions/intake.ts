/** Received frames wait in order, within the budgets of the session, its user and the server. */

import { frameLimits } from '../../protocol/messages.ts'
import { createBudget, holdInAll, roomInAll, type Budget } from './budget.ts'

/** One HTTP request brings 100 frames, and is answered when there is room for the next one. */
const framesWaiting = { slowAbove: 100, max: 200 }

type Admission =
  | { readonly kind: 'admitted'; release(): void; room(): Promise<void> | undefined }
  | { readonly kind: 'refused'; readonly reason: 'TooFrequent' | 'BadFrame' }

export function createIntake(budgets: () => readonly Budget[]) {
  const frameCount = createBudget(framesWaiting)

  /** Counts the frame until it is released. */
  return (frame: string): Admission => {
    const bytes = Buffer.byteLength(frame)
    if (bytes > frameLimits.toServerBytesMax) return { kind: 'refused', reason: 'BadFrame' }
    const countDown = frameCount.hold(1)
    const releaseBytes = countDown && holdInAll(budgets(), bytes)
    if (!releaseBytes) {
      countDown?.()
      return { kind: 'refused', reason: 'TooFrequent' }
    }
    return {
      kind: 'admitted',
      release() {
        countDown()
        releaseBytes()
      },
      room: () => roomInAll([...budgets(), frameCount])
    }
  }
}
