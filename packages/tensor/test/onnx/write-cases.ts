/**
 * Writes what `oracles/tensor/onnx_check.py` checks: every program of the tests (value and gradients), every layer of
 * nn, and the imported networks, exported for the portable target, with inputs and the float64 reference's outputs.
 *
 *   node packages/tensor/test/onnx/write-cases.ts FOLDER
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashed } from '../../../../oracles/tensor/unet.ts'
import {
  constant,
  draw,
  drawsOf,
  evaluate,
  importOnnx,
  layoutOf,
  mul,
  type Program,
  type Shape,
  sum,
  toOnnx,
  trace,
} from '../../src/index.ts'
import { fromHalf, toHalves } from '../../src/onnx/half.ts'
import { flatGradient } from '../../src/run/step.ts'
import { sizeOf } from '../../src/shape.ts'
import { cases } from '../cases/index.ts'
import { cases as layers } from '../nn/cases.ts'
import { traceCase } from '../support.ts'
import { files, modelBytes, network } from './models.ts'

interface Part {
  readonly shape: Shape
  readonly dtype: string
  readonly offset: number
}

interface Exported {
  readonly program: Program
  readonly inputs: Readonly<Record<string, Float32Array>>
  readonly parameters?: Float32Array
  readonly storage?: 'float16'
}

const folder = process.argv[2]
if (folder === undefined) throw new Error('Give the folder to write to.')
mkdirSync(folder, { recursive: true })
const index: unknown[] = []

function write(name: string, { program, inputs, parameters, storage }: Exported): void {
  const numbers: number[] = []
  const part = (shape: Shape, dtype: string, data: ArrayLike<number>): Part => {
    const offset = numbers.length
    for (let i = 0; i < data.length; i++) numbers.push(data[i]!)
    return { shape, dtype, offset }
  }
  const feeds = Object.entries(program.inputs).map(([key, { shape, dtype }]) => [key, part(shape, dtype, inputs[key]!)])
  const draws = drawsOf(program).map((leaf) => [leaf.name, part(leaf.shape, 'float32', draw(0, 0, leaf))])
  // Weights stored as float16 are the rounded ones; the reference is told so.
  const stored = storage === 'float16' ? toHalves(parameters!, name) : undefined
  const actual = stored === undefined ? parameters : Float32Array.from(stored, fromHalf)
  const expected = Object.entries(evaluate(program, inputs, actual))
  const outputs = expected.map(([key, { shape, data }]) => [key, part(shape, program.outputs[key]!.dtype, data)])
  const options = { ...(parameters === undefined ? {} : { parameters }), ...(storage === undefined ? {} : { storage }) }
  writeFileSync(join(folder!, `${name}.onnx`), toOnnx(program, options))
  writeFileSync(join(folder!, `${name}.f64`), new Uint8Array(Float64Array.from(numbers).buffer))
  index.push({ name, inputs: Object.fromEntries([...feeds, ...draws]), outputs: Object.fromEntries(outputs) })
}

for (const [primitive, list] of Object.entries(cases)) {
  list.forEach((c, i) => {
    const { program, inputs } = traceCase(c)
    write(`${primitive}-${i}`, { program, inputs })
  })
}

for (const [name, { parameters, inputs: shapes, apply, training = false }] of Object.entries(layers)) {
  const traced = trace(
    (p, named) => {
      const y = apply(p as never, Object.values(named), { training, updates: [] })
      return { y, loss: sum(mul(y, constant(hashed(sizeOf(y.shape), 7), y.shape))) }
    },
    { parameters, inputs: Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { shape }])) },
  )
  const program = { ...traced, outputs: { y: traced.outputs.y!, gradient: flatGradient(traced) } }
  const flat = hashed(layoutOf(parameters).size, 100).map((v) => Math.abs(0.5 * v) + 0.1)
  const inputs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, hashed(sizeOf(shape), i + 1)]))
  write(`nn-${name}`, { program, inputs, parameters: flat })
  write(`nn-${name}-float16`, { program, inputs, parameters: flat, storage: 'float16' })
}

for (const { file, name } of files) {
  const { input } = network(name)
  const model = importOnnx(modelBytes(file), { shapes: { batch: input.shape[0]! } })
  const program = trace((p, inputs) => ({ y: model.apply(p, inputs)[model.outputs[0]!]! }), {
    parameters: model.parameters,
    inputs: model.inputs,
  })
  const inputs = { [Object.keys(model.inputs)[0]!]: input.data }
  write(`model-${file.replace('.onnx', '')}`, { program, inputs, parameters: model.initial })
}

writeFileSync(join(folder, 'index.json'), JSON.stringify(index))
