/** A long list of rows of one height. Only the visible rows are in the document. */

import { html, type TemplateResult } from 'lit-html'
import type { DirectiveResult } from 'lit-html/directive.js'
import { ref } from 'lit-html/directives/ref.js'
import { repeat } from 'lit-html/directives/repeat.js'

export type Range = { readonly from: number; readonly to: number }

export type VirtualList = {
  /** For the element: `<div @scroll=${list.scrolled} ${list.element}>${list.rows(…)}</div>`. */
  scrolled(event: Event): void
  readonly element: DirectiveResult
  rows(
    total: number,
    row: (index: number) => { readonly key: string; readonly content: TemplateResult }
  ): TemplateResult
  /** Scrolls to the row that a key selects. `undefined`: the key selects none. */
  moved(
    event: KeyboardEvent,
    place: { readonly from: number; readonly total: number }
  ): number | undefined
  /** Call it for a new search or order. */
  scrollToTop(): void
}

export function createVirtualList(
  rowHeightPx: number,
  onMoved: (inSight: Range) => void
): VirtualList {
  let scroller: HTMLElement | undefined
  let top = 0
  let height = 0

  const inSight = (): Range => ({
    from: Math.max(0, Math.floor(top / rowHeightPx)),
    to: Math.max(0, Math.ceil((top + height) / rowHeightPx))
  })

  function moved(): void {
    if (!scroller) return
    top = scroller.scrollTop
    height = scroller.clientHeight
    onMoved(inSight())
  }

  const resizes = new ResizeObserver(moved)

  return {
    scrolled: moved,
    element: ref(element => {
      if (element === scroller) return
      resizes.disconnect()
      scroller = element instanceof HTMLElement ? element : undefined
      if (scroller) resizes.observe(scroller)
    }),
    rows(total, row) {
      const { from, to } = inSight()
      const last = Math.min(to, total)
      // After rows are removed, the old scroll position remains until the next layout.
      const first = Math.max(0, Math.min(from, last - Math.ceil(height / rowHeightPx)))
      const indexes = Array.from({ length: last - first }, (_, index) => first + index)
      const rows = indexes.map(index => ({ top: index * rowHeightPx, ...row(index) }))
      return html`<div
        class="all-rows"
        role="presentation"
        .style=${`height: ${total * rowHeightPx}px`}
      >
        ${repeat(
          rows,
          ({ key }) => key,
          ({ top, content }) =>
            html`<div
              class="row"
              role="presentation"
              .style=${`height: ${rowHeightPx}px; translate: 0 ${top}px`}
            >
              ${content}
            </div>`
        )}
      </div>`
    },
    moved(event, { from, total }) {
      const page = Math.max(1, Math.floor(height / rowHeightPx))
      const targets: Readonly<Record<string, number>> = {
        ArrowDown: from + 1,
        ArrowUp: from - 1,
        PageDown: from + page,
        PageUp: from - page,
        Home: 0,
        End: total - 1
      }
      const target = targets[event.key]
      if (target === undefined) return undefined
      event.preventDefault()
      const index = Math.max(0, Math.min(total - 1, target))
      reveal(index)
      return index
    },
    scrollToTop() {
      top = 0
      if (scroller) scroller.scrollTop = 0
    }
  }

  /** Scrolls by the smallest distance. */
  function reveal(index: number): void {
    if (!scroller) return
    const [rowTop, rowEnd] = [index * rowHeightPx, (index + 1) * rowHeightPx]
    if (rowTop < scroller.scrollTop) scroller.scrollTop = rowTop
    else if (rowEnd > scroller.scrollTop + scroller.clientHeight)
      scroller.scrollTop = rowEnd - scroller.clientHeight
  }
}
