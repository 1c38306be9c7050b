/** Numbers and tables for a terminal. */

/** `0.4 s`, `12 s`, `1 min 23 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes with three significant digits, in powers of 1000. */
export function bytes(count: number): string {
  let value = count
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`
}

/** A number with about five significant digits and no trailing zeros. */
export function figure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–'
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value)
  return String(Number(value.toPrecision(5)))
}

/** Rows under headings; columns of numbers to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], indent = ''): string[] {
  const all = headings.length === 0 ? rows : [headings, ...rows]
  const columns = Math.max(0, ...all.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...all.map((row) => (row[c] ?? '').length)))
  const isNumber = widths.map((_, c) => rows.every((row) => /^[-−+–\d.,]*(e[-+]?\d+)?( ?%)?$/.test(row[c] ?? '')))
  const line = (row: readonly string[]) =>
    widths
      .map((width, c) => (isNumber[c] ? (row[c] ?? '').padStart(width) : (row[c] ?? '').padEnd(width)))
      .join('  ')
      .trimEnd()
  return all.map((row) => indent + line(row))
}
