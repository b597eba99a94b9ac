/** The names of the pages in a scope, in ascending order. */

/** The page that an ID belongs to: the last name that is not greater than the ID. */
export function pageOf(names: readonly string[], id: string): string {
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((names[middle] ?? '') <= id) low = middle + 1
    else high = middle
  }
  return names[low - 1] ?? ''
}

/** Groups IDs by the pages that they belong to. */
export function idsByPage(names: readonly string[], ids: Iterable<string>): Map<string, string[]> {
  const pages = new Map<string, string[]>()
  for (const id of ids) {
    const name = pageOf(names, id)
    const pageIDs = pages.get(name) ?? []
    pages.set(name, pageIDs)
    pageIDs.push(id)
  }
  return pages
}

/** Whether these are texts, each greater than the one before. */
export const isAscending = (names: readonly unknown[]): boolean =>
  names.every(
    (name, index) => typeof name === 'string' && name > (index > 0 ? String(names[index - 1]) : '')
  )
