import { describe, expect, test } from 'vitest'
import { constant } from '../../src/apply.ts'
import {
  createRunner,
  evaluate,
  type Feed,
  type ImportedModel,
  importOnnx,
  layoutOf,
  mul,
  type Program,
  sum,
  toOnnx,
  trace,
} from '../../src/index.ts'
import { flatGradient } from '../../src/run/step.ts'
import { relativeError } from '../support.ts'
import { files, modelBytes, type Network, network } from './models.ts'

/** The network's output, and the gradient of its weighted sum with respect to the flat parameters. */
function gradientProgram(model: ImportedModel, { weights }: Network): Program {
  const program = trace(
    (p, inputs) => {
      const y = model.apply(p, inputs)[model.outputs[0]!]!
      return { y, loss: sum(mul(y, constant(weights.data, weights.shape))) }
    },
    { parameters: model.parameters, inputs: model.inputs },
  )
  return { ...program, outputs: { y: program.outputs.y!, g: flatGradient(program) } }
}

const feedOf = (model: ImportedModel, { input }: Network): Readonly<Record<string, Feed>> => {
  const [name, spec] = Object.entries(model.inputs)[0]!
  const data = spec.dtype === 'int32' ? Int32Array.from(input.data) : input.data
  return { [name]: { data, shape: input.shape } }
}

/** Its one output, called y. */
function predictions(model: ImportedModel): Program {
  return trace((p, inputs) => ({ y: model.apply(p, inputs)[model.outputs[0]!]! }), {
    parameters: model.parameters,
    inputs: model.inputs,
  })
}

/** Numbers where PyTorch has a gradient, by paths; buffers have none. */
function expectedGradient(model: ImportedModel, { gradients: known }: Network, actual: ArrayLike<number>) {
  const found: number[] = []
  const expected: number[] = []
  for (const { path, offset, size, trainable } of layoutOf(model.parameters).leaves) {
    const values = known.get(path)
    if (values === undefined) {
      expect(trainable, path).toBe(false)
      continue
    }
    expect(size, path).toBe(values.data.length)
    for (let i = 0; i < size; i++) found.push(actual[offset + i]!)
    expected.push(...values.data)
  }
  return { found, expected }
}

const open = (file: string, { input }: Network): ImportedModel => {
  return importOnnx(modelBytes(file), { shapes: { batch: input.shape[0]! } })
}

describe.each(files)('$file', ({ file, name, exporter, opset }) => {
  const golden = network(name)
  const keepsNames = exporter === 'torchscript' || exporter === 'dynamo'

  test('is read with its opset', () => {
    expect(open(file, golden).opset).toBe(opset)
    expect(open(file, golden).producer).toBe('pytorch')
  })

  test('in float64, gives the outputs and gradients of PyTorch', () => {
    const model = open(file, golden)
    const { y, g } = evaluate(
      gradientProgram(model, golden),
      { [Object.keys(model.inputs)[0]!]: golden.input.data },
      model.initial,
    )
    expect(y!.shape).toEqual(golden.output.shape)
    // Folded batch normalisation is rounded to float32 in the file.
    expect(relativeError(y!.data, golden.output.data)).toBeLessThan(keepsNames ? 1e-7 : 1e-6)
    if (!keepsNames) return
    const { found, expected } = expectedGradient(model, golden, g!.data)
    expect(expected.length).toBe([...golden.gradients.values()].reduce((n, { data }) => n + data.length, 0))
    expect(relativeError(found, expected)).toBeLessThan(1e-7)
  })

  test.each(['node-cpu', 'portable'])('in ONNX Runtime, %s, within 1e-5', async (target) => {
    const model = open(file, golden)
    const program = gradientProgram(model, golden)
    const source = target === 'portable' ? toOnnx(program, { parameters: model.initial }) : program
    const options = target === 'portable' ? { threads: 1 } : { threads: 1, parameters: model.initial }
    const runner = await createRunner(source, options)
    const { y, g } = await runner.run(feedOf(model, golden))
    await runner.close()
    expect(relativeError(y!.data, golden.output.data)).toBeLessThan(1e-5)
    if (!keepsNames) return
    const { found, expected } = expectedGradient(model, golden, g!.data)
    expect(relativeError(found, expected)).toBeLessThan(Math.max(3 * golden.float32Error, 3e-6))
  })

  test('exported again and imported again, it is the same network', () => {
    const model = open(file, golden)
    const again = importOnnx(toOnnx(predictions(model), { parameters: model.initial }))
    expect(
      layoutOf(again.parameters)
        .leaves.map(({ path }) => path)
        .sort(),
    ).toEqual(
      layoutOf(model.parameters)
        .leaves.map(({ path }) => path)
        .sort(),
    )
    const [input] = Object.keys(model.inputs)
    const before = evaluate(predictions(model), { [input!]: golden.input.data }, model.initial).y!
    const after = evaluate(predictions(again), { [input!]: golden.input.data }, again.initial).y!
    expect(relativeError(after.data, before.data)).toBeLessThan(1e-6)
  })
})
