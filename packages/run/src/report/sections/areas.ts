/** How much area each class covers, or why that is not said. */
import { type AreaEstimate, type Interval, isRefusal, type Refusal } from '@ecotope/belief'
import { classColours, lineColour } from '@ecotope/cube'
import { areaChart } from '../charts/areas.ts'
import { hectares, number, percent, significant, withError } from '../format.ts'
import { html, type Markup } from '../html.ts'
import { named, type Page } from '../page.ts'
import type { ReportData } from '../types.ts'

/** What each estimator rests on. */
const GROUNDS: Record<AreaEstimate['estimator'], string> = {
  stratified:
    'a random sample drawn within each mapped class (stratified estimator, Olofsson et al. 2014, equations 9 to 11)',
  'post-stratified': 'a simple random sample, stratified afterwards by mapped class (Olofsson et al. 2014)',
  direct: 'a simple random sample; too few units fell into some mapped class to stratify by it',
  census:
    'a reference that covers every mapped pixel: nothing is estimated, and no sampling error remains (the reference’s own errors do)',
}

export function areaSection(data: ReportData, page: Page): Markup | undefined {
  const { areas } = data
  const counted = data.map.mappedHectares
  if (!areas && !counted) return undefined
  if (!areas || isRefusal(areas)) return refusal(areas, data, page)
  const colours = classColours(data.classes)
  return html`<p>A class’s area is not the number of its pixels: false alarms add to it and misses take away. These figures rest on ${GROUNDS[areas.estimator]}; ${number(areas.units)} reference pixels.</p>${page.figure(
    html`Area per class${areas.estimator === 'census' ? '' : html` with its ${percent(areas.level, 0)} interval`}.`,
    areaChart(areas, colours.map(lineColour)),
  )}${page.table('Areas and the accuracies behind them.', table(areas, colours))}`
}

function refusal(areas: Refusal | undefined, data: ReportData, page: Page): Markup {
  const counted = data.map.mappedHectares
  const colours = classColours(data.classes)
  const reason = areas ? html`<p><b>No area is estimated</b>, because ${areas.refused}.</p>` : ''
  return html`<div class="notice">${reason}<p>To get one, draw a random sample of pixels within each mapped class, label them by eye or in the field, and give them as the reference.</p></div>${
    counted &&
    page.table(
      'Pixels counted on the map. These are not estimates: they carry the map’s errors.',
      html`<table class="fit"><thead><tr><th>Class</th><th class="n">Mapped area</th></tr></thead><tbody>${data.classes.map((c, i) => html`<tr><td>${named(c.name, colours[i])}</td><td class="n">${hectares(counted[i])}</td></tr>`)}</tbody></table>`,
    )
  }`
}

const spread = (found: Interval | undefined, census: boolean): string => {
  if (!found) return '–'
  return census
    ? percent(found.estimate)
    : `${percent(found.estimate)} (${number(100 * found.lower, 0)} to ${number(100 * found.upper, 0)})`
}

function table(areas: AreaEstimate, colours: readonly string[]): Markup {
  const census = areas.estimator === 'census'
  const rows = areas.classes.map((c, i) => {
    const { estimate, standardError, lower, upper } = c.hectares
    return html`<tr><td>${named(c.name, colours[i])}</td><td class="n"><b>${withError(estimate, standardError)}</b></td><td class="n">${census ? 'exact' : `${withError(lower, standardError)} to ${withError(upper, standardError)}`}</td><td class="n">${census ? '0' : significant(standardError)}</td><td class="n">${hectares(c.mappedHectares)}</td><td class="n">${spread(c.usersAccuracy, census)}</td><td class="n">${spread(c.producersAccuracy, census)}</td></tr>`
  })
  return html`<table><thead><tr><th>Class</th><th class="n">Area, ha</th><th class="n">${percent(areas.level, 0)} interval, ha</th><th class="n">Standard<br>error, ha</th><th class="n">Counted<br>on the map</th><th class="n">User’s<br>accuracy</th><th class="n">Producer’s<br>accuracy</th></tr></thead><tbody>${rows}</tbody></table>`
}
