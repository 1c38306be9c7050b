/** Programs as ONNX files: weights inside, named ends, and extents that may vary where the program allows it. */

import { InputError } from '@ecotope/core'
import { type LowerOptions, lowerProgram, type Storage } from '../lower/lower.ts'
import { type LoweringTarget, portable as portableTarget } from '../lower/target.ts'
import { checkSize } from '../parameters.ts'
import type { Program } from '../trace.ts'
import { type DynamicAxes, varyingOutputs } from './dynamic.ts'
import { encodeModel } from './encode.ts'

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
  const lowering: LowerOptions = {
    target: portable ? portableTarget : unblocked,
    ...(parameters === undefined ? {} : { parameters }),
    ...(options.storage === undefined ? {} : { storage: options.storage }),
    ...(inputNames === undefined ? {} : { inputNames }),
    ...(outputNames === undefined ? {} : { outputNames }),
  }
  const graph = lowerProgram(program, lowering)
  const outputs = isDynamic ? varyingOutputs(program, dynamic, graph, lowering) : {}
  return encodeModel(graph, {
    opset: OPSET,
    dynamic: { ...renamed(dynamic, inputNames), ...renamed(outputs, outputNames) },
    ...(options.metadata === undefined ? {} : { metadata: options.metadata }),
  }).slice()
}
