/**
 * The services of a platform without workers, IndexedDB and browser globals, for example of a
 * mini-program: storage, network and random bytes. `weChat`, `alipay` and `douyin` make them of
 * `wx`, `my` and `tt`. A host of your own is an object of this type.
 */

import type { Connect } from '../protocol/port.ts'
import type { KeyValueHost } from '../storage/key-value/host.ts'

export type Platform = {
  readonly storage: KeyValueHost
  /** How frames reach the server at this address. */
  connectTo(url: string): Connect
  /** Without it, IDs come from `Math.random`: they are unique, and may be guessed. */
  randomBytes?(count: number): Promise<ArrayBuffer>
  /**
   * Calls back when the network may be back, or the program is shown again. Returns a function that
   * ends this.
   */
  onWake?(callback: () => void): () => void
  /** Calls back when the program is hidden: it may be stopped or ended soon, without notice. */
  onHide?(callback: () => void): () => void
  /** Calls back when memory is scarce. */
  onMemoryWarning?(callback: () => void): () => void
}
