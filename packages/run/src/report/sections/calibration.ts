/** Whether stated probabilities hold. */
import type { Reliability } from '@ecotope/belief'
import { reliabilityDiagram } from '../charts/reliability.ts'
import { number, percent, significant } from '../format.ts'
import { html, type Markup } from '../html.ts'
import type { Page } from '../page.ts'
import type { CalibrationSection } from '../types.ts'

const ROWS: readonly { readonly name: string; readonly pick: (r: Reliability) => string }[] = [
  { name: 'Expected calibration error (15 bins)', pick: (r) => percent(r.ece, 2) },
  { name: 'with bins of equal count', pick: (r) => percent(r.adaptiveEce, 2) },
  { name: 'mean over classes', pick: (r) => percent(r.classwiseEce, 2) },
  { name: 'Largest gap of a bin', pick: (r) => percent(r.mce, 1) },
  { name: 'Negative log-likelihood, nats', pick: (r) => number(r.nll, 4) },
  { name: 'Brier score', pick: (r) => number(r.brier.score, 4) },
  { name: 'its reliability part', pick: (r) => number(r.brier.reliability, 4) },
  { name: 'its resolution part', pick: (r) => number(r.brier.resolution, 4) },
]

export function calibrationParts({ before, after, fit, on }: CalibrationSection, page: Page): Markup {
  const sureness = fit.temperature > 1 ? 'too sure of themselves' : 'not sure enough'
  const caution = fit.atBound
    ? html`<div class="notice"><p>The temperature ran into the end of its range: ${fit.temperature > 1 ? 'on the validation blocks the models do no better than guessing' : 'the validation blocks hold too few errors to calibrate on'}.</p></div>`
    : ''
  return html`<h3>Can the probabilities be taken at their word?</h3><p>A temperature of ${significant(fit.temperature)} was fitted on ${number(fit.count)} validation pixels${fit.kind === 'temperature' ? '' : `, with class-wise corrections (${fit.kind})`}: before it, the models were ${sureness}. The diagrams below were measured on ${on}.</p>${caution}${page.figure(
    'Bars: how often the map is right when it states a probability in that range; dashed: perfect agreement; tinted: the gap. Faint: fewer than 30 pixels or 0.05 %. Below each: how many pixels state it.',
    html`<div class="panels">${reliabilityDiagram(`Before, ECE ${percent(before.ece)}`, before)}${reliabilityDiagram(`After, ECE ${percent(after.ece)}`, after)}</div>`,
    { wide: true },
  )}${page.table(
    'Calibration before and after. Smaller is better, but for resolution.',
    html`<table class="fit"><thead><tr><th>Measure</th><th class="n">Before</th><th class="n">After</th></tr></thead><tbody>${ROWS.map(({ name, pick }) => html`<tr><td>${name}</td><td class="n">${pick(before)}</td><td class="n">${pick(after)}</td></tr>`)}</tbody></table>`,
  )}`
}
