/** The port of a connection, which carries frames to a server and back. */

import type { GroupError } from '../kernel/errors.ts'

export type Link = {
  send(frame: string): void
  /** Ends the connection without a call of `onClose`. */
  close(): void
}

export type LinkEvents = {
  onOpen(): void
  onFrame(frame: string): void
  /**
   * Called once, when the connection has ended or failed to open. The error is missing if the
   * network is the cause.
   */
  onClose(error?: GroupError): void
}

/** Starts a connection. It never throws: a failure calls `onClose`. */
export type Connect = (events: LinkEvents) => Link
