/** merge_cubes: labels joined, overlapping cells resolved, dimensions that one cube lacks broadcast. */
import { InputError } from '@ecotope/core'
import type { Cell } from '../../cells/cell.ts'
import { crsEquals } from '../../crs/transform.ts'
import { newArray } from '../../dtype.ts'
import { gridEquals, gridResolution, isNorthUp } from '../../grid.ts'
import { FLOAT64, type Packing } from '../../model/block.ts'
import type { Dimension, GeometryDimension } from '../../model/dimension.ts'
import { type BlockNode, type CubeNode, type CubeSchema, dimensionIndex } from '../../model/node.ts'
import { commonPacking, samePacking, withMissing } from '../../model/packing.ts'
import { cellCount, stridesOf } from '../../model/region.ts'
import type { Grid } from '../../types.ts'
import type { Callback, ProcessRow, Value } from '../row.ts'
import { isCallback } from '../schema.ts'
import { valueReader, valueWriter } from './along.ts'
import { probedPacking, resultPacking } from './apply.ts'
import { after, cubeOf, laterCubeValue } from './arguments.ts'
import { compile, contextOf, isAsync, probe, runner, sampleValues } from './callback.ts'
import { dateOfLabel, secondsOfLabel } from './instants.ts'
import { cutDimension, enumerated, gridAxis, indicesIn, type Label } from './labels.ts'
import { onSameGrid } from './masks.ts'
import { checkDimensions, refuseMixture, refuseTwoAxes } from './mergeable.ts'
import { call, cellNode, concatNode, input, regionByName, repacked, selectNode } from './nodes.ts'
import { CONTEXT, CUBE, callback, givesCube, optional, parameter } from './schemas.ts'
import { unitsOfBoth } from './units.ts'

/** A dimension of the result: its labels, and where each comes from in the two cubes (-1: from neither). */
interface Joined {
  readonly dimension: Dimension
  readonly first: readonly number[] | undefined
  readonly second: readonly number[] | undefined
}

/** Labels of both in their natural order where they have one, else those of the second after those of the first. */
function join(a: Dimension, b: Dimension): Joined {
  const inB = indicesIn(a, b)
  const added = enumerated(b.labels.length).filter((j) => inB[j] === -1)
  const length = a.labels.length
  const order = enumerated(length + added.length)
  const label = (i: number): Label => (i < length ? a.labels[i]! : b.labels[added[i - length]!]!)
  if (added.length > 0) sortNaturally(a, order, label)
  const second = new Map(inB.map((i, j) => [i, j]))
  return {
    dimension: unite(a, b, added, order),
    first: order.map((i) => (i < length ? i : -1)),
    second: order.map((i) => (i < length ? (second.get(i) ?? -1) : added[i - length]!)),
  }
}

function sortNaturally(a: Dimension, order: number[], label: (i: number) => Label): void {
  const value = naturalValue(a, order.map(label))
  if (value === undefined) return
  const isFalling = a.labels.length > 1 && value[0]! > value[1]!
  order.sort((i, j) => (isFalling ? value[j]! - value[i]! : value[i]! - value[j]!))
}

/** Numbers by which labels are ordered; undefined of dimensions without an order of their own. */
function naturalValue(a: Dimension, labels: readonly Label[]): number[] | undefined {
  if (a.type === 'spatial') return labels.map(Number)
  if (a.type !== 'temporal') return undefined
  const isDated = labels.every((one) => dateOfLabel(one, a) !== undefined)
  return isDated ? labels.map((one) => secondsOfLabel(one, a)) : undefined
}

/** The dimension of the labels of a and of those added from b, in an order. */
function unite(a: Dimension, b: Dimension, added: readonly number[], order: readonly number[]): Dimension {
  const extra = cutDimension(b, added)
  const labels = [...a.labels, ...extra.labels] as never[]
  const both: Dimension =
    a.type === 'bands' && extra.type === 'bands'
      ? { ...a, labels, bands: [...a.bands, ...extra.bands] }
      : a.type === 'geometry' && extra.type === 'geometry'
        ? { ...a, labels: distinct(labels), features: uniteFeatures(a, extra) }
        : ({ ...a, ...periodOf(a, extra), labels } as Dimension)
  return cutDimension(both, order)
}

/** The period of either; instants are known as such beside its labels. */
function periodOf(a: Dimension, b: Dimension): { readonly period?: string } {
  const period = [a, b].flatMap((one) => (one.type === 'temporal' && one.period !== undefined ? [one.period] : []))[0]
  return period === undefined ? {} : { period }
}

