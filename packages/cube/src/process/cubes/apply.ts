/** apply, apply_dimension, reduce_dimension, reduce_spatial: callbacks on cells and on rows of cells. */
import { InputError } from '@ecotope/core'
import type { Cell } from '../../cells/cell.ts'
import { selectionOf } from '../../cells/structure.ts'
import { FLOAT64, type Packing } from '../../model/block.ts'
import type { Dimension } from '../../model/dimension.ts'
import { type CubeNode, dimensionIndex } from '../../model/node.ts'
import { floatPacking, withMissing } from '../../model/packing.ts'
import type { Callback, CellArray, ProcessRow, Value } from '../row.ts'
import { elementsOf } from '../schema.ts'
import { alongNode, arrayOf } from './along.ts'
import {
  after,
  axesOf,
  callbackOf,
  cubeOf,
  laterCubeValue,
  optionalText,
  requireDimension,
  textOf,
  unavailable,
} from './arguments.ts'
import {
  arrayAlong,
  type Compiled,
  compile,
  contextOf,
  isAsync,
  labelled,
  probe,
  runner,
  sampleValues,
} from './callback.ts'
import { dropDimension } from './dimensions.ts'
import { enumerated, type Label, otherDimension, recounted, withDims } from './labels.ts'
import { BOOLEAN, cellNode, concatNode, input } from './nodes.ts'
import { flatten } from './reshape.ts'
import {
  CONTEXT,
  callback,
  DATA,
  givesCube,
  optional,
  parameter,
  RASTER_DATA,
  REDUCER,
  TEXT,
  TEXT_OR_NULL,
} from './schemas.ts'
import { holdsDates, unitsOfCells, unitsOfRows } from './units.ts'
import { spatialSums } from './zonal-node.ts'

/** The packing of what a callback gives. */
export const resultPacking = (isBoolean: boolean, ...inputs: readonly Packing[]): Packing =>
  isBoolean ? BOOLEAN : floatPacking(...inputs)

/** The packing of what a compiled callback on one cube gives: what is only chosen stays as it is stored. */
export function packingOf(compiled: Compiled): Packing {
  const { isBoolean, inputs } = compiled
  const chosen = compiled.kind === 'cell' ? selectionOf(compiled.cell) : undefined
  if (chosen !== undefined) {
    const { packing } = inputs[chosen.input]!.schema
    return chosen.hasGaps ? withMissing(packing) : packing
  }
  return resultPacking(isBoolean, ...inputs.map(({ schema }) => schema.packing))
}

/** Interpreted callbacks give whatever they like: true and false stay so, numbers keep all digits. */
export const probedPacking = (sample: Value | undefined): Packing => (typeof sample === 'boolean' ? BOOLEAN : FLOAT64)

const isTrueFalse = (node: CubeNode): boolean[] => [node.schema.packing.isBoolean ?? false]

/** A callback on every cell, its parameter `x`. */
export function applyNode(
  node: CubeNode,
  process: Callback,
  context: Value,
  label = 'apply',
): CubeNode | Promise<CubeNode> {
  const schema = unitsOfCells(node.schema, process)
  const compiled = compile(process, { x: input(0) }, context, isTrueFalse(node), node)
  if (compiled?.kind === 'cell') {
    const packing = packingOf(compiled)
    return cellNode(label, compiled.inputs, compiled.cell, { ...schema, packing })
  }
  const [x] = sampleValues(schema.packing, 1)
  const run = runner(process)
  return after(probe(process, { x: x!, context }), (sample) =>
    alongNode({
      label,
      node,
      // A row of one cell: the dimension that no cube has.
      dim: '',
      schema: { ...schema, packing: probedPacking(sample) },
      run: ([value]) => after(run({ x: value!, context }), (result) => [result]),
      isAsync: isAsync(process),
    }),
  )
}

/** A callback that makes one value of each row along a dimension, its parameter `data`. */
export function reduceNode(
  node: CubeNode,
  reducer: Callback,
  name: string,
  context: Value,
  label = 'reduce_dimension',
): CubeNode | Promise<CubeNode> {
  const d = requireDimension(node, name)
  const { schema } = node
  const labels = schema.dims[d]!.labels as readonly Label[]
  const rest = schema.dims.filter((_, i) => i !== d)
  const reduced = unitsOfRows(schema, withDims(schema, rest), reducer, name)
  const compiled = compile(reducer, { data: arrayAlong(name, labels) }, context, isTrueFalse(node), node)
  if (compiled?.kind === 'cell') {
    const own = packingOf(compiled)
    const packing = own.dtype === 'float32' && holdsDates(reduced) ? FLOAT64 : own
    return cellNode(label, compiled.inputs, compiled.cell, { ...reduced, packing })
  }
  const run = runner(reducer)
  const made = sampleValues(schema.packing, labels.length)
  return after(probe(reducer, { data: labelled(labels, made), context }), (sample) =>
    alongNode({
      label,
      node,
      dim: name,
      schema: { ...reduced, packing: probedPacking(sample) },
      run: (values) => after(run({ data: labelled(labels, values), context }), (result) => [result]),
      isAsync: isAsync(reducer),
    }),
  )
}

