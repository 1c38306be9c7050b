/** Confusion, scores, curves and where the errors are. */
import { isRefusal, type Scores } from '@ecotope/belief'
import { classColours, lineColour } from '@ecotope/cube'
import { blockMap, blockStrip } from '../charts/blocks.ts'
import { precisionRecall } from '../charts/precision-recall.ts'
import { number, percent } from '../format.ts'
import { type Content, html, type Markup } from '../html.ts'
import { named, type Page } from '../page.ts'
import type { BlockSection, ReportData, ScoreSection } from '../types.ts'

export function accuracySection(data: ReportData, page: Page): Markup | undefined {
  const { scores, precisionRecall: curves, blocks } = data
  if (!scores && !curves?.length && !blocks) {
    return html`<p>There is no test reference, so the accuracy of this map is unknown. Give polygons in blocks that are kept out of training, or a separate reference, and run <code>ecotope score</code>.</p>`
  }
  const colours = classColours(data.classes)
  const coloured = curves?.map((c, i) => ({
    ...c,
    colour: lineColour(colours[indexOf(data, c.name)] ?? colours[i] ?? ''),
  }))
  return html`${scores && scoreParts(scores, data, page)}${coloured?.length ? html`<h3>Precision and recall at every threshold</h3>${page.figure(PR_CAPTION, precisionRecall(coloured))}` : ''}${blocks && blockParts(blocks, scores?.scores, page)}`
}

const PR_CAPTION =
  'Lowering the probability from which a pixel counts as the class finds more of it (to the right) and brings more false alarms (down). The closer to the upper right corner, the better.'

const indexOf = (data: ReportData, name: string): number => data.classes.findIndex((style) => style.name === name)

function scoreParts(section: ScoreSection, data: ReportData, page: Page): Markup {
  const { on, scores } = section
  const colours = classColours(data.classes)
  const caption = html`Confusion on ${on}: ${number(scores.count)} pixels. Rows are what is there, columns what the map says; percentages are shares of the row, so the diagonal holds the recall.`
  const confusion = page.table(caption, confusionTable(section))
  const summary = summaryTable(section, page)
  // Beside each other while the matrix is small.
  const narrow = scores.classes.length <= 4 && !section.baselines?.length
  const tops = narrow ? html`<div class="pair">${confusion}${summary}</div>` : [confusion, summary]
  return html`${tops}${page.table('Scores per class.', classTable(scores, colours))}`
}

function confusionTable({ confusion, scores }: ScoreSection): Markup {
  const names = scores.classes.map((c) => c.name)
  const rows = confusion.map((row, r) => {
    const sum = row.reduce((s, v) => s + v, 0)
    const cells = row.map((count, c) => {
      const share = sum > 0 ? count / sum : 0
      // Errors are tinted warm so that they show beside the diagonal, in grey print by the number.
      const hue = r === c ? 'var(--accent)' : 'var(--warm)'
      // Never so strong that the text would need another colour.
      const strength = Math.round(r === c ? 50 * share : 48 * Math.sqrt(share))
      return html`<td style="background:color-mix(in srgb,${hue} ${strength}%,var(--sunk))"><b>${number(count)}</b><span>${percent(share)}</span></td>`
    })
    return html`<tr><th scope="row">${names[r]}</th>${cells}<td class="sum">${number(sum)}</td></tr>`
  })
  const sums = names.map((_, c) => html`<td class="sum">${number(confusion.reduce((s, row) => s + row[c]!, 0))}</td>`)
  return html`<table class="confusion"><thead><tr><th>reference ↓ map →</th>${names.map((n) => html`<th scope="col">${n}</th>`)}<th>sum</th></tr></thead><tbody>${rows}<tr><th scope="row">sum</th>${sums}<td class="sum">${number(scores.count)}</td></tr></tbody></table>`
}

const meter = (share: number): Markup =>
  html`<span class="meter" aria-hidden="true"><i style="width:${number(100 * share, 1)}%"></i></span>`

