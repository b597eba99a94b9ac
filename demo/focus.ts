/** Moves the focus to an element of the next draw, if it is visible. */
export const focusSoon = (elementID: string): void =>
  void requestAnimationFrame(() => document.getElementById(elementID)?.focus())