/** Where the results of apply_dimension go: the target dimension, and those of the result for `length` values. */
interface Target {
  readonly name: string
  readonly dims: (length: number) => readonly Dimension[]
}

function targetOf(node: CubeNode, source: string, target: string | undefined): Target {
  const { dims } = node.schema
  const d = requireDimension(node, source)
  if (target === undefined || target === source) {
    const own = dims[d]!
    const keep = (length: number) => (length === own.labels.length ? own : recounted(own, length))
    return { name: source, dims: (length) => dims.map((dimension, i) => (i === d ? keep(length) : dimension)) }
  }
  const t = dimensionIndex(node.schema, target)
  if (t < 0) {
    const made = (length: number) => otherDimension(target, enumerated(length))
    return { name: target, dims: (length) => dims.map((dimension, i) => (i === d ? made(length) : dimension)) }
  }
  const { length: labels } = dims[t]!.labels
  if (labels !== 1) {
    throw new InputError(
      'DimensionLabelCountMismatch',
      `the target dimension ${target} has ${labels} labels, not one`,
      {
        hint: 'give the name of a new dimension, or reduce the target first',
        data: { dimension: target, labels },
      },
    )
  }
  const filled = (length: number) =>
    dims.flatMap((dimension, i) => (i === d ? [] : [i === t ? recounted(dimension, length) : dimension]))
  return { name: target, dims: filled }
}

/** A callback that makes a row of values of each row along a dimension, its parameter `data`. */
export function applyDimensionNode(
  node: CubeNode,
  process: Callback,
  source: string,
  target: string | undefined,
  context: Value,
): CubeNode | Promise<CubeNode> {
  const { schema } = node
  const labels = schema.dims[requireDimension(node, source)]!.labels as readonly Label[]
  const to = targetOf(node, source, target)
  const schemaFor = (length: number, packing: Packing) =>
    unitsOfRows(schema, { ...withDims(schema, to.dims(length)), packing }, process, source)
  const compiled = compile(process, { data: arrayAlong(source, labels) }, context, isTrueFalse(node), node)
  const fused = compiled && applyCompiled(node, compiled, source, to, schemaFor)
  if (fused !== undefined) return fused
  const made = sampleValues(schema.packing, labels.length)
  return after(probe(process, { data: labelled(labels, made), context }), (sample) =>
    interpretedDimension({ node, process, source, to, context, labels, schemaFor }, sample),
  )
}

interface DimensionCall {
  readonly node: CubeNode
  readonly process: Callback
  readonly source: string
  readonly to: Target
  readonly context: Value
  readonly labels: readonly Label[]
  readonly schemaFor: (length: number, packing: Packing) => CubeNode['schema']
}

/** apply_dimension row by row; `sample` is what the callback gave for made-up values. */
function interpretedDimension(call: DimensionCall, sample: Value | undefined): CubeNode {
  const { node, process, source, to, context, labels, schemaFor } = call
  const elements = elementsOf(sample)
  const length = elements?.length ?? labels.length
  const run = runner(process)
  const isTruth = elements !== undefined && length > 0 && elements.every((value) => typeof value === 'boolean')
  const pick = (result: Value, from: number, end: number): readonly Value[] => {
    const values = arrayOf('apply_dimension', result)
    // Processes that leave missing values out (sort, array_filter) give fewer; what lacks is missing, at the end.
    if (values.length > length) throw ragged(source, length, values.length)
    return values.slice(from, end)
  }
  return alongNode({
    label: 'apply_dimension',
    node,
    dim: source,
    target: to.name,
    schema: schemaFor(length, isTruth ? BOOLEAN : FLOAT64),
    run: (values, from, end) =>
      after(run({ data: labelled(labels, values), context }), (result) => pick(result, from, end)),
    isAsync: isAsync(process),
  })
}

function ragged(dimension: string, expected: number, actual: number): InputError {
  return new InputError(
    'RaggedResult',
    `the callback gave ${actual} values along ${dimension}, and ${expected} for a row without gaps`,
    {
      hint: 'it may not give more values for one row of cells than for another',
      data: { dimension, expected, actual },
    },
  )
}

