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
import { canBeMissing, commonPacking, floatPacking, holds, samePacking, withMissing } from '../model/packing.ts'
import { call, cellNode, concatNode, constant, input, repacked } from '../process/cubes/nodes.ts'
import type { Band, Grid } from '../types.ts'
import type { Resampling } from '../warp/methods.ts'
import { warpNode } from '../warp/warp-node.ts'
import { assembledSource } from './assembled.ts'
import type { Placed, Slot } from './assembly.ts'
import { byDepth, groupsOf, inOrder } from './groups.ts'
import { covers, gridText, offsetIn } from './lattice.ts'
import { mosaicOf } from './mosaic.ts'
import { forLayer, withOwnDimensions } from './own-dimensions.ts'
import { layersNamed, targetGrid } from './target-grid.ts'
import { imagesByTime, targetTimes } from './target-times.ts'
import type { Layer, LayerSet, Piece, StackOptions } from './types.ts'

/** Throws `InputError`: `NoLayer`, `DifferentGrids`, `NoResampling`, `NoDates`, `NoSharedDates`, `MixedCalendars`, `MixedCrs`, `BadBroadcast`. */
export function stackLayers(set: LayerSet, options: StackOptions = {}): CubeNode {
  const layers = options.bands?.flatMap((name) => layersNamed(set.layers, name, 'bands')) ?? set.layers
  if (layers.length === 0) throw new InputError('NoLayer', `${set.label} has no layers`, { data: { label: set.label } })
  const grid = targetGrid(options.grid, layers, set.layers)
  const times = targetTimes(options.time, layers, set.layers, options.broadcast)
  const stored = layers.map((layer) => planLayer(layer, grid, times, options))
  const plan = stored.some(canHaveGaps) ? stored.map(withGaps) : stored
  const parts = runsOfLayers(plan).map((run) => runNode(run, grid, times, options))
  const packings = stored.flatMap(({ tracks }) => tracks.map(({ packing }) => packing))
  const node = filled(joined(parts, set.label), options.fill, packings)
  return options.dimensions === undefined ? node : withOwnDimensions(node, options.dimensions, layers)
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

/** A value in place of what is missing; integers stay so where they can be it. */
function filled(node: CubeNode, fill: number | undefined, stored: readonly Packing[]): CubeNode {
  const { packing } = node.schema
  if (fill === undefined || !canBeMissing(packing)) return node
  const schema = { ...node.schema, packing: filledPacking(packing, fill, stored) }
  return cellNode(
    `fill(${node.label}, ${fill})`,
    [node],
    call('if', call('is_valid', input(0)), input(0), constant(fill)),
    schema,
  )
}

/** Integers as stored, else as they are with what is missing, else floats: the first that the value fits in. */
function filledPacking(packing: Packing, fill: number, stored: readonly Packing[]): Packing {
  if (DTYPES[packing.dtype].isFloat || packing.isBoolean) return floatPacking(packing)
  const whole = [commonPacking(...stored), packing].map(({ nodata: _, ...rest }) => rest)
  return whole.find((one) => holds(one, fill)) ?? floatPacking(packing)
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
  const images = imagesByTime(layer, times, forLayer(options.broadcast, layer))
  const chosen = new Set(images.flat())
  const pieces = layer.pieces.filter((piece) => chosen.has(piece))
  const resampling = typeof options.resampling === 'string' ? options.resampling : forLayer(options.resampling, layer)
  const separate = options.mosaic === 'mean' || options.mosaic === 'median'
  const found = pieces.length === 0 ? [] : groupsOf(pieces, grid)
  const groups = separate ? found : inOrder(found, pieces, images, grid)
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

const placed = (list: readonly Piece[], members: ReadonlySet<Piece>, target: Grid): Placed[] =>
  list.flatMap((piece) => (members.has(piece) ? [{ piece, offset: offsetIn(target, piece.grid)! }] : []))

/** Whether cells may be missing of files that have no value for that. */
const canHaveGaps = ({ tracks }: PlannedLayer): boolean =>
  tracks.some(({ packing, slots, grid }) => !canBeMissing(packing) && !slots.every((slot) => isFilled(slot, grid)))

/** Whether a date has images for all of a grid. */
const isFilled = (slot: Slot, grid: Grid): boolean =>
  covers(
    grid,
    slot.map(({ piece, offset }) => ({ ...offset, width: piece.grid.width, height: piece.grid.height })),
  )

const packingOf = (layer: Layer, slots: readonly Slot[]): Packing =>
  slots.find((slot) => slot.length > 0)?.[0]?.piece.packing ?? layer.pieces[0]!.packing

/** Layers with a value for what is missing, where files have none: beyond images, at dates without any. */
const withGaps = (planned: PlannedLayer): PlannedLayer => ({
  ...planned,
  tracks: planned.tracks.map((track) => ({ ...track, packing: withMissing(track.packing) })),
})

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
    (track, i) => samePacking(track.packing, b.tracks[i]!.packing) && gridEquals(track.grid, b.tracks[i]!.grid),
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
  const { calendar, period } = run[0]!.layer
  const named = period === undefined ? {} : { period }
  const schema: CubeSchema = {
    dims: [
      ...(times === undefined
        ? []
        : [{ type: 'temporal', name: 't', labels: times, calendar, ...named } satisfies TemporalDimension]),
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
