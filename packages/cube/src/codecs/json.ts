/** JSON as Python writes it: NaN and infinities may stand bare. */

const BARE = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g
/** What no text in a file starts with. */
const MARK = '\u0001number:'

/** Parses strictly first, and with bare numbers only where that fails. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    if (!/NaN|Infinity/.test(text)) throw cause
    const marked = text.replaceAll(BARE, (token) => (token.startsWith('"') ? token : JSON.stringify(MARK + token)))
    return JSON.parse(marked, (_, value: unknown) =>
      typeof value === 'string' && value.startsWith(MARK) ? Number(value.slice(MARK.length)) : value,
    ) as unknown
  }
}
