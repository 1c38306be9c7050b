/** Processes that join, split or shorten dimensions: flatten_dimensions, unflatten_dimension, trim_cube. */
import { InputError, type WorkOptions } from '@ecotope/core'
import { newArray, type TypedArray, words } from '../../dtype.ts'
import type { Block } from '../../model/block.ts'
import { copyBox } from '../../model/copy.ts'
import type { Dimension } from '../../model/dimension.ts'
import { type BlockNode, type CubeNode, shapeOf } from '../../model/node.ts'
import { withMissing } from '../../model/packing.ts'
import { cellCount, type Region, stridesOf } from '../../model/region.ts'
import type { ProcessRow } from '../row.ts'
import { offsets, valueReader } from './along.ts'
import { cubeOf, cubeValue, listOf, refuseDimension, requireDimension, textOf } from './arguments.ts'
import { readNode } from './direct.ts'
import { type Label, otherDimension, withDims } from './labels.ts'
import { missingArray, selectNode } from './nodes.ts'
import { DATA, givesCube, optional, parameter, TEXT } from './schemas.ts'

const NAMES = { type: 'array', uniqueItems: true, items: { type: 'string' } }
const SEPARATOR = optional(
  'label_separator',
  { type: 'string', minLength: 1 },
  'between the parts of a joined label',
  '~',
)

/** All combinations of labels, the last dimension fastest. */
function joinedLabels(dims: readonly Dimension[], separator: string): string[] {
  return dims.reduce<string[] | undefined>((joined, dimension) => {
    const labels = (dimension.labels as readonly Label[]).map(String)
    return joined === undefined
      ? labels
      : joined.flatMap((head) => labels.map((label) => `${head}${separator}${label}`))
  }, undefined)!
}

/**
 * Dimensions joined into one of type other, which stands where the first of them (in the cube's order) stood. Their
 * order in `names` says which label runs fastest: the last.
 */
export function flatten(
  node: CubeNode,
  names: readonly string[],
  target: string,
  labels?: readonly Label[],
): BlockNode {
  const { dims } = node.schema
  const joined = names.map((name) => requireDimension(node, name))
  const lengths = joined.map((d) => dims[d]!.labels.length)
  const steps = stridesOf(lengths)
  const place = Math.min(...joined)
  const dimension = otherDimension(
    target,
    labels ??
      joinedLabels(
        joined.map((d) => dims[d]!),
        '~',
      ),
  )
  const kept = dims.map((_, d) => d).filter((d) => d === place || !joined.includes(d))
  const at = kept.indexOf(place)
  const schema = withDims(
    node.schema,
    kept.map((d) => (d === place ? dimension : dims[d]!)),
  )
  const outer = (region: Region, d: number): readonly [number, number] => {
    const k = kept.indexOf(d)
    return [region.start[k]!, region.shape[k]!]
  }
  return {
    kind: 'blocks',
    label: 'flatten_dimensions',
    inputs: [node],
    schema,
    needs(region) {
      // Without cells there is no first and last to find.
      if (region.shape[at] === 0) return [undefined]
      const first = region.start[at]!
      const last = first + region.shape[at]! - 1
      const ranges = spanOf(first, last, lengths, steps)
      const range = (d: number): readonly [number, number] => ranges[joined.indexOf(d)] ?? outer(region, d)
      return [{ start: dims.map((_, d) => range(d)[0]), shape: dims.map((_, d) => range(d)[1]) }]
    },
    compute(region, [block]) {
      const data = newArray(schema.packing.dtype, cellCount(region.shape))
      const outer = kept.flatMap((d, k): (readonly [number, number])[] => (k === at ? [] : [[d, k]]))
      if (block !== undefined) copyJoined({ joined, lengths, steps, outer, at }, block, region, data)
      return { region, data }
    },
  }
}

interface Joint {
  /** Joined dimensions of the input in the order asked for, their lengths, and steps of the joined index. */
  readonly joined: readonly number[]
  readonly lengths: readonly number[]
  readonly steps: readonly number[]
  /** Pairs of the other dimensions, of input and result. */
  readonly outer: readonly (readonly [number, number])[]
  /** The joined dimension in the result. */
  readonly at: number
}

