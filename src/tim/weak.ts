/** Weak references, where the engine has them: older mini-programs do not. */

export type Reference<T> = { deref(): T | undefined }

export const hasWeakReferences = typeof WeakRef === 'function'

/** Without weak references it keeps the object. */
export const referenceTo = <T extends object>(target: T): Reference<T> =>
  typeof WeakRef === 'function' ? new WeakRef(target) : { deref: () => target }

/** Calls back after the app has let go of an object. Without weak references, it never does. */
export const createReleases = <H>(
  onReleased: (held: H) => void
): { register(target: object, held: H): void } =>
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry(onReleased)
    : { register: () => undefined }
