/** What carries frames to a server and back. */

import type { GroupError } from '../kernel/errors.ts'

export type Link = {
  send(frame: string): void
  /** Ends the connection; `onClose` is not called. */
  close(): void
}

export type LinkEvents = {
  onOpen(): void
  onFrame(frame: string): void
  /** The connection is over, or never came about: with an error where more than the network is to blame. Called once. */
  onClose(error?: GroupError): void
}

/** Starts a connection; never throws, a failure arrives as `onClose`. */
export type Connect = (events: LinkEvents) => Link
