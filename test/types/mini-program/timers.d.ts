/** The only globals of a mini-program beside those of the language. */

declare function setTimeout(callback: () => void, delayMs?: number): number
declare function clearTimeout(timer: number | undefined): void
declare function setInterval(callback: () => void, delayMs?: number): number
declare function clearInterval(timer: number | undefined): void
declare const console: { error(error: unknown): void }

// Globals of browsers. The sources ask whether they exist.

type ListenerCall = (name: string, listener: () => void) => void
declare const addEventListener: ListenerCall | undefined
declare const removeEventListener: ListenerCall | undefined
declare const navigator: Navigator | undefined
/** Unused where `setRandomSource` has set another source. */
declare const crypto: { getRandomValues(bytes: Uint8Array): unknown }

declare const WeakRef: { new <T>(target: T): { deref(): T | undefined } } | undefined
declare const FinalizationRegistry:
  { new <H>(callback: (held: H) => void): { register(target: object, held: H): void } } | undefined

interface Navigator {
  readonly storage: StorageManager
}
interface StorageManager {
  persist(): Promise<boolean>
  persisted(): Promise<boolean>
  estimate(): Promise<{ usage?: number; quota?: number }>
}

// Types in signatures, without a value.

interface MessagePort {}
interface Worker {}
