/** The map beside its reference and its errors; then how probable and how uncertain. */

import { listed } from '../format.ts'
import { html, type Markup } from '../html.ts'
import { mapView, type Page } from '../page.ts'
import { errorRaster } from '../paint.ts'
import type { RampRaster, ReportData } from '../types.ts'

export function mapSection(data: ReportData, page: Page): Markup {
  const { classes, reference, grid } = data.map
  const error = data.map.error ?? (reference && errorRaster(classes, reference))
  const names = listed(data.classes.map((c) => c.name))
  const views = [
    mapView(classes, { title: 'Map', alt: `Class map: ${names}.` }),
    reference && mapView(reference, { title: 'Reference', alt: `Reference classes: ${names}.` }),
    error && mapView(error, { title: 'Agreement', alt: 'Where map and reference agree and differ.' }),
  ]
  const caption = html`The most probable class${reference ? ', the reference where there is one, and where the two differ' : ''}.${grid ? ` Working grid: ${grid}.` : ''} Hatching: no data or no reference.`
  const layout = reference || error ? 'panels three' : 'panels'
  return html`${page.figure(caption, html`<div class="${layout}">${views}</div>`, { wide: true })}${reference ? '' : html`<p class="standfirst">No reference covers this map, so it cannot be shown beside one.</p>`}`
}

export function confidenceSection(data: ReportData, page: Page): Markup | undefined {
  const { probability = [], uncertainty } = data.map
  if (probability.length === 0 && !uncertainty) return undefined
  // For two classes the second probability says it all.
  const shown = data.classes.length === 2 && probability.length === 2 ? probability.slice(1) : probability
  const chances = shown.map(({ name, raster }) =>
    mapView(
      { ramp: 'ember', ...raster },
      { title: `Probability of ${name}`, alt: `Probability of ${name} per pixel.` },
    ),
  )
  const rows: [string, RampRaster | undefined][] = [
    ['Total uncertainty', uncertainty?.total],
    ['Aleatoric: the data do not tell', uncertainty?.aleatoric],
    ['Epistemic: the models disagree', uncertainty?.epistemic],
  ]
  const doubts = rows.map(
    ([title, raster]) => raster && mapView({ ramp: 'dusk', ...raster }, { title, alt: `${title} per pixel.` }),
  )
  if (chances.length === 1 && uncertainty) {
    const panels = html`<div class="panels two">${chances}${doubts}</div>`
    return page.figure(`${PROBABLE} ${UNDECIDED}`, panels, { wide: true })
  }
  const layout = chances.length > 3 ? 'panels many' : 'panels three'
  return html`${chances.length > 0 && page.figure(PROBABLE, html`<div class="${layout}">${chances}</div>`, { wide: true })}${
    uncertainty && page.figure(UNDECIDED, html`<div class="panels three">${doubts}</div>`, { wide: true })
  }`
}

const PROBABLE =
  'How probable each class is in every pixel: the mean over the members of the ensemble, after calibration.'
const UNDECIDED =
  'How undecided the map is: total uncertainty (entropy of the mean probability) splits into a part that better data could lower (aleatoric: mixed pixels, shadow, haze) and a part that more examples could lower (epistemic: places unlike the training blocks). Look at the epistemic map before trusting the class map far from where it was trained.'
