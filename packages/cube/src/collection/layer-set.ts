/** Layers from images: what belongs together, in which order, and what the user should know about it. */
import type { Warning } from '@ecotope/core'
import { crsEquals } from '../crs/transform.ts'
import { gridEquals } from '../grid.ts'
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

function layerOf(images: readonly BandPiece[]): Layer {
  const [first] = images
  const pieces = images.map(({ piece }) => piece).sort(byTime)
  return {
    name: first!.band.name,
    band: first!.band,
    calendar: first!.calendar,
    times: [...new Set(pieces.flatMap(({ time }) => (time === undefined ? [] : [time])))],
    grids: distinctGrids(pieces),
    pieces,
  }
}

/** RFC 3339 labels of one writing sort as text, also before and after year 0 to 9999 where files say so. */
const byTime = (a: Piece, b: Piece): number => {
  const [one, other] = [a.time ?? '', b.time ?? '']
  return one < other ? -1 : one > other ? 1 : 0
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

/** What may surprise: several CRS, images of one date upon each other, layers with and without dates. */
export function warningsOf(layers: readonly Layer[]): Warning[] {
  return [...mixedCrs(layers), ...duplicates(layers), ...undated(layers)]
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