/** Labels of geometries may repeat between cubes; then they are numbered. */
const distinct = (labels: readonly Label[]): Label[] =>
  new Set(labels).size === labels.length ? [...labels] : labels.map((_, i) => i)

const uniteFeatures = (a: GeometryDimension, b: GeometryDimension): GeometryDimension['features'] => ({
  ...a.features,
  features: [...a.features.features, ...b.features.features],
})

/** True where pixels of both grids lie on one lattice, so that tiles can be joined without resampling. */
function isSameLattice(a: Grid, b: Grid): boolean {
  if (!crsEquals(a.crs, b.crs) || !isNorthUp(a) || !isNorthUp(b)) return false
  const [[dx, dy], [ex, ey]] = [gridResolution(a), gridResolution(b)]
  const isWhole = (offset: number, step: number): boolean => Math.abs(offset / step - Math.round(offset / step)) < 1e-6
  const isEqual = (p: number, q: number): boolean => Math.abs(p - q) <= 1e-9 * Math.abs(p)
  if (!isEqual(dx, ex) || !isEqual(dy, ey)) return false
  return isWhole(b.affine[2] - a.affine[2], dx) && isWhole(b.affine[5] - a.affine[5], dy)
}

/** The second cube with pixels that fit those of the first. Same lattice: its labels written as the first would. */
function alignGrid(second: CubeNode, first: CubeNode): CubeNode {
  const [a, b] = [first.schema.grid, second.schema.grid]
  if (a === undefined || b === undefined || gridEquals(a, b)) return second
  if (!isSameLattice(a, b)) return onSameGrid(second, first)
  const dims = second.schema.dims.map((dimension) => {
    const axis = gridAxis(dimension)
    if (axis === undefined) return dimension
    const [step, origin] = axis === 'x' ? [a.affine[0], a.affine[2]] : [a.affine[4], a.affine[5]]
    const labels = (dimension.labels as readonly number[]).map((value) => {
      const index = Math.round((value - origin) / step - 0.5)
      return origin + step * (index + 0.5)
    })
    return { ...dimension, labels } as Dimension
  })
  return cellNode('merge_cubes', [second], input(0), { ...second.schema, dims })
}

/** Dimensions of the result: those of the cube that has most, the others' own before what follows them there. */
function joinAll(first: CubeSchema, second: CubeSchema): Joined[] {
  const base = second.dims.length > first.dims.length ? second : first
  const rest = base === first ? second : first
  const joined = base.dims.map((dimension): Joined => {
    const a = first.dims[dimensionIndex(first, dimension.name)]
    const b = second.dims[dimensionIndex(second, dimension.name)]
    if (a !== undefined && b !== undefined) {
      checkDimensions(a, b)
      return join(a, b)
    }
    const all = enumerated(dimension.labels.length)
    return { dimension, first: a && all, second: b && all }
  })
  const added = rest.dims.filter(({ name }) => dimensionIndex(base, name) < 0)
  const own = added.map((dimension): Joined => {
    const all = enumerated(dimension.labels.length)
    return { dimension, first: rest === first ? all : undefined, second: rest === second ? all : undefined }
  })
  return [...own, ...joined]
}

/** The grid over joined pixels, where they are evenly spaced. */
function joinedGrid(dims: readonly Dimension[], grid: Grid | undefined): Grid | undefined {
  if (grid === undefined || !isNorthUp(grid)) return grid
  const labels = (axis: 'x' | 'y') => dims.find((d) => gridAxis(d) === axis)?.labels as readonly number[] | undefined
  const [xs, ys] = [labels('x'), labels('y')]
  if (xs === undefined || ys === undefined || xs.length === 0 || ys.length === 0) return grid
  const [a, , , , e] = grid.affine
  const isEven = (values: readonly number[], step: number): boolean =>
    values.every((v, i) => i === 0 || Math.abs(v - values[i - 1]! - step) < 1e-6 * Math.abs(step))
  if (!isEven(xs, a) || !isEven(ys, e)) return undefined
  return { ...grid, affine: [a, 0, xs[0]! - a / 2, 0, e, ys[0]! - e / 2], width: xs.length, height: ys.length }
}

const isIdentity = (indices: readonly number[]): boolean => indices.every((index, i) => index === i)

/** The cell of one cube under the labels of the result. */
function aligned(inputIndex: number, joined: readonly Joined[], which: 'first' | 'second'): Cell {
  return joined.reduce<Cell>((of, { dimension, [which]: indices }) => {
    const isSame = indices === undefined || isIdentity(indices)
    return isSame ? of : { kind: 'take', dim: dimension.name, indices, of }
  }, input(inputIndex))
}