/** Copies runs along the fastest of the joined dimensions. */
function copyJoined(
  { joined, lengths, steps, outer, at }: Joint,
  block: Block,
  region: Region,
  data: TypedArray,
): void {
  const [source, target] = [words(block.data), words(data)]
  const [read, write] = [stridesOf(block.region.shape), stridesOf(region.shape)]
  const fastest = joined.length - 1
  const [readStep, writeStep] = [read[joined[fastest]!]!, write[at]!]
  const count = region.shape[at]!
  for (let i = 0; i < count; ) {
    const index = region.start[at]! + i
    let base = 0
    joined.forEach((d, k) => {
      base += ((Math.floor(index / steps[k]!) % lengths[k]!) - block.region.start[d]!) * read[d]!
    })
    const run = Math.min(count - i, lengths[fastest]! - (index % lengths[fastest]!))
    for (const [from, to] of offsets(outer, region.shape, read, write)) {
      const [a, b] = [from + base, to + i * writeStep]
      if (readStep === 1 && writeStep === 1) target.set(source.subarray(a, a + run) as never, b)
      else for (let k = 0; k < run; k++) target[b + k * writeStep] = source[a + k * readStep]!
    }
    i += run
  }
}

/** Start and length along each joined dimension that hold the joined indices `first` to `last`. */
function spanOf(first: number, last: number, lengths: readonly number[], steps: readonly number[]): [number, number][] {
  const spans: [number, number][] = []
  let isPinned = true
  lengths.forEach((length, k) => {
    const from = Math.floor(first / steps[k]!) % length
    const to = Math.floor(last / steps[k]!) % length
    spans.push(isPinned ? [from, to - from + 1] : [0, length])
    isPinned &&= from === to
  })
  return spans
}

export interface Split {
  /** Labels of each of the dimensions that are made. */
  readonly parts: readonly (readonly string[])[]
  /** Index of the split label for every combination; -1 where there is none. */
  readonly indices: readonly number[]
}

/** Labels that are made of `count` parts each, by their parts. */
export function splitOf(rows: readonly (readonly string[])[], count: number): Split {
  const parts = Array.from({ length: count }, (_, k) => [...new Set(rows.map((row) => row[k]!))])
  const lengths = parts.map((part) => part.length)
  const steps = stridesOf(lengths)
  const indices = new Array<number>(cellCount(lengths)).fill(-1)
  rows.forEach((row, i) => {
    indices[row.reduce((sum, part, k) => sum + parts[k]!.indexOf(part) * steps[k]!, 0)] = i
  })
  return { parts, indices }
}

function splitLabels(labels: readonly Label[], count: number, separator: string, name: string): Split {
  const rows = labels.map((label) => String(label).split(separator))
  const odd = rows.findIndex((row) => row.length !== count)
  if (odd >= 0) {
    throw new InputError(
      'LabelMismatch',
      `the label ${labels[odd]} of ${name} has ${rows[odd]!.length} parts, not ${count}`,
      {
        hint: `parts are separated by ${JSON.stringify(separator)}`,
        data: { dimension: name, label: labels[odd] },
      },
    )
  }
  return splitOf(rows, count)
}

/** For a region of the result: the index of the split label of every combination in it, row-major. */
function combinations(region: Region, d: number, { parts, indices }: Split): number[] {
  const count = parts.length
  const steps = stridesOf(parts.map((part) => part.length))
  const [start, shape] = [region.start.slice(d, d + count), region.shape.slice(d, d + count)]
  const inner = stridesOf(shape)
  return Array.from({ length: cellCount(shape) }, (_, i) => {
    const position = shape.map((length, k) => start[k]! + (Math.floor(i / inner[k]!) % length))
    return indices[position.reduce((sum, p, k) => sum + p * steps[k]!, 0)]!
  })
}

