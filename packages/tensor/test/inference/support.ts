/** Programs through the image engine alone, beside the float64 interpreter. */
import { random } from '@ecotope/core'
import { evaluate, type Program, type Shape, type Tensor, trace } from '../../src/index.ts'
import { planProgram } from '../../src/inference/plan.ts'
import { openSession } from '../../src/inference/run/session.ts'
import type { Plan } from '../../src/inference/steps.ts'
import { startHelper } from '../../src/node/inference-threads.ts'
import { sizeOf } from '../../src/shape.ts'

export type Arrays = Readonly<Record<string, Float32Array<ArrayBuffer>>>

/** A function of images as a program; `y` is its value. */
export function programOf(shapes: readonly Shape[], fn: (...x: readonly Tensor[]) => Tensor): Program {
  const inputs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { shape }]))
  return trace((_, named) => ({ y: fn(...Object.values(named)) }), { parameters: {}, inputs })
}

export const normals = (size: number, seed: number): Float32Array<ArrayBuffer> =>
  Float32Array.from(random(seed).normals(size))

export function inputsOf(program: Program, seed = 1): Arrays {
  const named = Object.entries(program.inputs)
  return Object.fromEntries(named.map(([name, { shape }], i) => [name, normals(sizeOf(shape), seed + i)]))
}

const same = (record: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.keys(record).map((name) => [name, name]))

export const planOf = (program: Program, parameters: Float32Array = new Float32Array(0)): Plan =>
  planProgram(program, parameters, { inputs: same(program.inputs), outputs: same(program.outputs) })

/** The outputs of so many runs one after the other. */
export async function runPlan(
  program: Program,
  inputs: Arrays,
  { threads = 1, parameters, runs = 1 }: { threads?: number; parameters?: Float32Array; runs?: number } = {},
): Promise<Arrays> {
  const session = await openSession(planOf(program, parameters), threads, startHelper)
  try {
    const feeds = Object.fromEntries(
      Object.entries(program.inputs).map(([name, { shape }]) => {
        return [name, { type: 'float32', data: inputs[name]!, shape }] as const
      }),
    )
    for (let i = 1; i < runs; i++) session.run(feeds)
    const outputs = session.run(feeds)
    for (const [name, { shape }] of Object.entries(program.outputs)) {
      if (outputs[name]!.shape.join() !== shape.join()) throw new Error(`${name} has the shape ${outputs[name]!.shape}`)
    }
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array<ArrayBuffer>]),
    )
  } finally {
    session.release()
  }
}

/** Greatest difference from the float64 interpreter over the greatest value of each output. */
export async function errorOf(program: Program, seed = 1, parameters?: Float32Array): Promise<number> {
  const inputs = inputsOf(program, seed)
  const expected = evaluate(program, inputs, parameters)
  const actual = await runPlan(program, inputs, parameters === undefined ? {} : { parameters })
  const errors = Object.entries(expected).map(([name, { data }]) => {
    const scale = data.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-3)
    return (
      data.reduce((most, v, i) => {
        const gap = Math.abs(v - actual[name]![i]!)
        return Number.isNaN(gap) ? Number.POSITIVE_INFINITY : Math.max(most, gap)
      }, 0) / scale
    )
  })
  return Math.max(...errors)
}
