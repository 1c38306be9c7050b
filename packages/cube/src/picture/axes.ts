/** What frames a map: coordinates along its edges, a scale bar in metres or kilometres. */
import { gridBounds, isNorthUp } from '../grid.ts'
import { pixelMetres } from '../ground.ts'
import type { Grid } from '../types.ts'
import { FAINT, INK, type Shape } from './drawing.ts'
import { textWidth } from './font.ts'
import { degreeTicks, niceTicks, tickText } from './numbers.ts'

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const SIZE = 10

/** Height of a map on the ground by its width. */
export function aspectOf(grid: Grid | undefined, columns: number, rows: number): number {
  if (grid === undefined) return rows / columns
  const [along, down] = pixelMetres(grid, grid.height / 2)
  const aspect = (grid.height * down) / (grid.width * along)
  // Extreme strips would be a line; they are stretched a little.
  return Number.isFinite(aspect) ? Math.min(6, Math.max(1 / 6, aspect)) : rows / columns
}

/** Ticks with coordinates; of rotated grids and of none, numbers of cells. */
export function coordinateAxes(
  grid: Grid | undefined,
  box: Box,
  columns: number,
  rows: number,
  sides: { left: boolean; bottom: boolean },
): Shape[] {
  const isStraight = grid !== undefined && isNorthUp(grid)
  const [, , c, , , f] = isStraight ? grid.affine : [1, 0, 0, 0, 1, 0]
  const [stepX, stepY] = isStraight ? [grid.affine[0], grid.affine[4]] : [1, 1]
  const isDegrees = isStraight && grid.crs.isGeographic
  const shapes: Shape[] = []
  if (sides.bottom) shapes.push(...bottomTicks(box, c, c + stepX * columns, isDegrees ? 'EW' : ''))
  if (sides.left) shapes.push(...leftTicks(box, f, f + stepY * rows, isDegrees ? 'NS' : ''))
  return shapes
}

const ticksOf = (signs: string) => (signs === '' ? niceTicks : degreeTicks)

function bottomTicks(box: Box, from: number, to: number, signs: string): Shape[] {
  const ticks = ticksOf(signs)(Math.min(from, to), Math.max(from, to), Math.max(2, Math.floor(box.width / 95)))
  const width = (tick: number): number => textWidth(label(tick, ticks, signs), SIZE)
  const place = (tick: number): number => box.x + ((tick - from) / (to - from)) * box.width
  // A label that sticks out further would run into that of the next panel.
  const isInside = (tick: number): boolean =>
    place(tick) - width(tick) / 2 > box.x - OVERHANG && place(tick) + width(tick) / 2 < box.x + box.width + OVERHANG
  return thinned(ticks.filter(isInside), width, box.width, from, to).flatMap((tick): Shape[] => {
    const x = place(tick)
    const y = box.y + box.height
    return [
      { kind: 'line', points: [x, y, x, y + 4], stroke: FAINT, strokeWidth: 0.8 },
      { kind: 'text', x, y: y + 15, text: label(tick, ticks, signs), size: SIZE, anchor: 'middle', fill: FAINT },
    ]
  })
}

/** Pixels by which a label may reach beyond its map: less than half the gap between panels. */
const OVERHANG = 6

/** Every second (third, ...) tick where their labels would touch. */
function thinned(
  ticks: readonly number[],
  width: (tick: number) => number,
  length: number,
  from: number,
  to: number,
): number[] {
  const gap = ticks.length > 1 ? (Math.abs(ticks[1]! - ticks[0]!) / Math.abs(to - from)) * length : length
  const every = Math.max(1, Math.ceil((Math.max(0, ...ticks.map(width)) + 10) / gap))
  return ticks.filter((_, i) => i % every === 0)
}

function leftTicks(box: Box, from: number, to: number, signs: string): Shape[] {
  const ticks = ticksOf(signs)(Math.min(from, to), Math.max(from, to), Math.max(2, Math.floor(box.height / 70)))
  return ticks.flatMap((tick): Shape[] => {
    const y = box.y + ((tick - from) / (to - from)) * box.height
    return [
      { kind: 'line', points: [box.x - 4, y, box.x, y], stroke: FAINT, strokeWidth: 0.8 },
      {
        kind: 'text',
        x: box.x - 7,
        y: y + 3.5,
        text: label(tick, ticks, signs),
        size: SIZE,
        anchor: 'end',
        fill: FAINT,
      },
    ]
  })
}

function label(tick: number, ticks: readonly number[], signs: string): string {
  if (signs === '') return grouped(tickText(tick, ticks))
  // Longitudes of 0 to 360 are named as those of -180 to 180.
  const degrees = signs === 'EW' ? tick - 360 * Math.round(tick / 360) : tick
  const side = degrees === 0 || Math.abs(degrees) === 180 ? '' : ` ${signs[degrees > 0 ? 0 : 1]}`
  return `${tickText(Math.abs(degrees), ticks.map(Math.abs))}°${side}`
}

/** Northings have seven digits, which are easier to read in threes. */
const grouped = (text: string): string => (/^−?\d{5,}$/.test(text) ? text.replace(/\B(?=(\d{3})+$)/g, '\u2009') : text)

/** A map whose rows differ more than this in scale has no scale bar. */
const MOST_DISTORTION = 1.5

/** A round length of at most a third of the map, with its upper left corner at (x, y); none of maps such as of the world. */
export function scaleBar(grid: Grid, map: Box, x: number, y: number): { shapes: Shape[]; width: number } {
  const [top, metres, bottom] = [0, grid.height / 2, grid.height].map((row) => pixelMetres(grid, row)[0])
  const scales = [top!, metres!, bottom!]
  if (Math.max(...scales) > MOST_DISTORTION * Math.min(...scales)) return { shapes: [], width: 0 }
  const perPixel = (metres! * grid.width) / map.width
  const most = (perPixel * map.width) / 3
  const power = 10 ** Math.floor(Math.log10(most))
  const length = ([5, 2, 1].find((m) => m * power <= most) ?? 1) * power
  const width = length / perPixel
  if (!Number.isFinite(width)) return { shapes: [], width: 0 }
  const text =
    length >= 1000 ? `${length / 1000} km` : length >= 1 ? `${length} m` : `${Number((length * 100).toPrecision(2))} cm`
  return {
    width: width + 8 + textWidth(text, SIZE),
    shapes: [
      { kind: 'rectangle', x, y: y + 3, width: width / 2, height: 4, fill: INK },
      { kind: 'rectangle', x, y: y + 3, width, height: 4, stroke: INK, strokeWidth: 0.9 },
      { kind: 'text', x: x + width + 8, y: y + 9, text, size: SIZE, fill: INK },
    ],
  }
}

/** Name of the CRS and the ground size of a pixel. */
export function gridLine(grid: Grid): string {
  const [west, south, east, north] = gridBounds(grid)
  const step = [(east - west) / grid.width, (north - south) / grid.height].map((value) =>
    String(Number(value.toPrecision(4))),
  )
  const unit = grid.crs.isGeographic ? '°' : grid.crs.unit === 'metre' ? ' m' : ` ${grid.crs.unit}`
  const size = step[0] === step[1] ? `${step[0]}${unit}` : `${step[0]} x ${step[1]}${unit}`
  return `${grid.crs.code ?? grid.crs.name}, ${grid.width} x ${grid.height} pixels${isNorthUp(grid) ? ` of ${size}` : ', rotated'}`
}
