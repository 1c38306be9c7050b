/** Loss against epoch, one panel per member of the ensemble. */
import { significant } from '../format.ts'
import { type Content, html, type Markup } from '../html.ts'
import { type Axis, chart, line, lineKey, logTicks, niceTicks, place } from '../svg.ts'
import type { MemberCurve, TrainingSection } from '../types.ts'

const WIDTH = 330
const HEIGHT = 230

const finite = (values: readonly number[]): number[] => values.filter((v) => Number.isFinite(v))

/** One scale for all members, so that panels compare; logarithmic where losses span more than a factor of 20. */
function lossAxis(members: readonly MemberCurve[]): Axis {
  const all = finite(members.flatMap((m) => [...m.trainLoss, ...m.validationLoss]))
  const low = all.length > 0 ? Math.min(...all) : 0
  const high = all.length > 0 ? Math.max(...all) : 1
  const log = low > 0 && high / low > 20
  const domain: [number, number] = log ? [low / 1.1, high * 1.1] : [Math.min(0, low), high > 0 ? high * 1.05 : 1]
  const ticks = log ? logTicks(...domain) : niceTicks(...domain, 4)
  return { domain, log, ticks, range: [HEIGHT - 40, 14], format: (v) => significant(v, 3), label: 'loss' }
}

function epochAxis(members: readonly MemberCurve[]): Axis {
  const epochs = members.flatMap((m) => m.epochs)
  const last = Math.max(1, ...epochs)
  const first = Math.min(last - 1, ...epochs)
  const ticks = niceTicks(first, last, 5).filter(Number.isInteger)
  return { domain: [first, last], ticks, range: [52, WIDTH - 12], format: (v) => significant(v, 6), label: 'epoch' }
}

/** Panels of learning curves with their legend. */
export function learningCurves({ members }: TrainingSection): Markup {
  const x = epochAxis(members)
  const y = lossAxis(members)
  const panels = members.map((member, m) => {
    const name = member.name ?? `member ${m + 1}`
    return html`<div class="panel"><p class="panel-title">${name}</p>${chart(
      { width: WIDTH, height: HEIGHT, x, y, alt: spoken(name, member) },
      [
        bestMark(x, y, member),
        line(x, y, member.epochs, member.trainLoss, 'class="line-train" stroke-dasharray="5 3"'),
        line(x, y, member.epochs, member.validationLoss, 'class="line-validation"'),
      ],
    )}</div>`
  })
  return html`<div class="panels">${panels}</div><ul class="keys">${lineKey('training tiles', 'var(--muted)', '5 3', 1.6)}${lineKey('validation blocks', 'var(--accent)', '', 2.2)}<li><svg class="key" viewBox="0 0 26 10" width="26" height="10" aria-hidden="true"><circle cx="13" cy="5" r="4" fill="var(--warm)"/></svg>epoch whose weights were kept</li></ul>`
}

function spoken(name: string, { epochs, trainLoss, validationLoss, bestEpoch }: MemberCurve): string {
  const last = (values: readonly number[]): string => significant(finite(values).at(-1), 3)
  const best = bestEpoch === undefined ? '' : `, best epoch ${bestEpoch}`
  return `Learning curve of ${name}: ${epochs.length} epochs, last training loss ${last(trainLoss)}, last validation loss ${last(validationLoss)}${best}.`
}

function bestMark(x: Axis, y: Axis, member: MemberCurve): Content {
  const { bestEpoch } = member
  if (bestEpoch === undefined) return undefined
  const at = member.epochs.indexOf(bestEpoch)
  const loss = member.validationLoss[at]
  const column = place(x, bestEpoch)
  const dot =
    loss !== undefined && Number.isFinite(loss)
      ? html`<circle cx="${column}" cy="${place(y, loss)}" r="4" fill="var(--warm)"/>`
      : ''
  const late = column > (x.range[0] + x.range[1]) / 2
  const note = `epoch ${bestEpoch}${loss !== undefined && Number.isFinite(loss) ? `: ${significant(loss, 3)}` : ''}`
  return html`<line class="mark" x1="${column}" x2="${column}" y1="${y.range[1]}" y2="${y.range[0]}"/>${dot}<text class="note" x="${column + (late ? -7 : 7)}" y="${y.range[1] + 9}" text-anchor="${late ? 'end' : 'start'}">${note}</text>`
}
