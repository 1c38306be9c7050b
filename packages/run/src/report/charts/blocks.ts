/** Where the map is good: one cell per block of the split, coloured and numbered by its score, and their spread. */
import { inkOn, rampColour, rampGradient } from '@ecotope/cube'
import { number, percent } from '../format.ts'
import { html, type Markup } from '../html.ts'
import { type Axis, chart, niceTicks, place, round } from '../svg.ts'
import type { BlockSection } from '../types.ts'

const WIDTH = 460

/** The scale starts at a round value below the worst block, so that differences show. */
function floorOf(values: readonly number[]): number {
  const worst = Math.min(...values)
  return Math.max(0, Math.floor((worst - 0.01) * 10) / 10)
}

export function blockMap({ rows, columns, scores }: BlockSection): Markup {
  const cell = WIDTH / columns
  const height = round(cell * rows)
  const low = floorOf(scores.map((s) => s.overallAccuracy))
  const cells = scores.map((s) => {
    const colour = rampColour('cividis', (s.overallAccuracy - low) / (1 - low))
    const x = round(s.column * cell)
    const y = round(s.row * cell)
    const size = Math.min(13, cell / 2.9)
    const text =
      cell >= 22
        ? html`<text x="${round(x + cell / 2)}" y="${round(y + cell / 2 + size * 0.36)}" text-anchor="middle" style="font-size:${round(size)}px;fill:${inkOn(colour)}">${number(100 * s.overallAccuracy, 0)}</text>`
        : ''
    return html`<g><title>row ${s.row + 1}, column ${s.column + 1}: ${percent(s.overallAccuracy)} of ${number(s.pixels)} pixels right</title><rect x="${x}" y="${y}" width="${round(cell)}" height="${round(cell)}" fill="${colour}" stroke="var(--paper)"/>${text}</g>`
  })
  const alt = `Accuracy of ${scores.length} blocks in their places, from ${percent(Math.min(...scores.map((s) => s.overallAccuracy)))} to ${percent(Math.max(...scores.map((s) => s.overallAccuracy)))}.`
  return html`<div class="panel" style="max-width:${WIDTH}px"><svg class="chart" viewBox="0 0 ${WIDTH} ${height}" style="max-width:${WIDTH}px" role="img" aria-label="${alt}"><rect class="hollow" x=".5" y=".5" width="${WIDTH - 1}" height="${round(height - 1)}"/>${cells}</svg><div class="ramp"><i style="background:${rampGradient('cividis')}"></i><span>${percent(low, 0)}</span><span>share of pixels that are right</span><span>100 %</span></div></div>`
}

/** Every block a dot, larger with more pixels; the line is the share over all. */
export function blockStrip({ scores }: BlockSection, overall: number | undefined): Markup {
  const low = floorOf(scores.map((s) => s.overallAccuracy))
  const most = Math.max(1, ...scores.map((s) => s.pixels))
  const x: Axis = {
    domain: [low, 1],
    range: [20, WIDTH - 24],
    ticks: niceTicks(low, 1, 5),
    format: (v) => percent(v, 0),
    label: 'share of pixels that are right, per block',
  }
  const y: Axis = { domain: [0, 1], range: [150, 12], ticks: [], format: String, label: '' }
  const dots = scores.map((s, i) => {
    // Heights spread by the golden ratio: dots of like accuracy do not hide one another, and runs repeat.
    const height = 0.12 + 0.76 * ((i * 0.618034) % 1)
    return html`<circle class="dot" cx="${place(x, s.overallAccuracy)}" cy="${place(y, height)}" r="${round(2.2 + 5 * Math.sqrt(s.pixels / most))}"/>`
  })
  const mark =
    overall === undefined
      ? ''
      : html`<line class="mark" x1="${place(x, overall)}" x2="${place(x, overall)}" y1="12" y2="150"/><text class="note" x="${place(x, overall) - 6}" y="22" text-anchor="end">all blocks ${percent(overall)}</text>`
  return html`<div class="panel">${chart({ width: WIDTH, height: 190, x, y, alt: 'Spread of the accuracy over blocks.', gridlines: 'x' }, [dots, mark])}</div>`
}
