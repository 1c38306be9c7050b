import { describe, expect, test } from 'vitest'
import { firstValues, hashed, type UNetTree, unet, unetTree } from '../../../oracles/tensor/unet.ts'
import {
  add,
  constant,
  conv2d,
  createRunner,
  evaluate,
  groupNorm,
  importOnnx,
  layoutOf,
  maxPool,
  maxPool2,
  mean,
  mul,
  type Program,
  reshape,
  resize,
  scan,
  scope,
  sigmoid,
  sliceAxis,
  softmax,
  type Tensor,
  toOnnx,
  trace,
  up2,
} from '../src/index.ts'
import { fromHalf, toHalves } from '../src/onnx/half.ts'
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

describe('extents that vary', () => {
  const inputs = { x: { shape: [1, 4, 8, 8] } } as const
  const dynamic = { x: { 2: 'height', 3: 'width' } }

  /** The error of exporting `fn` with varying extents, or how far the file is from the reference at other ones. */
  async function tryOut(fn: (x: Tensor) => Tensor): Promise<string | number> {
    const of = (shape: readonly number[]): Program =>
      trace((_, { x }) => ({ y: scope('part', () => fn(x)) }), { parameters: {}, inputs: { x: { shape } } })
    let bytes: Uint8Array
    try {
      bytes = toOnnx(of(inputs.x.shape), { dynamic })
    } catch (error) {
      return (error as Error).message
    }
    const runner = await createRunner(bytes, { threads: 1 })
    const shape = [1, 4, 12, 20]
    const x = hashed(960, 5)
    const { y } = await runner.run({ x: { data: x, shape } })
    await runner.close()
    const expected = evaluate(of(shape), { x }).y!
    return y!.shape.join() === expected.shape.join() ? relativeError(y!.data, expected.data) : `shape ${y!.shape}`
  }

  const weight = (...shape: number[]): Tensor =>
    constant(
      hashed(
        shape.reduce((a, b) => a * b),
        9,
      ),
      shape,
    )

  test.each<[string, (x: Tensor) => Tensor]>([
    ['convolution', (x) => conv2d(x, weight(3, 4, 3, 3))],
    ['strided convolution', (x) => conv2d(x, weight(3, 4, 3, 3), { stride: 2, padding: 1 })],
    ['grouped convolution', (x) => conv2d(x, weight(4, 1, 3, 3), { groups: 4 })],
    ['2 x 2 transposed convolution', (x) => up2(x, weight(4, 3, 2, 2))],
    ['2 x 2 pooling', (x) => maxPool2(x)],
    ['pooling of other windows', (x) => maxPool(x, { kernel: 3, stride: 1, padding: 1 })],
    ['mean over pixels', (x) => mean(x, [2, 3], { keepDims: true })],
    ['normalisation', (x) => groupNorm(x, weight(4), weight(4), { groups: 2, activation: 'relu' })],
    ['softmax over channels', (x) => softmax(x, 1)],
  ])('%s', async (_, fn) => {
    expect(await tryOut(fn)).toBeLessThan(3e-6)
  })

  test.each<[string, (x: Tensor) => Tensor]>([
    ['a reshape', (x) => reshape(x, [1, 4, 64])],
    ['a cut', (x) => sliceAxis(x, 2, 0, 4)],
    ['enlargement to a fixed extent', (x) => resize(x, [11, 11])],
    ['a constant of the extent', (x) => add(x, weight(8, 8))],
    ['a loop', (x) => scan((c: Tensor, now: Tensor) => ({ carry: add(c, now) }), x, reshape(x, [1, 1, 4, 8, 8])).carry],
  ])('%s is refused', async (_, fn) => {
    expect(await tryOut(fn)).toMatch(/needs fixed extents|do not broadcast/)
  })
})

test('weights stored as float16 halve the file and are rounded, no more', async () => {
  const full = toOnnx(program(1, 16, 16), { parameters })
  const half = toOnnx(program(1, 16, 16), { parameters, storage: 'float16' })
  expect(full.length - half.length).toBeGreaterThan(1.8 * parameters.length)
  const x = hashed(768, 3)
  const runner = await createRunner(half, { threads: 1 })
  const { probability } = await runner.run({ x: { data: x, shape: [1, 3, 16, 16] } })
  await runner.close()
  const rounded = Float32Array.from(toHalves(parameters, 'parameters'), fromHalf)
  const expected = evaluate(program(1, 16, 16), { x }, rounded).probability!
  expect(relativeError(probability!.data, expected.data)).toBeLessThan(3e-6)
  const again = importOnnx(half)
  expect(layoutOf(again.parameters).size).toBe(parameters.length)
  expect(() => toOnnx(program(1, 16, 16), { parameters: parameters.map(() => 1e6), storage: 'float16' })).toThrow(
    /parameter .* holds 1000000, which float16/,
  )
})