function unflatten(node: CubeNode, name: string, targets: readonly string[], separator: string): BlockNode {
  const d = requireDimension(node, name)
  for (const target of targets) if (target !== name) refuseDimension(node, target, 'TargetDimensionExists')
  const split = splitLabels(node.schema.dims[d]!.labels as Label[], targets.length, separator, name)
  const added = targets.map((target, k) => otherDimension(target, split.parts[k]!))
  return splitDimension(node, d, added, split)
}

/**
 * The cube with dimensions `added` in place of dimension `d`, whose labels are combinations of theirs. Throws InputError
 * `LabelMismatch` where combinations lack and cells cannot be missing.
 */
export function splitDimension(node: CubeNode, d: number, added: readonly Dimension[], split: Split): BlockNode {
  const dims = node.schema.dims.flatMap((dimension, i) => (i === d ? added : [dimension]))
  const { packing } = node.schema
  if (split.indices.includes(-1) && withMissing(packing) !== packing) throw incomplete(node.schema.dims[d]!.name)
  const count = added.length
  return {
    kind: 'blocks',
    label: 'unflatten_dimension',
    inputs: [node],
    schema: withDims(node.schema, dims),
    needs(region) {
      const wanted = combinations(region, d, split).filter((index) => index >= 0)
      if (wanted.length === 0) return [undefined]
      const first = wanted.reduce((least, index) => Math.min(least, index))
      const last = wanted.reduce((most, index) => Math.max(most, index))
      const outer = (list: readonly number[], value: number) => [...list.slice(0, d), value, ...list.slice(d + count)]
      return [{ start: outer(region.start, first), shape: outer(region.shape, last - first + 1) }]
    },
    compute(region, [block]) {
      const data = missingArray(packing, cellCount(region.shape))
      if (block !== undefined) copySplit(block, combinations(region, d, split), d, region.shape, data)
      return { region, data }
    },
  }
}

/** Copies the slices of dimension `d` at `indices` to the leading part of a result whose shape splits it. */
function copySplit(
  block: Block,
  indices: readonly number[],
  d: number,
  shape: readonly number[],
  data: TypedArray,
): void {
  const rank = block.region.shape.length
  const flat = [...shape.slice(0, d), indices.length, ...shape.slice(shape.length - (rank - d - 1))]
  const one = flat.map((length, k) => (k === d ? 1 : length))
  indices.forEach((index, i) => {
    if (index < 0) return
    const from = one.map((_, k) => (k === d ? index - block.region.start[d]! : 0))
    const to = one.map((_, k) => (k === d ? i : 0))
    copyBox(block.data, block.region.shape, from, data, flat, to, one)
  })
}

function incomplete(name: string): InputError {
  return new InputError('LabelMismatch', `the labels of ${name} are not every combination of their parts`, {
    hint: 'cells of this cube cannot be missing; add the missing labels first',
    data: { dimension: name },
  })
}

/** Cells looked at in one go when a cube is searched for values. */
const SEARCHED = 1 << 22

/** For every dimension, which labels have a value anywhere. Reads the whole cube, in pieces. */
async function labelsWithValues(node: CubeNode, work: WorkOptions): Promise<boolean[][]> {
  const shape = shapeOf(node.schema)
  const found = shape.map((length) => new Array<boolean>(length).fill(false))
  for (const region of pieces(shape, SEARCHED)) {
    const block = await readNode(node, region, work)
    const read = valueReader(block.data, node.schema.packing)
    const strides = stridesOf(region.shape)
    for (let i = 0; i < block.data.length; i++) {
      if (read(i) === null) continue
      strides.forEach((stride, d) => {
        found[d]![region.start[d]! + (Math.floor(i / stride) % region.shape[d]!)] = true
      })
    }
  }
  return found
}

/** The largest box of at most `most` cells, leading dimensions cut first. */
function boxWithin(shape: readonly number[], most: number): number[] {
  const box = [...shape]
  for (let d = 0; d < box.length && cellCount(box) > most; d++) {
    box[d] = Math.max(1, Math.floor(most / cellCount(box.map((length, k) => (k === d ? 1 : length)))))
  }
  return box
}

