/** Axes and frames of the charts, as plain SVG that follows the page's colours. Knows nothing of what is drawn. */
import { type Content, html, type Markup, raw } from './html.ts'

export interface Axis {
  readonly domain: readonly [low: number, high: number]
  /** Pixels of the two ends. */
  readonly range: readonly [from: number, to: number]
  readonly ticks: readonly number[]
  readonly log?: boolean
  readonly format: (value: number) => string
  readonly label: string
}

/** Position of a value, pixels with two decimals, clamped to the axis's range by one frame width on either side. */
export function place(axis: Axis, value: number): number {
  const of = (v: number): number => (axis.log ? Math.log10(Math.max(v, 1e-300)) : v)
  const [low, high] = axis.domain.map(of) as [number, number]
  const share = high > low ? (of(value) - low) / (high - low) : 0.5
  return round(axis.range[0] + Math.min(2, Math.max(-1, share)) * (axis.range[1] - axis.range[0]))
}

export const round = (value: number): number => Math.round(value * 100) / 100

/** About `count` round values inside [low, high]. */
export function niceTicks(low: number, high: number, count = 5): number[] {
  if (!(high > low)) return [low]
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough - 1e-12) ?? 10 * power
  const ticks: number[] = []
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++)
    ticks.push(Number((i * step).toPrecision(12)))
  return ticks
}

/** 1, 2, 5 per decade inside [low, high]; sparser over many decades. */
export function logTicks(low: number, high: number): number[] {
  const decades = Math.log10(high / low)
  const ticks: number[] = []
  for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++) {
    for (const m of decades > 3 ? [1] : [1, 2, 5]) {
      const v = m * 10 ** p
      if (v >= low * 0.999 && v <= high * 1.001) ticks.push(Number(v.toPrecision(6)))
    }
  }
  return ticks
}

/** Line patterns that tell series apart without colour. */
export const DASHES = ['', '7 3', '2 3', '9 3 2 3', '4 2', '1 2', '12 4', '6 2 2 2 2 2'] as const
export const dash = (index: number): string => DASHES[index % DASHES.length]!

/** A line through points; breaks where a value is missing. */
export function line(x: Axis, y: Axis, xs: readonly number[], ys: readonly number[], attributes: string): Markup {
  let path = ''
  let drawing = false
  xs.forEach((v, i) => {
    const w = ys[i]
    if (w === undefined || !Number.isFinite(w) || !Number.isFinite(v)) {
      drawing = false
      return
    }
    path += `${drawing ? 'L' : 'M'}${place(x, v)} ${place(y, w)}`
    drawing = true
  })
  return raw(`<path fill="none" stroke-linejoin="round" ${attributes} d="${path}"/>`)
}

export interface Frame {
  readonly width: number
  readonly height: number
  readonly x: Axis
  readonly y: Axis
  /** What the chart shows, for those who cannot see it. */
  readonly alt: string
  readonly gridlines?: 'x' | 'y' | 'both' | 'none'
}

/** A chart: frame, grid lines, tick labels, axis titles, and what is drawn inside. */
export function chart({ width, height, x, y, alt, gridlines = 'both' }: Frame, content: Content): Markup {
  const [left, right] = x.range
  const [bottom, top] = y.range
  const verticals = x.ticks.map((t) => {
    const at = place(x, t)
    return html`${gridlines === 'x' || gridlines === 'both' ? html`<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"/>` : ''}<text class="tick" x="${at}" y="${bottom + 15}" text-anchor="middle">${x.format(t)}</text>`
  })
  const horizontals = y.ticks.map((t) => {
    const at = place(y, t)
    return html`${gridlines === 'y' || gridlines === 'both' ? html`<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/>` : ''}<text class="tick" x="${left - 7}" y="${at + 4}" text-anchor="end">${y.format(t)}</text>`
  })
  const middle = round((top + bottom) / 2)
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" style="max-width:${width}px" role="img" aria-label="${alt}">${verticals}${horizontals}<path class="axis" fill="none" d="M${left} ${top}V${bottom}H${right}"/>${content}<text class="label" x="${round((left + right) / 2)}" y="${height - 4}" text-anchor="middle">${x.label}</text><text class="label" transform="translate(11 ${middle}) rotate(-90)" text-anchor="middle">${y.label}</text></svg>`
}

/** Entry of a legend under a chart: a piece of the line and its name. */
export function lineKey(name: Content, colour: string, pattern = '', width = 2): Markup {
  return html`<li><svg class="key" viewBox="0 0 26 10" width="26" height="10" aria-hidden="true"><line x1="1" x2="25" y1="5" y2="5" stroke="${colour}" stroke-width="${width}" stroke-dasharray="${pattern}"/></svg>${name}</li>`
}
