/** mask and mask_polygon: cells replaced where another cube, or geometry, says so. */
import { InputError } from '@ecotope/core'
import type { Cell } from '../../cells/cell.ts'
import { gridEquals } from '../../grid.ts'
import type { Packing } from '../../model/block.ts'
import type { Dimension } from '../../model/dimension.ts'
import { type CubeNode, dimensionIndex } from '../../model/node.ts'
import { floatPacking, holds, withMissing } from '../../model/packing.ts'
import { warpNode } from '../../warp/warp-node.ts'
import type { ProcessRow, Value } from '../row.ts'
import { cubeOf, cubeValue, geometriesArgument, horizontalOf } from './arguments.ts'
import { insideNode, place } from './coverage.ts'
import { polygonsAsked } from './geometries.ts'
import { gridAxis, indicesIn } from './labels.ts'
import { call, cellNode, constant, input, MISSING, selectNode } from './nodes.ts'
import { GEOMETRIES, givesCube, optional, parameter, RASTER, RASTER_DATA, REPLACEMENT } from './schemas.ts'

/** What replaced cells become, and the packing that holds both these and the others. */
export function replacementOf(value: Value, packing: Packing): { cell: Cell; packing: Packing } {
  if (value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value))) {
    return { cell: MISSING, packing: withMissing(packing) }
  }
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    throw new InputError('NotANumber', `cells cannot be replaced by ${JSON.stringify(value)}`, {
      hint: 'cells of cubes are numbers or true and false; give one of these, or null',
      data: { replacement: value },
    })
  }
  const isSame = (typeof value === 'boolean') === (packing.isBoolean ?? false)
  const kept = isSame && holds(packing, Number(value)) ? packing : floatPacking(packing)
  return { cell: constant(Number(value)), packing: kept }
}

/** The cube with cells replaced where `condition` (a cell over the inputs) is true. */
export function replaceWhere(
  label: string,
  inputs: readonly [CubeNode, ...CubeNode[]],
  condition: Cell,
  replacement: Value,
): CubeNode {
  const { schema } = inputs[0]
  const { cell, packing } = replacementOf(replacement, schema.packing)
  return cellNode(label, inputs, call('if', condition, cell, input(0)), { ...schema, packing })
}

function incompatible(message: string, data: Record<string, unknown>, hint: string): InputError {
  return new InputError('IncompatibleDataCubes', message, { hint, data })
}

/** The other cube on the grid of the first, where both have one and they differ. */
export function onSameGrid(node: CubeNode, target: CubeNode): CubeNode {
  const [from, to] = [node.schema.grid, target.schema.grid]
  return from === undefined || to === undefined || gridEquals(from, to)
    ? node
    : warpNode(node, to, { resampling: 'nearest' })
}

function alignMask(data: CubeNode, mask: CubeNode): CubeNode {
  const resampled = onSameGrid(mask, data)
  return resampled.schema.dims.reduce<CubeNode>((node, dimension) => {
    const d = dimensionIndex(data.schema, dimension.name)
    const own: Dimension | undefined = data.schema.dims[d]
    if (own === undefined || own.type !== dimension.type) {
      const names = data.schema.dims.map(({ name }) => name)
      const text = `the mask has the dimension ${dimension.name} (${dimension.type}), which the cube lacks`
      throw incompatible(text, { dimension: dimension.name, dimensions: names }, 'reduce or rename it first')
    }
    if (gridAxis(own) !== undefined && sameGrids(resampled, data)) return node
    const indices = indicesIn(dimension, own)
    if (indices.includes(-1) || indices.length !== dimension.labels.length) {
      const text = `the labels of ${dimension.name} in the mask are not those of the cube`
      throw incompatible(
        text,
        { dimension: dimension.name },
        'filter one of the two, so that both have the same labels',
      )
    }
    return selectNode('mask', node, dimension.name, indices)
  }, resampled)
}

const sameGrids = (a: CubeNode, b: CubeNode): boolean =>
  a.schema.grid !== undefined && b.schema.grid !== undefined && gridEquals(a.schema.grid, b.schema.grid)

/** The cube with cells replaced where the mask is neither 0 nor missing. */
export function maskNode(data: CubeNode, mask: CubeNode, replacement: Value = null): CubeNode {
  return replaceWhere('mask', [data, alignMask(data, mask)], call('neq', input(1), constant(0)), replacement)
}

const REPLACED = optional('replacement', REPLACEMENT, 'what replaced cells become; null: missing')

export const maskRows: readonly ProcessRow[] = [
  {
    id: 'mask',
    category: 'masks',
    summary: 'Replaces cells where a mask is true or not zero.',
    parameters: [RASTER_DATA, parameter('mask', RASTER, 'the mask; dimensions that it lacks are broadcast'), REPLACED],
    returns: givesCube('the masked cube', RASTER),
    errors: ['IncompatibleDataCubes'],
    chunks: 'cell',
    evaluate: (args) => cubeValue(maskNode(cubeOf(args), cubeOf(args, 'mask'), (args.replacement ?? null) as Value)),
  },
  {
    id: 'mask_polygon',
    category: 'masks',
    summary: 'Replaces cells outside of polygons, or inside.',
    parameters: [
      RASTER_DATA,
      parameter('mask', GEOMETRIES, 'the polygons'),
      REPLACED,
      optional('inside', { type: 'boolean' }, 'replace the cells inside instead', false),
    ],
    returns: givesCube('the masked cube', RASTER),
    chunks: 'cell',
    evaluate: (args) => {
      const data = cubeOf(args)
      const at = horizontalOf(data)
      const polygons = polygonsAsked(geometriesArgument(args, 'mask'), 'mask')
      const inside = insideNode(place(polygons, at.grid), data.schema, at, 'mask_polygon')
      const hit = args.inside === true ? input(1) : call('not', input(1))
      const condition = call('and', hit, call('not', call('is_nodata', input(0))))
      return cubeValue(replaceWhere('mask_polygon', [data, inside], condition, (args.replacement ?? null) as Value))
    },
  },
]
