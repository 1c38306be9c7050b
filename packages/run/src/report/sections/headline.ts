/** The first screen: what was mapped and how far it can be trusted, in words that need no machine learning. */
import { type BootstrapInterval, isRefusal, type Refusal } from '@ecotope/belief'
import { hectares, listed, number, percent } from '../format.ts'
import { type Content, html, type Markup } from '../html.ts'
import type { IntervalName, ReportData } from '../types.ts'

interface Tile {
  readonly value: string
  readonly label: string
  readonly note?: string
}

/** The class that a two-class map is about: the second. */
export const targetIndex = (data: ReportData): number | undefined => (data.classes.length === 2 ? 1 : undefined)

/** Key numbers, each with its interval. */
export function tiles(data: ReportData): Markup {
  const all = [accuracyTile(data), kappaTile(data), f1Tile(data), calibrationTile(data), areaTile(data)]
  const shown = all.filter((tile) => tile !== undefined)
  return html`<div class="tiles">${shown.map(
    ({ value, label, note }) =>
      html`<div class="tile"><b>${value}</b><span>${label}</span>${note && html`<small>${note}</small>`}</div>`,
  )}</div>`
}

/** What was mapped, how good, how sure, how much area. */
export function sentences(data: ReportData): Markup[] {
  const all = [whatSentence(data), howGoodSentence(data), howSureSentence(data), areaSentence(data)]
  return all.filter(Boolean).map((text) => html`<p>${text}</p>`)
}

function interval(data: ReportData, name: IntervalName): BootstrapInterval | undefined {
  const found: BootstrapInterval | Refusal | undefined = data.scores?.intervals?.[name]
  return found && !isRefusal(found) ? found : undefined
}

const between = (found: BootstrapInterval | undefined, format: (v: number) => string): string | undefined =>
  found && `${percent(found.level, 0)} interval ${format(found.lower)} to ${format(found.upper)}`

function accuracyTile(data: ReportData): Tile | undefined {
  if (!data.scores) return undefined
  const note = between(interval(data, 'overallAccuracy'), (v) => percent(v))
  return {
    value: percent(data.scores.scores.overallAccuracy),
    label: 'of the compared pixels carry the right class',
    ...(note ? { note } : {}),
  }
}

function kappaTile(data: ReportData): Tile | undefined {
  if (!data.scores) return undefined
  const note = between(interval(data, 'kappa'), (v) => number(v, 3))
  return {
    value: number(data.scores.scores.kappa, 3),
    label: 'Cohen’s kappa: agreement beyond chance (0 guessing, 1 perfect)',
    ...(note ? { note } : {}),
  }
}

function f1Tile(data: ReportData): Tile | undefined {
  if (!data.scores) return undefined
  const target = targetIndex(data)
  if (target !== undefined) {
    const c = data.scores.scores.classes[target]!
    const note = `precision ${percent(c.precision, 0)}, recall ${percent(c.recall, 0)}`
    return { value: number(c.f1, 3), label: `F1 of ${c.name}: false alarms and misses in one number`, note }
  }
  const note = between(interval(data, 'meanF1'), (v) => number(v, 3))
  return {
    value: number(data.scores.scores.meanF1, 3),
    label: 'mean F1: every class counts alike, however rare',
    ...(note ? { note } : {}),
  }
}

function calibrationTile({ calibration }: ReportData): Tile | undefined {
  if (!calibration) return undefined
  const note = `before calibration ${percent(calibration.before.ece)}`
  return { value: percent(calibration.after.ece), label: 'mean gap between stated and observed probability', note }
}

function areaTile(data: ReportData): Tile | undefined {
  const { areas } = data
  if (!areas || isRefusal(areas)) return undefined
  const rarest = areas.classes.reduce((a, b) => (b.hectares.estimate < a.hectares.estimate ? b : a))
  const shown = areas.classes[targetIndex(data) ?? areas.classes.indexOf(rarest)]!
  const { estimate, lower, upper } = shown.hectares
  const note =
    areas.estimator === 'census'
      ? 'counted on a full reference: no sampling error'
      : `${percent(areas.level, 0)} interval ${hectares(lower)} to ${hectares(upper)}`
  return { value: hectares(estimate), label: `area of ${shown.name}`, note }
}

