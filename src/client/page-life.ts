/**
 * Notices that a page is hidden for a while, and shown again. Chromium freezes hidden pages. All
 * browsers keep a page for the back button. No code of the page runs in between.
 */

export type PageLife = {
  onHidden(): void
  onShown(): void
  /** The page closes for good. */
  onClosed(): void
  /** The network is back. */
  onOnline(): void
}

/** Returns how to stop. */
export function watchPage({ onHidden, onShown, onClosed, onOnline }: PageLife): () => void {
  const stop = new AbortController()
  const listen = (target: EventTarget, name: string, listener: (event: Event) => void) =>
    target.addEventListener(name, listener, { signal: stop.signal })
  listen(globalThis, 'pagehide', event => {
    if ((event as PageTransitionEvent).persisted) onHidden()
    else onClosed()
  })
  listen(globalThis, 'pageshow', onShown)
  listen(globalThis, 'online', onOnline)
  // A worker that opens a store has no document.
  if ('document' in globalThis) {
    listen(document, 'freeze', onHidden)
    listen(document, 'resume', onShown)
  }
  return () => stop.abort()
}
