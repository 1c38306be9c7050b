/** Precision against recall per class, over lines of equal F1. */
import type { PrecisionRecallCurve } from '@ecotope/belief'
import { number, percent, significant } from '../format.ts'
import { html, type Markup } from '../html.ts'
import { type Axis, chart, dash, line, lineKey, place } from '../svg.ts'

const SIZE = 400

const axis = (range: readonly [number, number], label: string): Axis => ({
  domain: [0, 1],
  range,
  ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
  format: (v) => number(v, 1),
  label,
})

export interface NamedCurve {
  readonly name: string
  readonly curve: PrecisionRecallCurve
  readonly colour: string
}

/** The chart and its legend with average precisions. */
export function precisionRecall(curves: readonly NamedCurve[]): Markup {
  const x = axis([52, SIZE - 26], 'recall: share of the class that is found')
  const y = axis([SIZE - 42, 12], 'precision: share of what is mapped that is right')
  const drawn = curves.filter(({ curve }) => curve.positives > 0)
  const lines = drawn.map(({ name, curve, colour }, c) => {
    // From recall 0 on at the precision of the first threshold, as the step-wise definition has it.
    const recall = [0, ...curve.recall]
    const precision = [curve.precision[0] ?? 1, ...curve.precision]
    const { best } = curve
    return html`<g data-class="${name}">${line(x, y, recall, precision, `stroke="${colour}" stroke-width="2.2" stroke-dasharray="${dash(c)}"`)}<circle cx="${place(x, best.recall)}" cy="${place(y, best.precision)}" r="4.2" fill="${colour}" stroke="var(--paper)" stroke-width="1.4"><title>${name}: best F1 ${number(best.f1, 3)} at probability ${significant(best.threshold)}</title></circle></g>`
  })
  const spoken = drawn.map(({ name, curve }) => `${name} ${number(curve.averagePrecision, 3)}`).join(', ')
  const keys = drawn.map(({ name, curve, colour }, c) =>
    lineKey(
      html`<span><b>${name}</b> average precision ${number(curve.averagePrecision, 3)} <small>(guessing: ${percent(curve.prevalence)}; best F1 ${number(curve.best.f1, 3)} at p ≥ ${significant(curve.best.threshold, 2)})</small></span>`,
      colour,
      dash(c),
    ),
  )
  const frame = { width: SIZE, height: SIZE, x, y, alt: `Precision-recall curves; average precision: ${spoken}.` }
  return html`<div class="beside">${chart({ ...frame, gridlines: 'none' }, [equalF1(x, y), lines])}<ul class="keys tall">${keys}<li class="hint"><svg class="key" viewBox="0 0 26 10" width="26" height="10" aria-hidden="true"><line class="iso" x1="1" x2="25" y1="5" y2="5"/></svg>thin lines: equal F1; dots: best F1 of each class</li></ul></div>`
}

function equalF1(x: Axis, y: Axis): Markup[] {
  return [0.2, 0.4, 0.6, 0.8, 0.9].map((f) => {
    const recall = Array.from({ length: 60 }, (_, i) => f / 2 + 1e-6 + (i / 59) * (1 - f / 2))
    const precision = recall.map((r) => (f * r) / (2 * r - f))
    const kept = recall.map((r, i) => [r, precision[i]!] as const).filter(([, p]) => p <= 1 && p >= 0)
    const xs = kept.map(([r]) => r)
    const ys = kept.map(([, p]) => p)
    return html`${line(x, y, xs, ys, 'class="iso"')}<text class="iso-label" x="${place(x, 1) + 3}" y="${place(y, ys.at(-1) ?? f) + 3}">${f}</text>`
  })
}
