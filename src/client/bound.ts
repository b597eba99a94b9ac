/** Promises of the UI thread that end in time. */

import { setTimer } from '../host/timer.ts'
import { createBound } from '../kernel/bound.ts'

export const bound = createBound(setTimer)
