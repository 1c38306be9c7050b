/** What makes the result repeatable: parameters, lineage, environment, files, command. And how to read it all. */
import { duration, literal, number } from '../format.ts'
import { type Content, html, type Markup } from '../html.ts'
import type { Page } from '../page.ts'
import type { LineageStep, ParameterRow, ReportData } from '../types.ts'

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

export function parameterSection({ parameters, recipe }: ReportData, page: Page): Markup {
  const groups = [...new Set(parameters.map((p) => p.group ?? ''))]
  const rows = groups.map((group) => {
    const members = parameters.filter((p) => (p.group ?? '') === group).map(parameterRow)
    return html`${group && html`<tr class="group"><td colspan="3">${group}</td></tr>`}${members}`
  })
  const changed = parameters.filter((p) => p.default !== undefined && !same(p.value, p.default)).length
  return html`<p>${recipe.summary} ${recipe.description}</p>${page.table(
    html`All ${number(parameters.length)} parameters of the recipe <code>${recipe.id}</code>; ${changed === 0 ? 'all have their default' : html`${number(changed)} ${changed === 1 ? 'differs' : 'differ'} from the default (in colour)`}.`,
    html`<table><thead><tr><th>Parameter</th><th>What it does</th><th>When to change it</th></tr></thead><tbody>${rows}</tbody></table>`,
  )}`
}

function parameterRow(p: ParameterRow): Markup {
  const changed = p.default !== undefined && !same(p.value, p.default)
  const range = p.choices
    ? `one of ${p.choices.map(literal).join(', ')}`
    : p.minimum !== undefined || p.maximum !== undefined
      ? `${literal(p.minimum ?? '−∞')} to ${literal(p.maximum ?? '∞')}`
      : undefined
  const value = html`<span class="mono${changed ? ' changed' : ''}">${literal(p.value)}</span>`
  return html`<tr><td><b>${p.name}</b> = ${value}${changed ? html`<small>default ${literal(p.default)}</small>` : ''}${range && html`<small>${range}</small>`}</td><td>${p.description}</td><td>${p.raiseWhen && html`<span><b>Raise</b> ${p.raiseWhen}</span>`}${p.raiseWhen && p.lowerWhen ? html`<br>` : ''}${p.lowerWhen && html`<span><b>Lower</b> ${p.lowerWhen}</span>`}</td></tr>`
}

export function recordSection(data: ReportData, page: Page): Markup {
  return html`${data.lineage?.length ? page.table(LINEAGE_CAPTION, lineageTable(data.lineage)) : ''}${
    data.outputs?.length
      ? page.table(
          'Files beside this report.',
          html`<table class="fit"><tbody>${data.outputs.map((o) => html`<tr><td class="mono">${o.path}</td><td>${o.description}</td></tr>`)}</tbody></table>`,
        )
      : ''
  }<h3>Environment</h3><dl class="facts">${data.environment.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl><h3>To repeat it</h3><pre><code>${data.command}</code></pre><p class="standfirst">Steps whose inputs, parameters and versions are unchanged are found again by their address and not computed anew.</p>`
}

const LINEAGE_CAPTION =
  'Lineage. A step’s address is a hash of its process, version, parameters and inputs: equal addresses mean equal results.'

function lineageTable(steps: readonly LineageStep[]): Markup {
  const most = Math.max(1e-9, ...steps.map((s) => (s.reused ? 0 : s.seconds)))
  const rows = steps.map((s) => {
    const from: Content = s.from?.length ? html`<small>from ${s.from.join(', ')}</small>` : ''
    const time = s.reused ? 'found' : duration(s.seconds)
    const width = s.reused ? 0 : (100 * s.seconds) / most
    return html`<tr><td><b>${s.node}</b>${from}</td><td class="mono">${s.process}</td><td class="mono" title="${s.address}">${s.address.slice(0, 16)}</td><td class="n">${time}<span class="meter" aria-hidden="true"><i style="width:${number(width, 1)}%"></i></span></td></tr>`
  })
  return html`<table><thead><tr><th>Step</th><th>Process</th><th>Address</th><th class="n">Time</th></tr></thead><tbody>${rows}</tbody></table>`
}

/** Term and meaning, for people who do not train networks. */
const TERMS: readonly (readonly [string, string])[] = [
  [
    'Probability',
    'The chance that the map itself gives to a class in a pixel. After calibration, of all pixels given 80 %, about 80 of 100 should be that class; the reliability diagram shows whether they are.',
  ],
  [
    'Ensemble, members',
    'Several networks that differ only in their random start. Their mean is the map; where they disagree, they have not seen enough like it.',
  ],
  [
    'Training, validation and test blocks',
    'Squares of the scene. Scores from test blocks say how the map does in places that it has not learnt from, but of the same scene: another season or sensor may fare worse.',
  ],
  ['Precision (user’s accuracy)', 'Of what the map calls a class, the share that is it. Low: false alarms.'],
  ['Recall (producer’s accuracy)', 'Of what truly is a class, the share that the map found. Low: misses.'],
  [
    'F1, IoU',
    'Precision and recall in one number (F1), and the overlap of the mapped and the true area divided by their union (IoU). 1 is perfect.',
  ],
  [
    'Cohen’s kappa',
    'Agreement beyond what chance would give. Unlike the overall accuracy it does not flatter a map that calls everything by the most common class.',
  ],
  [
    'Interval',
    'If the work were repeated with other blocks or another sample, 95 of 100 such intervals would hold the true value.',
  ],
  [
    'Expected calibration error',
    'The mean gap between how sure the map says it is and how often it is right. Below 3 % the probabilities can be used as chances.',
  ],
  [
    'Total, aleatoric, epistemic uncertainty',
    'How undecided the map is; how much of that lies in the data (mixed pixels, shadow); and how much in the models (unfamiliar ground).',
  ],
  [
    'Area',
    'Estimated from a random reference sample, not counted on the map. Without such a sample no honest area exists, and none is given.',
  ],
  [
    'Address',
    'A fingerprint of a step and everything that went into it. With it anybody can check that two results are the same.',
  ],
]

export const readingSection = (): Markup =>
  html`<dl class="terms">${TERMS.map(([term, meaning]) => html`<div><dt>${term}</dt><dd>${meaning}</dd></div>`)}</dl>`
