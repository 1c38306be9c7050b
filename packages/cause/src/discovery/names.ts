/** Names of methods and tests as people spell them. */
import { InputError, nearest } from '@ecotope/core'

const squeezed = (name: string): string => name.toLowerCase().replace(/[-_\s]/g, '')

/**
 * The known name that is meant: case, hyphens and underscores do not matter, and `others` are further names (`pcmciplus`).
 * Throws `InputError` with the tag, and the nearest name as a hint.
 */
export function knownName(
  name: string,
  known: readonly string[],
  {
    tag,
    what,
    others = {},
  }: { readonly tag: string; readonly what: string; readonly others?: Readonly<Record<string, string>> },
): string {
  if (known.includes(name)) return name
  const short = squeezed(name)
  const found =
    known.find((one) => squeezed(one) === short) ?? (Object.hasOwn(others, short) ? others[short] : undefined)
  if (found !== undefined) return found
  const near = nearest(name, known)
  throw new InputError(tag, `there is no ${what} ${name}`, {
    hint:
      near === undefined ? `Known are ${known.join(', ')}.` : `Did you mean ${near}? Known are ${known.join(', ')}.`,
    data: { name },
  })
}
