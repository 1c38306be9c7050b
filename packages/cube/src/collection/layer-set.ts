/** Layers from images: what belongs together, in which order, and what the user should know about it. */
import { InputError, type Warning } from '@ecotope/core'
import { distinctUnits } from '../cf/units.ts'
import { crsEquals } from '../crs/transform.ts'
import { gridEquals } from '../grid.ts'
import { type Calendar, isLevels } from '../model/dimension.ts'
import { periodStart } from '../model/periods.ts'
import { secondsOf } from '../model/time.ts'
import type { Grid } from '../types.ts'
import { gridText } from './lattice.ts'
import type { BandPiece } from './pieces.ts'
import type { Layer, LayerSet, Piece } from './types.ts'

/** Puts images of the same band together. `order` names bands that come first, in this order. */
export function layersOf(images: readonly BandPiece[], order: readonly string[] = []): Layer[] {
  const byName = new Map<string, BandPiece[]>()
  for (const image of images) {
    const list = byName.get(image.band.name)
    if (list === undefined) byName.set(image.band.name, [image])
    else list.push(image)
  }
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length)
  return [...byName.values()].map(layerOf).sort((a, b) => rank(a.name) - rank(b.name))
}

/** Dates and periods, or periods of different kinds, have no order among each other. Throws `InputError('MixedPeriods')`. */
export function onePeriod(
  list: readonly { readonly name: string; readonly period: string | undefined; readonly time: string | undefined }[],
): void {
  const [first, ...others] = list.filter(({ time }) => time !== undefined)
  const other = others.find(({ period }) => period !== first!.period)
  if (other === undefined) return
  const named = ({ name, period, time }: typeof other): string => `${name} has ${period ?? 'date'} ${time}`
  throw new InputError('MixedPeriods', `${named(first!)} and ${named(other)}, which have no common order`, {
    hint: 'open or stack them separately',
    data: { names: [first!.name, other.name] },
  })
}

function layerOf(images: readonly BandPiece[]): Layer {
  onePeriod(images.map(({ band, period, piece }) => ({ name: band.name, period, time: piece.time })))
  const [first] = images
  const { calendar, period } = first!
  const order = timeOrder(calendar, period)
  const pieces = images.map(({ piece }) => piece).sort((a, b) => order(a.time ?? '', b.time ?? ''))
  return {
    name: first!.band.name,
    band: first!.band,
    calendar,
    ...(period === undefined ? {} : { period }),
    times: [...new Set(pieces.flatMap(({ time }) => (time === undefined ? [] : [time])))],
    grids: distinctGrids(pieces),
    pieces,
  }
}

/** RFC 3339 labels of one writing sort as text, also before and after year 0 to 9999 where files say so. */
const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

/** How times of layers sort: those of periods by their starts, since `2020-mam` comes before `2020-jja`. */
export function timeOrder(calendar: Calendar, period: string | undefined): (one: string, other: string) => number {
  if (period === undefined) return byText
  const starts = new Map<string, number>()
  const startOf = (label: string): number => {
    const known = starts.get(label)
    if (known !== undefined) return known
    const date = periodStart(label, calendar, period)
    const start = date === undefined ? Number.NaN : secondsOf(date, calendar)
    starts.set(label, start)
    return start
  }
  return (one, other) => startOf(one) - startOf(other) || byText(one, other)
}

export function distinctGrids(pieces: readonly Pick<Piece, 'grid'>[]): Grid[] {
  const grids: Grid[] = []
  const seen = new Set<Grid>()
  for (const { grid } of pieces) {
    if (seen.has(grid)) continue
    seen.add(grid)
    if (!grids.some((known) => gridEquals(known, grid))) grids.push(grid)
  }
  return grids
}

/** What may surprise: several CRS, levels in several units, images of one date upon each other, layers with and without dates. */
export function warningsOf(layers: readonly Layer[]): Warning[] {
  return [...mixedCrs(layers), ...mixedUnits(layers), ...duplicates(layers), ...undated(layers)]
}

function mixedCrs(layers: readonly Layer[]): Warning[] {
  const found: Grid[] = []
  for (const { grids } of layers) {
    for (const grid of grids) if (!found.some((known) => crsEquals(known.crs, grid.crs))) found.push(grid)
  }
  if (found.length < 2) return []
  const names = found.map(({ crs }) => crs.code ?? crs.name).join(', ')
  return [{ tag: 'MixedCrs', message: `the layers are in ${found.length} coordinate reference systems: ${names}` }]
}

/** 500 of one file is another level than 500 of the other, though bands are called the same. */
function mixedUnits(layers: readonly Layer[]): Warning[] {
  const units = new Map<string, Set<string | undefined>>()
  for (const source of new Set(layers.flatMap(({ pieces }) => pieces.map((piece) => piece.source)))) {
    for (const dimension of source.schema.dims) {
      if (!isLevels(dimension)) continue
      units.set(dimension.name, (units.get(dimension.name) ?? new Set()).add(dimension.unit))
    }
  }
  return [...units].flatMap(([name, all]): Warning[] => {
    const found = distinctUnits(all)
    if (found.length < 2) return []
    return [{ tag: 'MixedUnits', message: `files count ${name} in different units: ${found.join(', ')}` }]
  })
}

function duplicates(layers: readonly Layer[]): Warning[] {
  return layers.flatMap(({ name, pieces }) => {
    const byDate = new Map<string, Piece[]>()
    for (const piece of pieces) {
      const key = piece.time ?? ''
      byDate.set(key, [...(byDate.get(key) ?? []), piece])
    }
    const twice = [...byDate].find(([, list]) => list.length > distinctGrids(list).length)
    if (twice === undefined) return []
    const [time, list] = twice
    const [one, other] = list
    const when = time === '' ? 'without a date (is time: fromName(...) missing?)' : `of ${time}`
    const message = `layer ${name} has ${list.length} images ${when} on one grid, such as ${one!.path} and ${other!.path}`
    return [{ tag: 'DuplicateDate', message }]
  })
}

function undated(layers: readonly Layer[]): Warning[] {
  const mixed = layers.filter(({ pieces, times }) => times.length > 0 && pieces.some(({ time }) => time === undefined))
  return mixed.map(({ name, pieces }) => ({
    tag: 'UndatedImages',
    message: `layer ${name} has dates, but ${pieces.find(({ time }) => time === undefined)!.path} has none; it is left out`,
  }))
}

/** A listing for people: one line for each layer. */
export function describeLayers({ label, layers }: Pick<LayerSet, 'label' | 'layers'>): string[] {
  const rows = layers.map(({ name, band, times, grids, pieces }) => {
    const tiles = grids.length > 1 ? ` (${grids.length} tiles)` : ''
    const span =
      times.length === 0
        ? 'no dates'
        : times.length === 1
          ? times[0]!
          : `${times.length} dates, ${times[0]} to ${times.at(-1)}`
    const unit = band.unit === undefined ? '' : `, ${band.unit}`
    return `  ${name}: ${gridText(grids[0]!)}${tiles}, ${span}, ${pieces[0]!.packing.dtype}${unit}`
  })
  return [`${label}: ${layers.length} ${layers.length === 1 ? 'layer' : 'layers'}`, ...rows]
}
