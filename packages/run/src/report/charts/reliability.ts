/** Stated against observed: how often the map is right when it says that it is so and so sure. */
import type { Reliability } from '@ecotope/belief'
import { number, percent } from '../format.ts'
import { html, type Markup } from '../html.ts'
import { type Axis, chart, place, round } from '../svg.ts'

const WIDTH = 450
const TOP = 12
const BOTTOM = 300
const COUNTS_TOP = 336
const COUNTS_BOTTOM = 384

/** One diagram: bars of accuracy, gaps to the diagonal, and below how many pixels lie in each bin. */
export function reliabilityDiagram(title: string, reliability: Reliability): Markup {
  const x: Axis = {
    domain: [0, 1],
    range: [52, WIDTH - 14],
    ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
    format: (v) => number(v, 1),
    label: '',
  }
  const y: Axis = { ...x, range: [BOTTOM, TOP], label: 'share that is right' }
  const { ece, bins } = reliability
  const alt = `Reliability diagram, ${title}: expected calibration error ${percent(ece)}.`
  const most = Math.max(1, ...bins.map((bin) => bin.count))
  const bars = bins.map((bin) => {
    const left = place(x, bin.lower) + 0.75
    const width = round(place(x, bin.upper) - 0.75 - left)
    const height = round((COUNTS_BOTTOM - COUNTS_TOP) * (bin.count / most))
    const counts = html`<rect class="count" x="${left}" y="${round(COUNTS_BOTTOM - height)}" width="${width}" height="${height}"/>`
    if (bin.count === 0) return counts
    const hit = place(y, bin.accuracy)
    const stated = place(y, bin.confidence)
    // The bar ends where the smaller of the two does; the tint reaches to the larger.
    const top = Math.max(hit, stated)
    const thin = bin.count < Math.max(30, reliability.count / 2000) ? ' thin' : ''
    const note = `${number(bin.count)} pixels stated ${percent(bin.confidence)} on average; ${percent(bin.accuracy)} are right`
    return html`<g class="bin${thin}" data-accuracy="${number(bin.accuracy, 4)}"><title>${note}</title><rect class="bar" x="${left}" y="${top}" width="${width}" height="${round(BOTTOM - top)}"/><rect class="gap" x="${left}" y="${Math.min(hit, stated)}" width="${width}" height="${round(Math.abs(hit - stated))}"/><line class="cap" x1="${left}" x2="${round(left + width)}" y1="${hit}" y2="${hit}"/>${counts}</g>`
  })
  const diagonal = html`<line class="ideal" x1="${x.range[0]}" y1="${BOTTOM}" x2="${x.range[1]}" y2="${TOP}"/>`
  const foot = html`<text class="tick" x="${x.range[0] - 7}" y="${COUNTS_BOTTOM}" text-anchor="end">pixels</text><line class="axis" x1="${x.range[0]}" x2="${x.range[1]}" y1="${COUNTS_BOTTOM}" y2="${COUNTS_BOTTOM}"/>`
  const label = { ...x, label: 'stated probability of the mapped class' }
  return html`<div class="panel"><p class="panel-title">${title}</p>${chart(
    { width: WIDTH, height: 412, x: label, y, alt, gridlines: 'y' },
    [bars, diagonal, foot],
  )}</div>`
}
