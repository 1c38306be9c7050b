/** Numbers as people read them. A missing or infinite value is an en dash, never `NaN`. */

const DASH = '–'
/** Narrow no-break space between a number and its unit. */
const GAP = '\u202f'

/** A number with grouped thousands and so many decimals. */
export function number(value: number | undefined, decimals = 0): string {
  if (value === undefined || !Number.isFinite(value)) return DASH
  const text = value.toLocaleString('en-GB', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
  return text.replace('-', '−')
}

/** Three or more significant digits, without a tail of zeros: 0.0312, 4.57, 1,234. */
export function significant(value: number | undefined, digits = 3): string {
  if (value === undefined || !Number.isFinite(value)) return DASH
  if (value === 0) return '0'
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))))
  if (decimals > 7) return value.toExponential(digits - 1).replace('-', '−')
  const text = number(value, decimals)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** A share in per cent. */
export const percent = (share: number | undefined, decimals = 1): string =>
  share === undefined || !Number.isFinite(share) ? DASH : `${number(100 * share, decimals)}${GAP}%`

/** A value with the decimals that its standard error supports: two significant digits of the error. */
export function withError(value: number, standardError: number): string {
  if (!(standardError > 0)) return significant(value, 4)
  return number(value, Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(standardError)))))
}

export const hectares = (value: number | undefined): string =>
  value === undefined || !Number.isFinite(value) ? DASH : `${significant(value, value >= 100 ? 4 : 3)}${GAP}ha`

/** `1 min 23 s`, `2 h 5 min`, `0.4 s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return DASH
  if (seconds < 10) return `${number(seconds, 1)}${GAP}s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole}${GAP}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}${GAP}min ${whole % 60}${GAP}s`
  return `${Math.floor(whole / 3600)}${GAP}h ${Math.round((whole % 3600) / 60)}${GAP}min`
}

/** `900 m`, `2 km`. */
export const metres = (value: number): string =>
  value >= 1000 ? `${significant(value / 1000)}${GAP}km` : `${significant(value)}${GAP}m`

/** Any parameter's value as one would type it. */
export function literal(value: unknown): string {
  if (value === undefined || value === null) return DASH
  if (typeof value === 'string') return value === '' ? '(empty)' : value
  return JSON.stringify(value)
}

/** `12.34` -> `12.34`, sizes like `1 class`, `4 classes`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)}${GAP}${count === 1 ? one : many}`

/** `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? ''
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
