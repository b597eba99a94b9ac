/**
 * Dexie makes a BroadcastChannel while it loads. Where Firefox denies storage, that throws, and no
 * engine would load. Without the class, Dexie and the tabs do without messages. Import this first.
 */

try {
  new BroadcastChannel('offline-groups').close()
} catch {
  // Expected: the browser denies storage, or has no such class.
  Reflect.deleteProperty(globalThis, 'BroadcastChannel')
}
