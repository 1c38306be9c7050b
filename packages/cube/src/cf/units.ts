/** Units of levels, however they are spelt. */

/** Spellings in small letters of the units that levels have. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  hPa: ['hpa', 'mb', 'mbar', 'millibar', 'millibars', 'hectopascal', 'hectopascals'],
  Pa: ['pa', 'pascal', 'pascals'],
  m: ['m', 'metre', 'metres', 'meter', 'meters'],
}
const KNOWN = new Map(Object.entries(SPELLINGS).flatMap(([unit, all]) => all.map((one) => [one, unit] as const)))

/** The different ones of some units; of those that differ in spelling only their symbol. Absent ones say nothing. */
export function distinctUnits(units: Iterable<string | undefined>): string[] {
  const found = new Map<string, string>()
  for (const unit of units) {
    if (unit === undefined || unit === '') continue
    const symbol = KNOWN.get(unit.toLowerCase()) ?? unit
    found.set(symbol, (found.get(symbol) ?? unit) === unit ? unit : symbol)
  }
  return [...found.values()]
}
