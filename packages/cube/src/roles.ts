/** What a band shows, from its name or description as files have them. */

/** Roles by patterns of the lower-case name; the first that matches counts. */
const PATTERNS: readonly (readonly [role: string, pattern: RegExp])[] = [
  ['coastal', /^(coastal|ultra ?blue|coastal ?aerosol)\b/],
  ['redEdge', /^(red[ _-]?edge|re\d?|vre\d?)\b/],
  ['blue', /^blue\b/],
  ['green', /^green\b/],
  ['yellow', /^yellow\b/],
  ['red', /^red\b/],
  ['nir', /^(nir|near[ _-]?infra[ _-]?red|nir08|nir narrow)\b/],
  ['swir1', /^(swir[ _-]?1|swir16|short[ _-]?wave infra[ _-]?red 1)\b/],
  ['swir2', /^(swir[ _-]?2|swir22|short[ _-]?wave infra[ _-]?red 2)\b/],
  ['pan', /^pan(chromatic)?\b/],
  ['dem', /^(dem|dtm|dsm|elevation|altitude|height)\b/],
  ['slope', /^slope\b/],
]

/** The standard role of a name such as `Blue` or `red_edge`; undefined where it says nothing. */
export function roleOf(name: string): string | undefined {
  const words = name.trim().toLowerCase().replaceAll('_', ' ')
  return PATTERNS.find(([, pattern]) => pattern.test(words))?.[0]
}