function classTable(scores: Scores, colours: readonly string[]): Markup {
  const rows = scores.classes.map((c, i) => {
    const absent = c.support === 0
    const cell = (v: number): Content => (absent ? '–' : number(v, 3))
    return html`<tr><td>${named(c.name, colours[i])}</td><td class="n">${c.predicted > 0 ? number(c.precision, 3) : '–'}</td><td class="n">${cell(c.recall)}</td><td class="n">${cell(c.f1)}${meter(absent ? 0 : c.f1)}</td><td class="n">${cell(c.iou)}</td><td class="n">${number(c.support)}</td><td class="n">${number(c.predicted)}</td></tr>`
  })
  return html`<table><thead><tr><th>Class</th><th class="n">Precision<br>(user’s)</th><th class="n">Recall<br>(producer’s)</th><th class="n">F1</th><th class="n">IoU</th><th class="n">Reference<br>pixels</th><th class="n">Mapped<br>pixels</th></tr></thead><tbody>${rows}</tbody></table>`
}

function summaryTable({ scores, intervals = {}, baselines = [] }: ScoreSection, page: Page): Markup {
  const range = (name: keyof typeof intervals): Content => {
    const found = intervals[name]
    if (!found) return '–'
    return isRefusal(found)
      ? html`<small>none: ${found.refused}</small>`
      : `${number(found.lower, 3)} to ${number(found.upper, 3)}`
  }
  const rows: [string, number, Content][] = [
    ['Overall accuracy', scores.overallAccuracy, range('overallAccuracy')],
    ['Cohen’s kappa', scores.kappa, range('kappa')],
    ['Mean F1', scores.meanF1, range('meanF1')],
    ['Mean IoU', scores.meanIou, '–'],
    ['Balanced accuracy', scores.balancedAccuracy, '–'],
    ['Matthews correlation', scores.matthews, '–'],
    ['Quantity disagreement', scores.quantityDisagreement, '–'],
    ['Allocation disagreement', scores.allocationDisagreement, '–'],
  ]
  const others = baselines.map((b) => html`<th class="n">${b.name}</th>`)
  const beside = (name: string): Markup[] =>
    baselines.map((b) => {
      const value = {
        'Overall accuracy': b.overallAccuracy,
        'Cohen’s kappa': b.kappa,
        'Mean F1': b.meanF1,
      }[name]
      return html`<td class="n">${value === undefined ? '–' : number(value, 3)}</td>`
    })
  const level = Object.values(intervals).find((i) => !isRefusal(i))
  const title = level && !isRefusal(level) ? `${percent(level.level, 0)} interval` : 'Interval'
  return page.table(
    'Scores over all classes; means are over the classes that the reference has. Quantity disagreement: the classes’ totals are wrong; allocation disagreement: the totals fit, but not the places (Pontius and Millones 2011). Intervals: resampled blocks.',
    html`<table class="fit"><thead><tr><th>Score</th><th class="n">Value</th><th class="n">${title}</th>${others}</tr></thead><tbody>${rows.map(([name, value, text]) => html`<tr><td>${name}</td><td class="n">${number(value, 3)}</td><td class="n">${text}</td>${beside(name)}</tr>`)}</tbody></table>`,
  )
}

function blockParts(blocks: BlockSection, scores: Scores | undefined, page: Page): Markup | undefined {
  if (blocks.scores.length === 0) return undefined
  const size = blocks.size ? ` of ${blocks.size} pixels` : ''
  return html`<h3>Where the map is good</h3>${page.figure(
    `Share of right pixels per block${size}, in its place (left) and as a spread (right; larger dots have more reference pixels). A map that is good on average may fail in one corner: look there first.`,
    html`<div class="panels">${blockMap(blocks)}${blockStrip(blocks, scores?.overallAccuracy)}</div>`,
    { wide: true },
  )}`
}
