/** What Python takes for white space: not U+FEFF, but U+0085 and the separators of ASCII. All are in the basic plane. */
function isWhiteSpace(char: string): boolean {
  return /\p{White_Space}/u.test(char) || (char >= '\x1c' && char <= '\x1f')
}

/** A text without the white space around it, as sentence-transformers' models read it. */
export function withoutSpaceAround(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isWhiteSpace(text[start] as string)) start++
  while (end > start && isWhiteSpace(text[end - 1] as string)) end--
  return text.slice(start, end)
}
