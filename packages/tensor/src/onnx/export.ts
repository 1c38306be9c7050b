/** Programs as ONNX files: weights inside, named ends, and extents that may vary where the program allows it. */

import { InputError } from '@ecotope/core'
import { type LowerOptions, lowerProgram, type Storage } from '../lower/lower.ts'
import { type LoweringTarget, portable as portableTarget } from '../lower/target.ts'
import { checkSize } from '../parameters.ts'
import { type Primitive, type Tensor, topological } from '../primitive.ts'
import { type Shape, sameShape } from '../shape.ts'
import { inferShape } from '../shapes/index.ts'
import type { Program } from '../trace.ts'
import { encodeModel } from './encode.ts'

/** Axes of inputs that may vary, with their names: `{ x: { 2: 'height', 3: 'width' } }`. */
export type DynamicAxes = Readonly<Record<string, Readonly<Record<number, string>>>>

export interface ExportOptions {
  /** Flat vector; its values become initialisers named by their paths. */
  readonly parameters?: Float32Array
  /**
   * How the initialisers are stored. `float16` halves the file; each weight is rounded to 11 bits (relative error up to
   * 5e-4) and the graph calculates in float32. Default `float32`.
   */
  readonly storage?: Storage
  /**
   * Standard operators only (opset 18). Default true. Otherwise for onnxruntime on a processor, without the blocked
   * layout, which differs between processors.
   */
  readonly portable?: boolean
  readonly dynamic?: DynamicAxes
  readonly inputNames?: Readonly<Record<string, string>>
  readonly outputNames?: Readonly<Record<string, string>>
  /** Key-value pairs kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>
}

const OPSET = 18
const unblocked: LoweringTarget = { name: 'node-cpu', nchwcBlock: 0, winograd: false, fixedWeights: true }

type Shapes = ReadonlyMap<Tensor, Shape>

/** Every node's shape when the dynamic axes are twice as long. Raises where a primitive has an extent written down. */
function doubledShapes(program: Program, dynamic: DynamicAxes): Shapes {
  const shapes = new Map<Tensor, Shape>()
  for (const [name, node] of Object.entries(program.inputs)) {
    shapes.set(
      node,
      node.shape.map((extent, axis) => (dynamic[name]?.[axis] === undefined ? extent : 2 * extent)),
    )
  }
  for (const node of topological(Object.values(program.outputs))) {
    if (!shapes.has(node)) shapes.set(node, doubledShape(node, shapes))
  }
  return shapes
}

function doubledShape(node: Tensor, shapes: Shapes): Shape {
  if (node.inputs.length === 0 || node.inputs.every((input) => sameShape(shapes.get(input)!, input.shape)))
    return node.shape
  const inputs = node.inputs.map((input) => ({ shape: shapes.get(input)!, dtype: input.dtype }))
  try {
    if (writesExtents.has(node.op)) throw new InputError('ShapeMismatch', `${node.op} writes extents down`)
    return inferShape(node.op, inputs, node.attributes, node.scope).shape
  } catch (cause) {
    const where = node.scope === '' ? '' : ` in ${node.scope}`
    throw new InputError('NotDynamic', `${node.op}${where} needs fixed extents, so that the chosen axes cannot vary`, {
      hint: 'Export with fixed extents, or write the layer without it.',
      data: { primitive: node.op, scope: node.scope },
      cause,
    })
  }
}

/** Primitives whose lowering or attributes hold the extents of an operand that varies. */
const writesExtents: ReadonlySet<Primitive> = new Set<Primitive>([
  'reshape',
  'expand',
  'convInputGrad',
  'convWeightGrad',
  'up2WeightGrad',
  'groupNormInputGrad',
  'groupNormScaleGrad',
  'layerNormInputGrad',
  'layerNormScaleGrad',
  'siluGrad',
  'maxPool2Grad',
  'reluMask',
  'power',
  'scatterSum',
  'scatterSumElements',
  'cumsum',
  'call',
  'scan',
  'cholesky',
  'triangularSolve',
])

/** Names for the outputs' axes that vary: the input's name where the extent is the same, else one of their own. */
function outputAxes(program: Program, dynamic: DynamicAxes, shapes: Shapes): DynamicAxes {
  const inputs = Object.entries(program.inputs)
  const named = Object.entries(program.outputs).map(([name, node]) => {
    const axes = node.shape.flatMap((extent, axis) => {
      if (shapes.get(node)![axis] === extent) return []
      const source = inputs.find(([input, { shape }]) => dynamic[input]?.[axis] !== undefined && shape[axis] === extent)
      return [[axis, source === undefined ? `${name}.${axis}` : dynamic[source[0]]![axis]!] as const]
    })
    return [name, Object.fromEntries(axes)] as const
  })
  return Object.fromEntries(named)
}

function renamed<T>(
  record: Readonly<Record<string, T>>,
  names: Readonly<Record<string, string>> = {},
): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [names[name] ?? name, value]))
}

function checkNames(
  kind: string,
  names: Readonly<Record<string, unknown>> | undefined,
  known: Readonly<Record<string, unknown>>,
): void {
  for (const name of Object.keys(names ?? {})) {
    if (known[name] === undefined)
      throw new InputError('UnknownName', `the program has no ${kind} ${name}`, { data: { name } })
  }
}

/** The program as the bytes of an ONNX model. */
export function toOnnx(program: Program, options: ExportOptions = {}): Uint8Array<ArrayBuffer> {
  const { parameters, dynamic = {}, inputNames, outputNames } = options
  if (parameters !== undefined) checkSize(parameters, program.parameters.size)
  checkNames('input', inputNames, program.inputs)
  checkNames('input', dynamic, program.inputs)
  checkNames('output', outputNames, program.outputs)
  const portable = options.portable ?? true
  const isDynamic = Object.keys(dynamic).length > 0
  if (isDynamic && !portable) throw new InputError('NotDynamic', 'only portable exports may have extents that vary')
  const outputs = isDynamic ? outputAxes(program, dynamic, doubledShapes(program, dynamic)) : {}
  const lowering: LowerOptions = {
    target: portable ? portableTarget : unblocked,
    ...(parameters === undefined ? {} : { parameters }),
    ...(options.storage === undefined ? {} : { storage: options.storage }),
    ...(inputNames === undefined ? {} : { inputNames }),
    ...(outputNames === undefined ? {} : { outputNames }),
  }
  return encodeModel(lowerProgram(program, lowering), {
    opset: OPSET,
    dynamic: { ...renamed(dynamic, inputNames), ...renamed(outputs, outputNames) },
    ...(options.metadata === undefined ? {} : { metadata: options.metadata }),
  }).slice()
}
