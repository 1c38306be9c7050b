import { describe, expect, test } from 'vitest'
import { firstValues, hashed, type UNetTree, unet, unetTree } from '../../../oracles/tensor/unet.ts'
import {
  add,
  createRunner,
  evaluate,
  mean,
  mul,
  type Program,
  reshape,
  scope,
  sigmoid,
  softmax,
  toOnnx,
  trace,
} from '../src/index.ts'
import { relativeError } from './support.ts'

const options = { bands: 3, classes: 4, base: 8, levels: 3, activation: 'silu' } as const
const tree = unetTree(options)
const parameters = firstValues(tree, 5)

/** A U-Net whose logits are gated by an image-wide mean, so that reductions over varying axes are met too. */
function program(batch: number, height: number, width: number): Program {
  const inputs = { x: { shape: [batch, options.bands, height, width] } } as const
  return trace<UNetTree, typeof inputs>(
    (p, { x }) => {
      const logits = unet(p, x, options.activation)
      return { probability: softmax(mul(logits, sigmoid(mean(logits, [2, 3], { keepDims: true }))), 1) }
    },
    { parameters: tree, inputs },
  )
}

const dynamic = { x: { 0: 'batch', 2: 'height', 3: 'width' } }

describe('ONNX export', () => {
  test('a file with varying extents gives the reference values at other extents', async () => {
    const names = { inputNames: { x: 'features' }, outputNames: { probability: 'classes' } }
    const bytes = toOnnx(program(1, 16, 16), { parameters, dynamic, ...names, metadata: { task: 'test' } })
    const runner = await createRunner(bytes, { threads: 1 })
    for (const [n, h, w] of [
      [1, 16, 16],
      [2, 24, 40],
    ] as const) {
      const x = hashed(n * 3 * h * w, 3)
      const { classes } = await runner.run({ features: { data: x, shape: [n, 3, h, w] } })
      const expected = evaluate(program(n, h, w), { x }, parameters).probability!
      expect(classes!.shape).toEqual(expected.shape)
      expect(relativeError(classes!.data, expected.data)).toBeLessThan(3e-6)
    }
    await runner.close()
  })

  test('uses standard operators only, and keeps names and metadata', () => {
    const text = new TextDecoder('latin1').decode(
      toOnnx(program(1, 16, 16), { parameters, metadata: { task: 'test' } }),
    )
    expect(text).not.toContain('com.microsoft')
    for (const part of ['encoder.0.a.weight', 'encoder.0/Conv', 'task', 'probability']) expect(text).toContain(part)
  })

  test('without weights inside, the flat vector is an input', async () => {
    const runner = await createRunner(toOnnx(program(1, 8, 8)), { threads: 1 })
    const x = hashed(3 * 64, 3)
    const { probability } = await runner.run({
      x: { data: x, shape: [1, 3, 8, 8] },
      parameters: { data: parameters, shape: [parameters.length] },
    })
    const expected = evaluate(program(1, 8, 8), { x }, parameters).probability!
    expect(relativeError(probability!.data, expected.data)).toBeLessThan(3e-6)
    await runner.close()
  })

  test('names the layer that stands against varying extents', () => {
    const inputs = { x: { shape: [1, 2, 4, 4] } } as const
    const fixed = trace((_, { x }) => ({ y: scope('neck', () => add(reshape(x, [2, 16]), 1)) }), {
      parameters: {},
      inputs,
    })
    expect(() => toOnnx(fixed, { dynamic: { x: { 2: 'height' } } })).toThrow(/reshape in neck needs fixed extents/)
    expect(() => toOnnx(fixed, { dynamic: { z: { 2: 'height' } } })).toThrow(/no input z/)
    expect(() => toOnnx(fixed, { parameters })).toThrow(/0 parameters/)
  })
})
