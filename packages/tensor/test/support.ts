/** What the tests share: numbers without ties or kinks, programs from plain functions, and runs on every target. */

import { random } from '@ecotope/core'
import { constant } from '../src/apply.ts'
import {
  draw,
  drawsOf,
  evaluate,
  type Float64Dense,
  gradients,
  mul,
  type Program,
  type Shape,
  sum,
  type Tensor,
  trace,
} from '../src/index.ts'
import { lowerProgram } from '../src/lower/lower.ts'
import { type LoweringTarget, portable } from '../src/lower/target.ts'
import { encodeModel } from '../src/onnx/encode.ts'
import { type Engine, openEngine } from '../src/run/engine.ts'
import { sizeOf } from '../src/shape.ts'

/** Shuffled numbers a fixed distance apart, none near 0: no ties, no kink within a finite difference. */
export function apart(size: number, seed: number): Float32Array {
  const order = random(seed).shuffle(Array.from({ length: size }, (_, i) => i))
  return Float32Array.from(order, (rank) => (rank - (size - 1) / 2 + 0.25) * (3 / size))
}

export const positive = (size: number, seed: number): Float32Array => apart(size, seed).map((v) => Math.abs(v) + 0.3)

export interface ProgramCase {
  readonly shapes: readonly Shape[]
  readonly fn: (...inputs: Tensor[]) => Tensor
  /** Numbers for input i. Default `apart`. */
  readonly values?: (size: number, seed: number, i: number) => Float32Array
}

export interface Traced {
  readonly program: Program
  readonly inputs: Record<string, Float32Array<ArrayBuffer>>
}

/** The case's value `y` and, where it has a gradient, those of a weighted sum of it with respect to each input. */
export function traceCase({ shapes, fn, values = apart }: ProgramCase): Traced {
  const specs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { shape }]))
  const program = trace(
    (_, named) => {
      const tensors = Object.values(named)
      const y = fn(...tensors)
      const parts = gradients(weighted(y), tensors)
      return { y, ...Object.fromEntries(parts.map((g, i) => [`g${i}`, g])) }
    },
    { parameters: {}, inputs: specs },
  )
  const inputs = Object.fromEntries(
    shapes.map((shape, i) => [`x${i}`, Float32Array.from(values(sizeOf(shape), i + 1, i))] as const),
  )
  return { program, inputs }
}

function weighted(y: Tensor): Tensor {
  return sum(mul(y, constant(sumWeights(sizeOf(y.shape)), y.shape)))
}

const weightsBySize = new Map<number, Float32Array>()

function sumWeights(size: number): Float32Array {
  const weights = weightsBySize.get(size) ?? apart(size, 77)
  weightsBySize.set(size, weights)
  return weights
}

/** The weighted sum whose gradient `traceCase` takes, in float64. */
export function weightedSum({ program }: Traced, inputs: Readonly<Record<string, ArrayLike<number>>>): number {
  const only = { ...program, outputs: { y: program.outputs.y! } }
  const { y } = evaluate(only, inputs)
  const weights = sumWeights(y!.data.length)
  return y!.data.reduce((total, v, i) => total + v * weights[i]!, 0)
}

export const testEngine = (): Engine => openEngine({ threads: 1 })

export type TargetName = 'node-cpu' | 'node-cpu, fixed' | 'node-cpu, exact' | 'portable'

export async function targetOf(engine: Engine, name: TargetName): Promise<LoweringTarget> {
  return name === 'portable'
    ? portable
    : engine.target({ exact: name === 'node-cpu, exact', fixedWeights: name === 'node-cpu, fixed' })
}

/** Runs a program through ONNX Runtime. */
export async function runOnnx(
  engine: Engine,
  target: LoweringTarget,
  { program, inputs }: Traced,
  parameters?: Float32Array,
): Promise<Record<string, { data: ArrayLike<number>; shape: Shape }>> {
  const session = await engine.load(
    encodeModel(lowerProgram(program, parameters === undefined ? { target } : { target, parameters }), { opset: 18 }),
  )
  const feeds = Object.fromEntries([
    ...Object.entries(program.inputs).map(([name, { shape }]) => {
      return [name, { type: 'float32' as const, data: inputs[name]!, shape }] as const
    }),
    ...drawsOf(program).map((leaf) => {
      return [leaf.name, { type: 'float32' as const, data: draw(0, 0, leaf), shape: leaf.shape }] as const
    }),
  ])
  const outputs = await engine.run({ session, feeds, resident: {}, keep: {} })
  await engine.unload(session)
  return outputs
}

/** A GPU's compiled kernels go when an engine has no session: one that stays lets the cases after it share theirs. */
export async function holdKernels(engine: Engine, target: LoweringTarget): Promise<void> {
  const { program } = traceCase({ shapes: [[2]], fn: (x) => mul(x, 2) })
  await engine.load(encodeModel(lowerProgram(program, { target }), { opset: 18 }))
}

/** Euclidean distance over Euclidean norm (or the distance alone where the reference is as good as zero). */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let distance = 0
  let norm = 0
  for (let i = 0; i < expected.length; i++) {
    distance += (actual[i]! - expected[i]!) ** 2
    norm += expected[i]! ** 2
  }
  return Math.sqrt(distance) / Math.max(Math.sqrt(norm), 1e-3)
}

/** The worst relative error over all outputs of a case against the float64 reference. */
export async function worstError(engine: Engine, target: LoweringTarget, traced: Traced): Promise<number> {
  const expected: Record<string, Float64Dense> = evaluate(traced.program, traced.inputs)
  const actual = await runOnnx(engine, target, traced)
  const errors = Object.entries(expected).map(([name, { data, shape }]) => {
    if (actual[name]!.shape.join() !== shape.join()) return Number.POSITIVE_INFINITY
    return relativeError(actual[name]!.data, data)
  })
  return Math.max(...errors)
}
