/**
 * Notices at the start that the browser was killed, or crashed, during the last visit.
 *
 * Why: Chromium may then have left a torn record at the end of its log. If it appends to that log,
 * it finds the record at the next start and drops all databases. So the worker makes it begin
 * another log (rotate-log.ts).
 *
 * Each tab leaves a mark in localStorage while it is open. Only a page can remove it in time when
 * it closes, so this does not happen in the worker. A browser that is killed within seconds may
 * have stored no mark yet.
 */

const prefix = 'offline-groups visit '

export type Visit = {
  /** A mark was left: by a crash, or by a tab that is still open. */
  readonly mayFollowCrash: boolean
  end(): void
}

export function beginVisit(): Visit {
  const hasSuchLogs =
    'IDBVersionChangeEvent' in globalThis && 'dataLoss' in IDBVersionChangeEvent.prototype
  const marks = hasSuchLogs ? storedMarks() : undefined
  if (!marks || !('addEventListener' in globalThis)) return quietVisit
  const own = `${prefix}${Math.random().toString(36).slice(2)}`
  // Marks of open tabs go as well: they are set again as soon as the user looks at these tabs.
  const left = Object.keys(marks).filter(key => key.startsWith(prefix))
  for (const key of left) marks.removeItem(key)

  const mark = () => {
    // A page that is left becomes hidden after `pagehide`.
    if (document.visibilityState === 'visible') tryTo(() => marks.setItem(own, ''))
  }
  const unmark = () => tryTo(() => marks.removeItem(own))
  const events = [
    ['pageshow', mark],
    ['visibilitychange', mark],
    ['pagehide', unmark]
  ] as const
  tryTo(() => marks.setItem(own, ''))
  for (const [name, listener] of events) addEventListener(name, listener)
  return {
    mayFollowCrash: left.length > 0,
    end() {
      for (const [name, listener] of events) removeEventListener(name, listener)
      unmark()
    }
  }
}

const quietVisit: Visit = { mayFollowCrash: false, end: () => undefined }

function storedMarks(): Storage | undefined {
  try {
    return globalThis.localStorage
  } catch {
    // Expected: the browser denies storage.
    return undefined
  }
}

function tryTo(change: () => void): void {
  try {
    change()
  } catch {
    // Expected: the quota is exhausted. Then a crash goes unnoticed.
  }
}
