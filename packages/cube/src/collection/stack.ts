/**
 * Layers as one lazy cube t, bands, y, x on one grid, as asked and never otherwise: images on the lattice of the grid
 * are put in place as they are stored, others are warped by the method that was given for them.
 */
import { InputError } from '@ecotope/core'
import { DTYPES } from '../dtype.ts'
import { spatialDimensions } from '../geotiff/array-source.ts'
import { gridEquals } from '../grid.ts'
import type { Packing } from '../model/block.ts'
import type { BandsDimension, TemporalDimension } from '../model/dimension.ts'
import type { CubeNode, CubeSchema, SourceNode } from '../model/node.ts'
import {
  call,
  cellNode,
  commonPacking,
  concatNode,
  constant,
  floatPacking,
  input,
  repacked,
} from '../process/cubes/nodes.ts'
import type { Band, DType, Grid } from '../types.ts'
import type { Resampling } from '../warp/methods.ts'
import { warpNode } from '../warp/warp-node.ts'
import { assembledSource, type Placed, type Slot } from './assembled.ts'
import { gridText, joinGrids, lattices, offsetIn } from './lattice.ts'
import { mosaicOf } from './mosaic.ts'
import { layerNamed, targetGrid } from './target-grid.ts'
import { imagesByTime, targetTimes } from './target-times.ts'
import { isSamePacking, type Layer, type LayerSet, type Piece, type StackOptions } from './types.ts'

/** Throws `InputError`: `NoLayer`, `DifferentGrids`, `NoResampling`, `NoDates`, `NoSharedDates`, `MixedCalendars`, `MixedCrs`, `BadBroadcast`. */
export function stackLayers(set: LayerSet, options: StackOptions = {}): CubeNode {
  const layers = options.bands?.map((name) => layerNamed(set.layers, name, 'bands')) ?? set.layers
  if (layers.length === 0) throw new InputError('NoLayer', `${set.label} has no layers`, { data: { label: set.label } })
  const grid = targetGrid(options.grid, layers, set.layers)
  const times = targetTimes(options.time, layers, set.layers, options.broadcast)
  const plan = layers.map((layer) => planLayer(layer, grid, times, options))
  const parts = runsOfLayers(plan).map((run) => runNode(run, grid, times, options))
  return filled(joined(parts, set.label), options.fill)
}

/** Bands one after the other, unpacked where they are packed differently. */
function joined(parts: readonly CubeNode[], label: string): CubeNode {
  if (parts.length === 1) return parts[0]!
  const packing = commonPacking(...parts.map(({ schema }) => schema.packing))
  const alike = parts.map((part) => repacked(part, packing))
  const node = concatNode(alike, 'bands', label)
  const { unit, ...schema } = node.schema
  return parts.every((part) => part.schema.unit === unit) ? node : { ...node, schema }
}

/** A value in place of what is missing. */
function filled(node: CubeNode, fill: number | undefined): CubeNode {
  if (fill === undefined) return node
  const schema = { ...node.schema, packing: floatPacking(node.schema.packing) }
  return cellNode(
    `fill(${node.label}, ${fill})`,
    [node],
    call('if', call('is_valid', input(0)), input(0), constant(fill)),
    schema,
  )
}

/** Images of a layer at each date that lie on one lattice. */
interface Track {
  /** The grid of the result, or the joined grid of the images. */
  readonly grid: Grid
  readonly slots: readonly Slot[]
  readonly packing: Packing
}

interface PlannedLayer {
  readonly layer: Layer
  readonly tracks: readonly Track[]
  readonly resampling: string | undefined
}

function planLayer(
  layer: Layer,
  grid: Grid,
  times: readonly string[] | undefined,
  options: StackOptions,
): PlannedLayer {
  const images = imagesByTime(layer, times, options.broadcast?.[layer.name])
  const pieces = [...new Set(images.flat())]
  const resampling = typeof options.resampling === 'string' ? options.resampling : options.resampling?.[layer.name]
  const groups = pieces.length === 0 ? [] : groupsOf(pieces, grid)
  const separate = options.mosaic === 'mean' || options.mosaic === 'median'
  const tracks = groups.flatMap(({ target, members }) => {
    const slots = images.map((list) => placed(list, members, target))
    return (separate ? byDepth(slots) : [slots]).map((own) => ({
      grid: target,
      slots: own,
      packing: packingOf(layer, own),
    }))
  })
  const off = tracks.find((track) => !gridEquals(track.grid, grid))
  if (off !== undefined && resampling === undefined) throw noResampling(layer, off.grid, grid)
  return { layer, tracks: tracks.length > 0 ? tracks : [emptyTrack(layer, grid, images.length)], resampling }
}

/** Pieces by lattice and packing; those on the lattice of the result go straight into its grid. */
function groupsOf(pieces: readonly Piece[], grid: Grid): { target: Grid; members: ReadonlySet<Piece> }[] {
  const direct = pieces.filter((piece) => offsetIn(grid, piece.grid) !== undefined)
  const others = pieces.filter((piece) => !direct.includes(piece))
  const found = lattices(others.map((piece) => piece.grid)).map((indices) => indices.map((i) => others[i]!))
  const groups = [
    ...(direct.length === 0 ? [] : [{ target: grid, all: direct }]),
    ...found.map((all) => ({ target: joinGrids(all.map((piece) => piece.grid)), all })),
  ]
  return groups.flatMap(({ target, all }) => byPacking(all).map((members) => ({ target, members: new Set(members) })))
}

