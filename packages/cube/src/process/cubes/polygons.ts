/** apply_polygon: a callback on the part of a cube in each of several polygons that do not overlap. */
import { InputError } from '@ecotope/core'
import type { TypedArray } from '../../dtype.ts'
import { FLOAT64 } from '../../model/block.ts'
import { copyBox } from '../../model/copy.ts'
import { type BlockNode, type CubeNode, shapeOf } from '../../model/node.ts'
import { samePacking } from '../../model/packing.ts'
import { cellCount, type Region, stridesOf } from '../../model/region.ts'
import type { Window } from '../../types.ts'
import type { Callback, ProcessRow, Value } from '../row.ts'
import { valueWriter } from './along.ts'
import { callbackOf, cubeOf, cubeValue, geometriesArgument, horizontalOf } from './arguments.ts'
import { contextOf } from './callback.ts'
import { burn, meet, type Placed, place } from './coverage.ts'
import { polygonsAsked } from './geometries.ts'
import { replacementOf } from './masks.ts'
import { missingArray, repackedArray } from './nodes.ts'
import { planeOffsets, withWindow } from './planes.ts'
import {
  CONTEXT,
  callback,
  GEOMETRIES,
  givesCube,
  optional,
  parameter,
  RASTER,
  RASTER_DATA,
  REPLACEMENT,
} from './schemas.ts'
import { boxCells, boxSchema, runOnPart, type SubCubeOptions } from './subcubes.ts'

/** Throws `GeometriesOverlap` where two polygons own the same pixel. */
function refuseOverlap(placed: Placed): void {
  const { windows } = placed
  const { features } = placed.geometries
  for (let i = 0; i < windows.length; i++) {
    for (let j = 0; j < i; j++) {
      const both = windows[i] === undefined ? undefined : meet(windows[i]!, windows[j])
      if (both === undefined) continue
      const [a, b] = [burn(features[i]!.geometry, placed, both), burn(features[j]!.geometry, placed, both)]
      for (let k = 0; k < a.length; k++) {
        if (a[k] === 0 || b[k] === 0) continue
        throw new InputError('GeometriesOverlap', `the polygons ${j + 1} and ${i + 1} share pixels`, {
          hint: 'cut one of them, so that every pixel is in one polygon at most',
          data: { first: j + 1, second: i + 1 },
        })
      }
    }
  }
}

interface Job {
  readonly x: number
  readonly y: number
}

/** Calls for every cell of a region within a window that the polygon does not own (or does, with `isInside`). */
function eachPixel(
  { x, y }: Job,
  box: Region,
  window: Window,
  owned: ArrayLike<number>,
  isInside: boolean,
  visit: (cell: number) => void,
): void {
  const strides = stridesOf(box.shape)
  for (const [plane] of planeOffsets(x, y, box, box)) {
    for (let k = 0; k < owned.length; k++) {
      if ((owned[k] !== 0) !== isInside) continue
      const column = window.column + (k % window.width) - box.start[x]!
      const row = window.row + Math.floor(k / window.width) - box.start[y]!
      visit(plane + column * strides[x]! + row * strides[y]!)
    }
  }
}