function whatSentence(data: ReportData): Content {
  const mapped = data.map.mappedHectares
  const names = data.classes.map((c) => c.name)
  if (!mapped) return html`This map gives every pixel one of ${number(names.length)} classes: ${listed(names)}.`
  const total = mapped.reduce((s, v) => s + v, 0)
  const share = (c: number): string => percent(total > 0 ? mapped[c]! / total : 0)
  const target = targetIndex(data)
  if (target !== undefined) {
    return html`The map covers ${hectares(total)}; on ${hectares(mapped[target])} of it, ${share(target)}, it shows <b>${names[target]}</b>.`
  }
  const order = names.map((_, c) => c).sort((a, b) => mapped[b]! - mapped[a]!)
  return html`The map covers ${hectares(total)}: ${listed(order.map((c) => `${names[c]} ${share(c)}`))}.`
}

function howGoodSentence(data: ReportData): Content {
  if (!data.scores)
    return html`There was no independent reference to hold the map against, so nothing is claimed here about its accuracy.`
  const { on, scores } = data.scores
  const target = targetIndex(data)
  const blocks = interval(data, 'overallAccuracy')?.blocks
  const resampled = blocks
    ? ` The intervals come from resampling the ${number(blocks)} blocks, because neighbouring pixels are not independent.`
    : ''
  if (target !== undefined) {
    const c = scores.classes[target]!
    return html`Held against ${on}, ${percent(c.recall, 0)} of the true ${c.name} was found, and ${percent(c.precision, 0)} of what is mapped as ${c.name} is right.${resampled}`
  }
  const present = scores.classes.filter((c) => c.support > 0).sort((a, b) => b.f1 - a.f1)
  const best = present[0]
  const worst = present.at(-1)
  if (!best || !worst) return undefined
  return html`Held against ${on}, the map is best at ${best.name} (F1 ${number(best.f1, 2)}) and weakest at ${worst.name} (F1 ${number(worst.f1, 2)}).${resampled}`
}

/** What the calibration error means for a reader. */
const TRUST: readonly { readonly below: number; readonly words: string }[] = [
  { below: 0.03, words: 'can be taken at their word' },
  { below: 0.08, words: 'are roughly right and should be read with some caution' },
  { below: Number.POSITIVE_INFINITY, words: 'are not reliable: use them to rank places, not as chances' },
]

/** The error over mapped classes can hide errors of single classes that cancel; then both are told. */
function howSureSentence({ calibration }: ReportData): Content {
  if (!calibration) return undefined
  const { ece, classwiseEce } = calibration.after
  const words = TRUST.find(({ below }) => ece < below)?.words ?? ''
  const points = (error: number): string => `${number(100 * error, 1)} percentage points`
  const hidden =
    classwiseEce > Math.max(2 * ece, CLASSWISE_LIMIT)
      ? ` Class by class, though, they are off by ${points(classwiseEce)} on average: trust the ranking of places more than the numbers.`
      : ''
  return html`On average over the map the stated probabilities ${words}: they differ from what was observed by ${points(ece)}.${hidden}`
}

const CLASSWISE_LIMIT = 0.03

function areaSentence(data: ReportData): Content {
  const { areas } = data
  if (!areas) return undefined
  if (isRefusal(areas)) {
    return html`<b>No area is estimated</b>, because ${areas.refused}. The mapped area above is a count of pixels and carries the map’s errors.`
  }
  const target = targetIndex(data)
  if (target === undefined) return undefined
  const c = areas.classes[target]!
  if (areas.estimator === 'census') return html`The full reference has ${hectares(c.hectares.estimate)} of ${c.name}.`
  return html`Corrected for the map’s errors, ${c.name} covers ${hectares(c.hectares.estimate)} (${percent(areas.level, 0)} interval ${hectares(c.hectares.lower)} to ${hectares(c.hectares.upper)}).`
}
