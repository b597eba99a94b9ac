/** Moves the focus to what the next draw brings; where that is not to be seen, the focus stays. */
export const focusSoon = (elementID: string): void =>
  void requestAnimationFrame(() => document.getElementById(elementID)?.focus())
