/** The rows of fit_curve (on arrays, so within apply_dimension) and predict_curve (on cubes). */
import { InputError } from '@ecotope/core'
import { FLOAT64 } from '../../model/block.ts'
import type { Dimension } from '../../model/dimension.ts'
import { type CubeNode, dimensionIndex } from '../../model/node.ts'
import type { Callback, ProcessRow, Value } from '../row.ts'
import { elementsOf, isLabeled } from '../schema.ts'
import { callbackOf, cubeOf, cubeValue, requireDimension, textOf } from './arguments.ts'
import { columnsNode } from './columns.ts'
import { predictLoop } from './curve-loops.ts'
import { anyModel, fitCurve, numbersOf, xOfLabel } from './curves.ts'
import { enumerated, type Label, withDims } from './labels.ts'
import { CUBE, givesCube, optional, parameter, TEXT } from './schemas.ts'

function fit(data: Value, initial: readonly number[], process: Callback, ignoresMissing: boolean): Value {
  const values = elementsOf(data) ?? []
  const labels = isLabeled(data) ? data.labels : enumerated(values.length)
  const isKnown = (value: Value): boolean => typeof value === 'number' && !Number.isNaN(value)
  const kept = enumerated(values.length).filter((i) => !ignoresMissing || isKnown(values[i]!))
  const ys = Float64Array.from(numbersOf(kept.map((i) => values[i]!)))
  const xs = kept.map((i) => xOfLabel(labels[i]!))
  return [...fitCurve(anyModel(process, initial.length)(xs), ys, initial)].map((value) =>
    Number.isNaN(value) ? null : value,
  )
}

/** The dimension along which the parameters of a curve lie: the one asked for, else the only candidate. */
function parameterDimension(node: CubeNode, name: string): Dimension {
  const own = node.schema.dims[dimensionIndex(node.schema, name)]
  if (own !== undefined) return own
  const others = node.schema.dims.filter(({ type }) => type === 'other' || type === 'temporal' || type === 'bands')
  const [only, second] =
    others.filter(({ type }) => type === 'other').length === 1 ? others.filter(({ type }) => type === 'other') : others
  if (only !== undefined && second === undefined) return only
  throw new InputError('DimensionNotAvailable', `no dimension of the cube holds the parameters of the curve`, {
    hint: `name one of its dimensions ${name}: the values along it are the parameters`,
    data: { dimension: name, dimensions: node.schema.dims.map((dimension) => dimension.name) },
  })
}

function predict(node: CubeNode, process: Callback, name: string, labels: readonly Label[]): CubeNode {
  const along = parameterDimension(node, name)
  const d = requireDimension(node, along.name)
  const isTime = labels.every((label) => typeof label === 'string')
  const target: Dimension = isTime
    ? { type: 'temporal', name, labels: labels as string[], calendar: 'standard' }
    : { type: 'other', name, labels }
  const dims = node.schema.dims.map((dimension, i) => (i === d ? target : dimension))
  const count = along.labels.length
  const model = anyModel(process, count)
  const xs = labels.map(xOfLabel)
  return columnsNode({
    label: 'predict_curve',
    inputs: [node],
    dim: along.name,
    target: name,
    schema: { ...withDims(node.schema, dims), packing: FLOAT64 },
    loop: () => predictLoop(model(xs), count, xs.length),
  })
}

const FUNCTION = parameter(
  'function',
  {
    type: 'object',
    subtype: 'process-graph',
    parameters: [
      { name: 'x', description: 'where the function is wanted', schema: { type: ['number', 'null'] } },
      { name: 'parameters', description: 'its parameters', schema: { type: 'array', items: { type: 'number' } } },
    ],
    returns: { schema: { type: 'number' } },
  },
  'the model: y from x and the parameters',
)
const NUMBERS = { type: 'array', minItems: 1, items: { type: 'number' } }

export const curveRows: readonly ProcessRow[] = [
  {
    id: 'fit_curve',
    category: 'math',
    summary: 'Parameters of a function that fits the values best, by least squares.',
    parameters: [
      parameter('data', { type: 'array', items: { type: ['number', 'null'] } }, 'values with their x as labels'),
      parameter('parameters', NUMBERS, 'initial values of the parameters'),
      FUNCTION,
      optional('ignore_nodata', { type: 'boolean' }, 'leaves missing values out', true),
    ],
    returns: { summary: 'the parameters', schema: NUMBERS },
    experimental: true,
    chunks: 'whole dimension',
    evaluate: (args) => {
      const initial = numbersOf(elementsOf(args.parameters) ?? [])
      return fit(args.data as Value, initial, callbackOf(args, 'function'), args.ignore_nodata !== false)
    },
  },
  {
    id: 'predict_curve',
    category: 'math',
    summary: 'Values of a function with fitted parameters.',
    parameters: [
      parameter('parameters', CUBE, 'a cube with the parameters along one dimension'),
      FUNCTION,
      parameter('dimension', TEXT, 'the dimension of the values'),
      optional(
        'labels',
        [{ type: 'null' }, { type: 'array', uniqueItems: true, items: { type: ['number', 'string'] } }],
        'where values are wanted, as numbers or dates',
      ),
    ],
    returns: givesCube('a cube with a value for each label'),
    experimental: true,
    chunks: 'whole dimension',
    evaluate: (args) => {
      const node = cubeOf(args, 'parameters')
      const labels = elementsOf(args.labels) as readonly Label[] | undefined
      if (labels === undefined) {
        throw new InputError(
          'LabelsMissing',
          'predict_curve needs labels: a cube of parameters has no values to fill in',
          {
            hint: 'give the numbers or dates where values are wanted',
          },
        )
      }
      return cubeValue(predict(node, callbackOf(args, 'function'), textOf(args, 'dimension'), labels))
    },
  },
]