/** Which labels along each dimension both cubes have; undefined where all. */
const overlapOf = ({ first, second }: Joined): boolean[] | undefined => {
  if (first === undefined || second === undefined) return undefined
  const both = first.map((i, k) => i >= 0 && second[k]! >= 0)
  return both.every((is) => is) ? undefined : both
}

/** 1 where both cubes have a cell; undefined where that is everywhere. */
function overlapCell(joined: readonly Joined[]): Cell | undefined {
  const cells = joined.flatMap((one): Cell[] => {
    const both = overlapOf(one)
    return both === undefined ? [] : [{ kind: 'label', dim: one.dimension.name, values: both.map(Number) }]
  })
  return cells.length < 2 ? cells[0] : call('and', ...cells)
}

export function mergeNodes(
  first: CubeNode,
  other: CubeNode,
  resolver: Callback | undefined,
  context: Value,
): CubeNode | Promise<CubeNode> {
  refuseMixture(first, other)
  const second = alignGrid(other, first)
  const joined = joinAll(first.schema, second.schema)
  const overlaps = joined.every((one) => overlapOf(one)?.includes(true) ?? true)
  const dims = joined.map(({ dimension }) => dimension)
  refuseTwoAxes(dims)
  const { grid: _grid, ...rest } = first.schema
  const grid = joinedGrid(dims, first.schema.grid ?? second.schema.grid)
  const joinedUp: CubeSchema = { ...rest, dims, ...(grid === undefined ? {} : { grid }) }
  const schema = unitsOfBoth(joinedUp, first.schema, second.schema, overlaps ? resolver : undefined)
  if (!overlaps) return disjoint(first, second, joined, schema)
  if (resolver === undefined) throw resolverMissing(joined)
  return resolved(first, second, joined, schema, resolver, context)
}

function resolverMissing(joined: readonly Joined[]): InputError {
  const shared = joined.filter((one) => one.first !== undefined && one.second !== undefined)
  const names = shared.map(({ dimension }) => dimension.name)
  return new InputError('OverlapResolverMissing', 'both cubes have cells at the same labels', {
    hint: 'say in overlap_resolver what becomes of two such values, such as max',
    data: { dimensions: names },
  })
}

/** Cubes that share no cell: one after the other where a single dimension differs, else whichever has the cell. */
function disjoint(first: CubeNode, second: CubeNode, joined: readonly Joined[], schema: CubeSchema): CubeNode {
  const shared = commonPacking(first.schema.packing, second.schema.packing)
  const differing = joined.filter((one) => overlapOf(one) !== undefined)
  const [only] = differing
  if (differing.length === 1 && joined.every((one) => one.first !== undefined && one.second !== undefined)) {
    const parts = [first, matched(second, first, joined, only!.dimension.name)].map((node) => repacked(node, shared))
    const dim = only!.dimension.name
    const { length } = first.schema.dims[dimensionIndex(first.schema, dim)]!.labels
    const order = only!.first!.map((i, k) => (i >= 0 ? i : length + only!.second![k]!))
    const joinedUp = concatNode(parts, dim, 'merge_cubes')
    const byLabel = { ...inOrderOf(schema, joinedUp.schema), packing: shared }
    if (isIdentity(order)) return { ...joinedUp, schema: byLabel }
    const sorted = { kind: 'take', dim, indices: order, of: input(0) } as const
    return cellNode('merge_cubes', [joinedUp], sorted, byLabel)
  }
  const packing = withMissing(shared)
  const cell = call('coalesce', aligned(0, joined, 'first'), aligned(1, joined, 'second'))
  return cellNode('merge_cubes', [first, second], cell, { ...schema, packing })
}

/** The schema with its dimensions in the order of another. */
function inOrderOf(schema: CubeSchema, order: CubeSchema): CubeSchema {
  return { ...schema, dims: order.dims.map(({ name }) => schema.dims[dimensionIndex(schema, name)]!) }
}

/** The second cube with the labels of the first in their order, except along one dimension, and its dimensions in order. */
function matched(second: CubeNode, first: CubeNode, joined: readonly Joined[], except: string): CubeNode {
  const picked = joined.reduce<CubeNode>((node, one) => {
    const { name } = one.dimension
    return name === except ? node : selectNode('merge_cubes', node, name, one.second!)
  }, second)
  const schema = inOrderOf(picked.schema, first.schema)
  const isOrdered = schema.dims.every((dimension, d) => dimension === picked.schema.dims[d])
  return isOrdered ? picked : cellNode('merge_cubes', [picked], input(0), schema)
}

