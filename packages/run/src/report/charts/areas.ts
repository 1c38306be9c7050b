/** Area per class: estimate with its interval, beside what the map's pixel count says. */
import type { AreaEstimate } from '@ecotope/belief'
import { hectares, percent, significant } from '../format.ts'
import { html, type Markup } from '../html.ts'
import { type Axis, chart, logTicks, niceTicks, place } from '../svg.ts'

const WIDTH = 720
const ROW = 44

/** Dots with whiskers; logarithmic where classes differ by more than a factor of 50, so that rare ones can be seen. */
export function areaChart(estimate: AreaEstimate, colours: readonly string[]): Markup {
  const values = estimate.classes.flatMap((c) => [
    c.hectares.estimate,
    c.hectares.lower,
    c.hectares.upper,
    c.mappedHectares,
  ])
  const positive = values.filter((v) => v > 0)
  const high = Math.max(1e-6, ...positive) * 1.08
  const least = Math.min(high, ...positive)
  const log = positive.length > 0 && high / least > 50
  const domain: [number, number] = log ? [least / 1.4, high * 1.2] : [0, high]
  const height = 20 + ROW * estimate.classes.length + 42
  const x: Axis = {
    domain,
    log,
    range: [170, WIDTH - 30],
    ticks: log ? logTicks(...domain) : niceTicks(...domain, 6),
    format: (v) => significant(v, 4),
    label: log ? 'area, hectares (logarithmic)' : 'area, hectares',
  }
  const y: Axis = { domain: [0, 1], range: [height - 42, 10], ticks: [], format: String, label: '' }
  const rows = estimate.classes.map((c, i) => {
    const middle = 12 + ROW * (i + 0.5)
    const { lower, upper, estimate: value } = c.hectares
    const note = `${c.name}: ${hectares(value)}, ${percent(estimate.level, 0)} interval ${hectares(lower)} to ${hectares(upper)}; mapped ${hectares(c.mappedHectares)}`
    const from = place(x, log ? Math.max(lower, domain[0]) : lower)
    const mapped = place(x, Math.max(c.mappedHectares, domain[0]))
    return html`<g data-class="${c.name}"><title>${note}</title><text class="row" x="158" y="${middle + 4}" text-anchor="end">${c.name}</text><line x1="${from}" x2="${place(x, upper)}" y1="${middle}" y2="${middle}" stroke="${colours[i]}" stroke-width="7" stroke-linecap="round" opacity=".38"/><path class="diamond" d="M${mapped} ${middle - 7}l5.5 7l-5.5 7l-5.5 -7z"/><circle cx="${place(x, value)}" cy="${middle}" r="5.5" fill="${colours[i]}" stroke="var(--ink)" stroke-width="1.1"/></g>`
  })
  return html`${chart({ width: WIDTH, height, x, y, alt: `Area per class with ${percent(estimate.level, 0)} intervals.`, gridlines: 'x' }, rows)}<ul class="keys"><li><svg class="key" viewBox="0 0 26 12" width="26" height="12" aria-hidden="true"><line x1="3" x2="23" y1="6" y2="6" stroke="var(--muted)" stroke-width="6" stroke-linecap="round" opacity=".45"/><circle cx="13" cy="6" r="4.5" fill="var(--muted)"/></svg>${estimate.estimator === 'census' ? 'from the full reference' : 'estimated from the reference, with its interval'}</li><li><svg class="key" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true"><path class="diamond" d="M7 1l5 6l-5 6l-5 -6z"/></svg>counted on the map</li></ul>`
}
