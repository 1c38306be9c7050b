/** Numbers of axes and legends: round ticks, percentiles, few digits. */

/** Round steps and up to where they are the nearest. */
const STEPS = [
  [1, 1.5],
  [2, 3.2],
  [5, 7],
] as const

/** About `count` round values inside [low, high]. */
export function niceTicks(low: number, high: number, count = 5): number[] {
  if (!(high > low)) return [low]
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * (STEPS.find(([, end]) => rough < end * power)?.[0] ?? 10)
  const ticks: number[] = []
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) {
    ticks.push(Number((i * step).toPrecision(12)))
  }
  return ticks
}

/** Steps of ten degrees and more that divide a circle. */
const DEGREES = [10, 15, 20, 30, 45, 60, 90]

/** As `niceTicks`, by parts of a circle where they are far apart. */
export function degreeTicks(low: number, high: number, count = 5): number[] {
  const rough = (high - low) / count
  if (!(rough >= 8)) return niceTicks(low, high, count)
  const step = DEGREES.find((one) => one >= 0.8 * rough) ?? 90
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step)
}

/** A value with the digits that its neighbours differ in; exponents only where they are shorter. */
export function tickText(value: number, ticks: readonly number[] = [value]): string {
  if (value === 0) return '0'
  const largest = Math.max(...ticks.map(Math.abs))
  const step = ticks.length > 1 ? Math.abs(ticks[1]! - ticks[0]!) : largest / 10
  if (largest >= 1e7 || largest < 1e-4)
    return value
      .toExponential(Math.max(0, digitsBetween(largest, step) - 1))
      .replace('e+', 'e')
      .replace('-', '−')
  const decimals = Math.min(8, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)))
  return value.toFixed(decimals).replace('-', '−')
}

const digitsBetween = (largest: number, step: number): number =>
  Math.max(1, Math.ceil(Math.log10(largest)) - Math.floor(Math.log10(step)))

/** Six significant digits without a tail of zeros; exponents where they are shorter. */
export function valueText(value: number): string {
  const rounded = Number(value.toPrecision(6))
  const size = Math.abs(rounded)
  const isPlain = size === 0 || (size < 1e7 && size >= 1e-4)
  return (isPlain ? String(rounded) : rounded.toExponential()).replace('e+', 'e').replaceAll('-', '−')
}

/** Three significant digits without a tail of zeros. */
export function shortText(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const text = String(Number(value.toPrecision(3)))
  return text.replace('-', '−')
}

/** Values at percentiles of what is not NaN, over all arrays; undefined where nothing is left. */
export function percentiles(arrays: readonly Float64Array[], shares: readonly number[]): number[] | undefined {
  const total = arrays.reduce((sum, array) => sum + array.length, 0)
  const all = new Float64Array(total)
  let count = 0
  for (const array of arrays) for (const value of array) if (!Number.isNaN(value)) all[count++] = value
  if (count === 0) return undefined
  const sorted = all.subarray(0, count).sort()
  return shares.map((share) => sorted[Math.min(count - 1, Math.floor((share / 100) * count))]!)
}

/** The least and the greatest that are not NaN; [Infinity, -Infinity] where nothing is left. */
export function extremes(arrays: readonly Float64Array[]): [least: number, greatest: number] {
  let [least, greatest] = [Infinity, -Infinity]
  for (const array of arrays) {
    for (const value of array) {
      if (value < least) least = value
      if (value > greatest) greatest = value
    }
  }
  return [least, greatest]
}

/** Ends of a scale: the percentiles, or the extremes where these are equal; a unit apart at least in the last digit. */
export function stretchOf(arrays: readonly Float64Array[], low: number, high: number): [low: number, high: number] {
  const found = percentiles(arrays, [low, high, 0, 100])
  if (found === undefined) return [0, 1]
  const [a, b, least, greatest] = found as [number, number, number, number]
  if (b > a) return [a, b]
  if (greatest > least) return [least, greatest]
  const half = Math.max(Math.abs(least) * 0.01, 0.5)
  return [least - half, least + half]
}

/** Counts of values in equal parts of [low, high]; those beyond count at the ends. */
export function histogram(
  arrays: readonly Float64Array[],
  [low, high]: readonly [number, number],
  parts: number,
): number[] {
  const counts = new Array<number>(parts).fill(0)
  for (const array of arrays) {
    for (const value of array) {
      if (Number.isNaN(value)) continue
      const at = Math.floor(((value - low) / (high - low)) * parts)
      counts[Math.min(parts - 1, Math.max(0, at))]!++
    }
  }
  return counts
}

const RAISED: Readonly<Record<string, string>> = { '1': '¹', '2': '²', '3': '³', '-': '⁻' }

/** A unit with raised exponents: `mg m^-3` and `mg m-3` become mg m⁻³. */
export function unitText(unit: string): string {
  return unit.replace(/(?<=[A-Za-z])(?:\^|\*\*)?(-?[123])(?![\d.])/g, (_, power: string) =>
    power.replace(/./g, (c) => RAISED[c]!),
  )
}
