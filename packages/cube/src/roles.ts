/** What a band shows, from its name or description as files have them. */

/** Roles by patterns of the lower-case name; the first that matches counts. */
const PATTERNS: readonly (readonly [role: string, pattern: RegExp])[] = [
  ['coastal', /^(coastal|ultra ?blue|coastal ?aerosol)\b/],
  ['redEdge', /^(red[ _-]?edge|re\d?|vre\d?)\b/],
  ['blue', /^blue\b/],
  // Green I of SuperDove (531 nm) is another band beside its green (565 nm).
  ['green', /^green\b(?! ?i\b)/],
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

/** Names that mean the same in Sentinel-2 and HLS products of both sensors; B05, B8A, B11 and others do not. */
const SENSOR_BANDS: Readonly<Record<string, string>> = { B02: 'blue', B03: 'green', B04: 'red', B08: 'nir' }

/** The role of a band of a satellite image: by words, or by the number that its sensor gives it. */
export const sensorRoleOf = (name: string): string | undefined =>
  roleOf(name) ?? (Object.hasOwn(SENSOR_BANDS, name) ? SENSOR_BANDS[name] : undefined)
