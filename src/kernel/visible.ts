/** Whether a text shows anything, decided by the properties that Unicode gives its characters. */

/**
 * Letters, numbers, punctuation and symbols show. Marks need one of them beneath. Separators, control and format
 * characters, surrogates, private use and unassigned code points do not show, nor do these that Unicode calls letters or
 * symbols: ignorable ones (Hangul fillers among them), the blank Braille pattern, the null note head, blank hieroglyphs.
 */
const visible =
  /(?![\p{Default_Ignorable_Code_Point}\u2800\u{1D159}\u{13441}\u{13442}])[\p{L}\p{N}\p{P}\p{S}]/u

export const showsSomething = (text: string): boolean => visible.test(text)

/** Line and paragraph separators, tabs and other control characters: a name is one line. */
export const isOneLine = (text: string): boolean => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)
