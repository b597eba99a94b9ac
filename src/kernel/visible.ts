/** Whether a text has visible characters, by their Unicode properties. */

/**
 * Letters, numbers, punctuation and symbols are visible. A mark is visible on one of them. Others
 * are invisible: separators, control and format characters, surrogates, private use and unassigned
 * code points. So are some that Unicode calls letters or symbols: ignorable ones (Hangul fillers
 * among them), the blank Braille pattern, the null note head and blank hieroglyphs.
 */
const visible =
  /(?![\p{Default_Ignorable_Code_Point}\u2800\u{1D159}\u{13441}\u{13442}])[\p{L}\p{N}\p{P}\p{S}]/u

export const showsSomething = (text: string): boolean => visible.test(text)

/** A line has no line or paragraph separators, tabs or other control characters. */
export const isOneLine = (text: string): boolean => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)