function byPacking(pieces: readonly Piece[]): Piece[][] {
  const groups: Piece[][] = []
  for (const piece of pieces) {
    const group = groups.find(([first]) => isSamePacking(first!.packing, piece.packing))
    if (group === undefined) groups.push([piece])
    else group.push(piece)
  }
  return groups
}

const placed = (list: readonly Piece[], members: ReadonlySet<Piece>, target: Grid): Placed[] =>
  list.flatMap((piece) => (members.has(piece) ? [{ piece, offset: offsetIn(target, piece.grid)! }] : []))

/** One track for the first image of each date, one for the second, ..., so that they can be averaged. */
function byDepth(slots: readonly Slot[]): Slot[][] {
  const depth = Math.max(0, ...slots.map((slot) => slot.length))
  return Array.from({ length: depth }, (_, k) => slots.map((slot) => slot.slice(k, k + 1)))
}

/** The next type with room for a value that no cell has. */
const WIDER: Readonly<Record<DType, DType>> = {
  uint8: 'int16',
  int8: 'int16',
  uint16: 'int32',
  int16: 'int32',
  uint32: 'float64',
  int32: 'float64',
  float32: 'float32',
  float64: 'float64',
}

/** The packing of the images; of a type without nodata value a wider one, as cells may be missing: beyond images, in damaged chunks. */
function packingOf(layer: Layer, slots: readonly Slot[]): Packing {
  const stored = slots.find((slot) => slot.length > 0)?.[0]?.piece.packing ?? layer.pieces[0]!.packing
  const { dtype, nodata } = stored
  // Booleans have 255 for what is missing.
  if (nodata !== undefined || DTYPES[dtype].isFloat || stored.isBoolean) return stored
  const wide = WIDER[dtype]
  return { ...stored, dtype: wide, nodata: DTYPES[wide].isFloat ? Number.NaN : DTYPES[wide].range[0] }
}

function emptyTrack(layer: Layer, grid: Grid, count: number): Track {
  const slots = Array.from({ length: count }, () => [])
  return { grid, slots, packing: packingOf(layer, slots) }
}

const noResampling = (layer: Layer, own: Grid, grid: Grid): InputError =>
  new InputError('NoResampling', `layer ${layer.name} lies on another grid and no resampling is given for it`, {
    hint: `say how it is brought to the grid, such as resampling: { "${layer.name}": "near" } for classes, "bilinear" for measurements`,
    data: { layer: layer.name, own: gridText(own), grid: gridText(grid) },
  })

/** Neighbouring layers that one source can hold: the same grids, packings and method. */
function runsOfLayers(plan: readonly PlannedLayer[]): PlannedLayer[][] {
  const runs: PlannedLayer[][] = []
  for (const planned of plan) {
    const last = runs.at(-1)
    if (last !== undefined && isSameShape(last[0]!, planned)) last.push(planned)
    else runs.push([planned])
  }
  return runs
}

const isSameShape = (a: PlannedLayer, b: PlannedLayer): boolean =>
  a.resampling === b.resampling &&
  a.layer.band.unit === b.layer.band.unit &&
  a.tracks.length === b.tracks.length &&
  a.tracks.every(
    (track, i) => isSamePacking(track.packing, b.tracks[i]!.packing) && gridEquals(track.grid, b.tracks[i]!.grid),
  )

function runNode(
  run: readonly PlannedLayer[],
  grid: Grid,
  times: readonly string[] | undefined,
  options: StackOptions,
): CubeNode {
  const [first] = run
  const nodes = first!.tracks.map((track, k) => {
    const node = trackNode(run, k, times, options)
    if (gridEquals(track.grid, grid)) return node
    return warpNode(node, grid, { resampling: methodNamed(first!.resampling!) })
  })
  return nodes.length === 1 ? nodes[0]! : mosaicOf(nodes, options.mosaic ?? 'first')
}

/** Names of openEO where they differ from those here. */
const METHOD_NAMES: Readonly<Record<string, Resampling>> = { near: 'nearest', med: 'median' }
const methodNamed = (name: string): Resampling => METHOD_NAMES[name] ?? (name as Resampling)

function trackNode(
  run: readonly PlannedLayer[],
  k: number,
  times: readonly string[] | undefined,
  { mosaic }: StackOptions,
): SourceNode {
  const { grid, packing, slots } = run[0]!.tracks[k]!
  const bands = run.map(({ layer }) => layer.band)
  const label = bands.map(({ name }) => name).join(', ')
  const calendar = run[0]!.layer.calendar
  const schema: CubeSchema = {
    dims: [
      ...(times === undefined
        ? []
        : [{ type: 'temporal', name: 't', labels: times, calendar } satisfies TemporalDimension]),
      bandsDimension(bands),
      ...spatialDimensions(grid),
    ],
    grid,
    packing,
    ...(bands[0]!.unit === undefined ? {} : { unit: bands[0]!.unit }),
  }
  const all = slots.flatMap((_, t) => run.map(({ tracks }) => tracks[k]!.slots[t]!))
  const stored = all.find((slot) => slot.length > 0)?.[0]?.piece.packing ?? packing
  const rule = mosaic === 'last' ? 'last' : 'first'
  return {
    kind: 'source',
    schema,
    label,
    inputs: [],
    source: assembledSource({ schema, slots: all, rule, stored, label }),
  }
}

const bandsDimension = (bands: readonly Band[]): BandsDimension => ({
  type: 'bands',
  name: 'bands',
  labels: bands.map(({ name }) => name),
  bands,
})