function polygonNode(node: CubeNode, placed: Placed, process: Callback, maskValue: Value, context: Value): BlockNode {
  const { x, y } = horizontalOf(node)
  const { schema } = node
  const own = replacementOf(maskValue, schema.packing).packing
  const packing = own.isBoolean ? own : FLOAT64
  const shape = shapeOf(schema)
  const options: SubCubeOptions = { label: 'apply_polygon', context, freeLabels: true }
  const windowIn = (region: Region): Window => ({
    column: region.start[x]!,
    row: region.start[y]!,
    width: region.shape[x]!,
    height: region.shape[y]!,
  })
  const hits = (region: Region): number[] =>
    placed.windows.flatMap((window, i) => (meet(windowIn(region), window) === undefined ? [] : [i]))
  const whole = (window: Window): Region => withWindow({ start: shape.map(() => 0), shape }, x, y, window)
  return {
    kind: 'blocks',
    label: 'apply_polygon',
    inputs: [node],
    schema: { ...schema, packing },
    // The callback sees all labels of the other dimensions.
    wholeDimensions: shape.flatMap((n, d) => (d === x || d === y || n < 2 ? [] : [d])),
    needs: (region) => {
      const found = hits(region)
      return [found.length === 0 ? undefined : whole(hull(found.map((i) => placed.windows[i]!)))]
    },
    async compute(region, [block], work) {
      const data = missingArray(packing, cellCount(region.shape))
      const write = valueWriter(data, packing, options.label)
      if (maskValue !== null) for (let i = 0; i < data.length; i++) write(i, maskValue)
      for (const i of hits(region)) {
        const window = placed.windows[i]!
        const box = whole(window)
        const cells = boxCells(box, shape, block!, schema.packing, own)
        const owned = burn(placed.geometries.features[i]!.geometry, placed, window)
        const fill = valueWriter(cells, own, options.label)
        eachPixel({ x, y }, box, window, owned, false, (cell) => fill(cell, maskValue))
        const result = await runOnPart(process, cells, boxSchema(schema, box, own), options, work)
        const isSame = samePacking(result.packing, packing)
        const values = isSame ? result.data : repackedArray(result.data, result.packing, packing)
        paste(values, box, data, region, { x, y }, window, owned)
      }
      return { region, data }
    },
  }
}

/** Copies the pixels that a polygon owns from its box to a region, run by run. */
function paste(
  values: TypedArray,
  box: Region,
  data: TypedArray,
  region: Region,
  { x, y }: Job,
  window: Window,
  owned: ArrayLike<number>,
): void {
  for (let row = 0; row < window.height; row++) {
    for (let column = 0; column < window.width; column++) {
      if (owned[row * window.width + column] === 0) continue
      let length = 1
      while (column + length < window.width && owned[row * window.width + column + length] !== 0) length++
      const run = { column: window.column + column, row: window.row + row, width: length, height: 1 }
      const bounds = {
        column: region.start[x]!,
        row: region.start[y]!,
        width: region.shape[x]!,
        height: region.shape[y]!,
      }
      const part = meet(run, bounds)
      column += length
      if (part === undefined) continue
      const piece = withWindow(region, x, y, part)
      const from = piece.start.map((at, d) => at - box.start[d]!)
      const to = piece.start.map((at, d) => at - region.start[d]!)
      copyBox(values, box.shape, from, data, region.shape, to, piece.shape)
    }
  }
}

function hull(windows: readonly Window[]): Window {
  const column = Math.min(...windows.map((w) => w.column))
  const row = Math.min(...windows.map((w) => w.row))
  const right = Math.max(...windows.map((w) => w.column + w.width))
  const bottom = Math.max(...windows.map((w) => w.row + w.height))
  return { column, row, width: right - column, height: bottom - row }
}

export const polygonRows: readonly ProcessRow[] = [
  {
    id: 'apply_polygon',
    category: 'reduce and apply',
    summary: 'Runs a callback on the part of a cube in each polygon.',
    parameters: [
      RASTER_DATA,
      parameter('geometries', GEOMETRIES, 'polygons that share no pixels'),
      parameter('process', callback(['cube']), 'from a part of the cube to one of the same shape'),
      optional('mask_value', REPLACEMENT, 'what pixels outside of the polygon hold; null: missing'),
      CONTEXT,
    ],
    returns: givesCube('a cube of the same dimensions', RASTER),
    errors: ['GeometriesOverlap'],
    chunks: 'halo',
    evaluate: (args) => {
      const node = cubeOf(args)
      const polygons = polygonsAsked(geometriesArgument(args, 'geometries'), 'geometries')
      const placed = place(polygons, horizontalOf(node).grid)
      refuseOverlap(placed)
      const maskValue = (args.mask_value ?? null) as Value
      return cubeValue(polygonNode(node, placed, callbackOf(args, 'process'), maskValue, contextOf(args)))
    },
  },
]