const boxCounts = (shape: readonly number[], box: readonly number[]): number[] =>
  shape.map((length, d) => Math.ceil(length / Math.max(1, box[d]!)))

/** How many `pieces` there are. */
export const pieceCount = (shape: readonly number[], most: number): number =>
  cellCount(boxCounts(shape, boxWithin(shape, most)))

/** Boxes of at most `most` cells that cover a shape, leading dimensions cut first. */
export function* pieces(shape: readonly number[], most: number): Generator<Region> {
  const box = boxWithin(shape, most)
  const counts = boxCounts(shape, box)
  const steps = stridesOf(counts)
  for (let i = 0; i < cellCount(counts); i++) {
    const start = counts.map((count, d) => (Math.floor(i / steps[d]!) % count) * box[d]!)
    yield { start, shape: start.map((from, d) => Math.min(box[d]!, shape[d]! - from)) }
  }
}

/** Labels to keep: of dimensions with an order of their own all between the outermost ones with values. */
function keptLabels(dimension: Dimension, found: readonly boolean[]): number[] {
  const isOrdered = dimension.type === 'spatial' || dimension.type === 'temporal'
  const [first, last] = [found.indexOf(true), found.lastIndexOf(true)]
  return found.flatMap((has, i) => (has || (isOrdered && i > first && i < last && first >= 0) ? [i] : []))
}

async function trim(node: CubeNode, work: WorkOptions): Promise<CubeNode> {
  const found = await labelsWithValues(node, work)
  return node.schema.dims.reduce<CubeNode>(
    (cut, dimension, d) => selectNode('trim_cube', cut, dimension.name, keptLabels(dimension, found[d]!)),
    node,
  )
}

export const reshapeRows: readonly ProcessRow[] = [
  {
    id: 'trim_cube',
    category: 'cubes',
    summary: 'Drops labels without any value; along space and time only at the ends.',
    parameters: [DATA],
    returns: givesCube('the cube with as many or fewer labels'),
    chunks: 'source',
    evaluate: async (args, context) => cubeValue(await trim(cubeOf(args), context)),
  },
  {
    id: 'flatten_dimensions',
    category: 'cubes',
    summary: 'Joins dimensions into one; labels are joined by a separator.',
    parameters: [
      DATA,
      parameter('dimensions', { ...NAMES, minItems: 1 }, 'the dimensions, the last one runs fastest'),
      parameter('target_dimension', TEXT, 'name of the new dimension'),
      SEPARATOR,
    ],
    returns: givesCube('the cube with fewer dimensions'),
    errors: ['DimensionNotAvailable', 'TargetDimensionExists'],
    experimental: true,
    chunks: 'whole dimension',
    evaluate: (args) => {
      const node = cubeOf(args)
      const names = listOf(args, 'dimensions') as string[]
      const target = textOf(args, 'target_dimension')
      const dims = names.map((name) => node.schema.dims[requireDimension(node, name)]!)
      refuseDimension(node, target, 'TargetDimensionExists')
      return cubeValue(flatten(node, names, target, joinedLabels(dims, textOf(args, 'label_separator'))))
    },
  },
  {
    id: 'unflatten_dimension',
    category: 'cubes',
    summary: 'Splits a dimension into several by the parts of its labels.',
    parameters: [
      DATA,
      parameter('dimension', TEXT, 'the dimension to split'),
      parameter('target_dimensions', { ...NAMES, minItems: 2 }, 'names of the new dimensions'),
      SEPARATOR,
    ],
    returns: givesCube('the cube with more dimensions'),
    errors: ['DimensionNotAvailable', 'TargetDimensionExists'],
    experimental: true,
    chunks: 'whole dimension',
    evaluate: (args) => {
      const targets = listOf(args, 'target_dimensions') as string[]
      return cubeValue(unflatten(cubeOf(args), textOf(args, 'dimension'), targets, textOf(args, 'label_separator')))
    },
  },
]