function resolved(
  first: CubeNode,
  second: CubeNode,
  joined: readonly Joined[],
  schema: CubeSchema,
  resolver: Callback,
  context: Value,
): CubeNode | Promise<CubeNode> {
  const [a, b] = [first.schema.packing, second.schema.packing]
  const [x, y] = [aligned(0, joined, 'first'), aligned(1, joined, 'second')]
  const isBoolean = [a.isBoolean ?? false, b.isBoolean ?? false]
  const compiled = compile(resolver, { x: input(0), y: input(1) }, context, isBoolean)
  const both = overlapCell(joined)
  if (compiled?.kind === 'cell') {
    const result = replaceInputs(compiled.cell, [x, y])
    const cell = both === undefined ? result : call('if', both, result, call('coalesce', x, y))
    const isTruth = compiled.isBoolean && (both === undefined || (isBoolean[0]! && isBoolean[1]!))
    const isKept = samePacking(a, b) && a.isBoolean === true && isTruth
    const packing = isKept ? a : resultPacking(isTruth, a, b)
    return cellNode('merge_cubes', [first, second], cell, { ...schema, packing })
  }
  const parts = [
    cellNode('merge_cubes', [first], x, { ...schema, packing: withMissing(a) }),
    cellNode('merge_cubes', [second], aligned(0, joined, 'second'), {
      ...schema,
      packing: withMissing(b),
    }),
  ] as const
  const [sample] = sampleValues(a, 1)
  return after(probe(resolver, { x: sample!, y: sampleValues(b, 1)[0]!, context }), (result) =>
    resolverNode(parts, joined, { ...schema, packing: probedPacking(result) }, resolver, context),
  )
}

/** The cell with its inputs replaced by cells. */
function replaceInputs(cell: Cell, by: readonly Cell[]): Cell {
  if (cell.kind === 'input') return by[cell.input]!
  if (cell.kind === 'call') return { ...cell, args: cell.args.map((arg) => replaceInputs(arg, by)) }
  return 'of' in cell ? { ...cell, of: replaceInputs(cell.of, by) } : cell
}

/** The resolver run value by value on two cubes that have the labels of the result already. */
function resolverNode(
  parts: readonly [CubeNode, CubeNode],
  joined: readonly Joined[],
  schema: CubeSchema,
  resolver: Callback,
  context: Value,
): BlockNode {
  const run = runner(resolver)
  const both = joined.map(overlapOf)
  const packing: Packing = schema.packing ?? FLOAT64
  return {
    kind: 'blocks',
    label: 'merge_cubes',
    inputs: parts,
    schema,
    needs: (region) => parts.map((part) => regionByName(region, schema.dims, part.schema.dims)),
    async compute(region, blocks) {
      const data = newArray(packing.dtype, cellCount(region.shape))
      const [x, y] = blocks.map((block, i) => valueReader(block!.data, parts[i]!.schema.packing))
      const write = valueWriter(data, packing, 'merge_cubes')
      const strides = stridesOf(region.shape)
      const isBoth = (i: number): boolean =>
        both.every((has, d) => has?.[region.start[d]! + (Math.floor(i / strides[d]!) % region.shape[d]!)] ?? true)
      for (let i = 0; i < data.length; i++) {
        const values = { x: x!(i), y: y!(i), context }
        const result = isBoth(i) ? run(values) : (values.x ?? values.y)
        write(i, isAsync(resolver) ? await result : (result as Value))
      }
      return { region, data }
    },
  }
}

export const mergeRows: readonly ProcessRow[] = [
  {
    id: 'merge_cubes',
    category: 'cubes',
    summary: 'Joins the labels of two cubes; where both have a cell, a callback makes one of the two.',
    parameters: [
      parameter('cube1', CUBE, 'the first cube; its pixels are kept'),
      parameter('cube2', CUBE, 'the second cube, resampled to the pixels of the first where it has to be'),
      optional('overlap_resolver', callback(['x', 'y']), 'what becomes of two values of one cell'),
      CONTEXT,
    ],
    returns: givesCube('the merged cube'),
    errors: ['OverlapResolverMissing', 'IncompatibleGeometryTypes'],
    chunks: 'cell',
    evaluate: (args) => {
      const resolver = isCallback(args.overlap_resolver) ? args.overlap_resolver : undefined
      return laterCubeValue(mergeNodes(cubeOf(args, 'cube1'), cubeOf(args, 'cube2'), resolver, contextOf(args)))
    },
  },
]