function applyCompiled(
  node: CubeNode,
  compiled: Compiled,
  source: string,
  to: Target,
  schemaFor: (length: number, packing: Packing) => CubeNode['schema'],
): CubeNode | undefined {
  const packing = packingOf(compiled)
  if (compiled.kind === 'array') {
    const schema = schemaFor(compiled.array.labels.length, packing)
    return cellNode('apply_dimension', compiled.inputs, arrayCell(node, compiled.array, source, to.name), schema)
  }
  if (compiled.kind === 'cell' || compiled.cells.length === 0) return undefined
  const one = schemaFor(1, packing)
  const dims = one.dims.map((dimension) => (dimension.name === to.name ? otherDimension(to.name, [0]) : dimension))
  const parts = compiled.cells.map((cell) =>
    cellNode('apply_dimension', compiled.inputs, overTarget(node, cell, source, to.name), { ...one, dims }),
  )
  const whole = schemaFor(parts.length, packing)
  const joined = concatNode(parts, to.name, 'apply_dimension', whole.dims[dimensionIndex(whole, to.name)]!)
  // The parts have no grid where x or y is what they run along; the whole may.
  return { ...joined, schema: whole }
}

/** A cell that had `source` reduced away, under a scope with `target`: a target of one label of the input is fixed. */
function overTarget(node: CubeNode, cell: Cell, source: string, target: string): Cell {
  const exists = target !== source && dimensionIndex(node.schema, target) >= 0
  return exists ? { kind: 'at', dim: target, index: 0, of: cell } : cell
}

function arrayCell(node: CubeNode, array: CellArray, source: string, target: string): Cell {
  if (array.dim === target) return array.of
  const exists = dimensionIndex(node.schema, target) >= 0 && target !== source
  // The name of the fixed dimension is free above the rename, so the two do not meet.
  const below: Cell = exists ? { kind: 'at', dim: target, index: 0, of: array.of } : array.of
  return { kind: 'rename', names: { [target]: array.dim }, of: below }
}

/** A callback that makes one value of all pixels. */
function reduceSpatial(node: CubeNode, reducer: Callback, context: Value): CubeNode | Promise<CubeNode> {
  const summed = spatialSums(node, reducer, context, PIXELS)
  if (summed !== undefined) {
    const dropped = dropDimension(summed, PIXELS)
    return { ...dropped, schema: unitsOfRows(node.schema, dropped.schema, reducer) }
  }
  const [x, y] = axesOf(node)
  const { dims } = node.schema
  const order = [x, y].sort((a, b) => a - b).map((d) => dims[d]!.name)
  const flat = flatten(node, order, PIXELS, enumerated(dims[x]!.labels.length * dims[y]!.labels.length))
  return reduceNode(flat, reducer, PIXELS, context, 'reduce_spatial')
}

const PIXELS = 'x and y'

const PROCESS = (names: readonly string[], summary: string) => parameter('process', callback(names), summary)

export const applyRows: readonly ProcessRow[] = [
  {
    id: 'apply',
    category: 'reduce and apply',
    summary: 'Runs a callback on every cell.',
    parameters: [DATA, PROCESS(['x'], 'from one value to one value'), CONTEXT],
    returns: givesCube('a cube of the same dimensions'),
    chunks: 'cell',
    evaluate: (args) => laterCubeValue(applyNode(cubeOf(args), callbackOf(args, 'process'), contextOf(args))),
  },
  {
    id: 'apply_dimension',
    category: 'reduce and apply',
    summary: 'Runs a callback on every row of cells along a dimension.',
    parameters: [
      DATA,
      PROCESS(['data'], 'from a row of values to a row of values'),
      parameter('dimension', TEXT, 'the dimension that rows run along'),
      optional('target_dimension', TEXT_OR_NULL, 'the dimension of the results; default the same'),
      CONTEXT,
    ],
    returns: givesCube('a cube with new values along the target'),
    errors: ['DimensionNotAvailable'],
    chunks: 'whole dimension',
    evaluate: (args) => {
      const [node, process] = [cubeOf(args), callbackOf(args, 'process')]
      const [source, target] = [textOf(args, 'dimension'), optionalText(args, 'target_dimension')]
      return laterCubeValue(applyDimensionNode(node, process, source, target, contextOf(args)))
    },
  },
  {
    id: 'reduce_dimension',
    category: 'reduce and apply',
    summary: 'Makes one value of every row of cells along a dimension, which goes.',
    parameters: [DATA, REDUCER, parameter('dimension', TEXT, 'the dimension to reduce'), CONTEXT],
    returns: givesCube('the cube with one dimension less'),
    errors: ['DimensionNotAvailable'],
    chunks: 'reduction',
    evaluate: (args) => {
      const node = cubeOf(args)
      const name = textOf(args, 'dimension')
      if (dimensionIndex(node.schema, name) < 0) throw unavailable(node, name)
      return laterCubeValue(reduceNode(node, callbackOf(args, 'reducer'), name, contextOf(args)))
    },
  },
  {
    id: 'reduce_spatial',
    category: 'reduce and apply',
    summary: 'Makes one value of all pixels.',
    parameters: [RASTER_DATA, REDUCER, CONTEXT],
    returns: givesCube('the cube without x and y'),
    experimental: true,
    chunks: 'reduction',
    evaluate: (args) => laterCubeValue(reduceSpatial(cubeOf(args), callbackOf(args, 'reducer'), contextOf(args))),
  },
]
