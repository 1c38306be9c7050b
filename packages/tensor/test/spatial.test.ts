import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apply, input } from '../src/apply.ts'
import type { Stencil } from '../src/attributes/spatial.ts'
import {
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  evaluate,
  gradients,
  maxPool,
  meanPool,
  padMode,
  resize,
  type Shape,
  sum,
  type Tensor,
} from '../src/index.ts'
import type { LoweringTarget } from '../src/lower/target.ts'
import type { Engine } from '../src/run/engine.ts'
import { sizeOf } from '../src/shape.ts'
import { apart, targetOf, testEngine, traceCase, worstError } from './support.ts'

interface ConvCase {
  readonly x: Shape
  readonly w: Shape
  readonly stencil: Stencil
}

/** Random convolutions of 1 to 3 axes, whose kernel fits. `channels` are per group. */
const convCases = (channels: fc.Arbitrary<number>, groups: fc.Arbitrary<number>): fc.Arbitrary<ConvCase> =>
  fc.integer({ min: 1, max: 3 }).chain((d) => {
    const list = (min: number, max: number): fc.Arbitrary<number[]> =>
      fc.array(fc.integer({ min, max }), { minLength: d, maxLength: d })
    return fc
      .record({
        n: fc.integer({ min: 1, max: 2 }),
        groups,
        c: channels,
        o: channels,
        size: list(1, d === 3 ? 5 : 9),
        kernel: list(1, d === 3 ? 3 : 5),
        stride: list(1, 3),
        dilation: list(1, 3),
        before: list(0, 3),
        after: list(0, 3),
      })
      .map(({ n, groups, c, o, size, kernel, stride, dilation, before, after }) => {
        // What a kernel lacks in room is added behind.
        const lack = size.map((extent, i) => {
          return dilation[i]! * (kernel[i]! - 1) + 1 - extent - before[i]! - after[i]!
        })
        const behind = after.map((v, i) => v + Math.max(0, lack[i]!))
        return {
          x: [n, c * groups, ...size],
          w: [o * groups, c, ...kernel],
          stencil: { stride, dilation, padding: [...before, ...behind], groups },
        }
      })
  })

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((total, v, i) => total + v * b[i]!, 0)

const leaf = (name: string, shape: Shape): Tensor => input(name, { shape })

function values(output: Tensor, ...leaves: [Tensor<'input'>, ArrayLike<number>][]): Float64Array {
  const named = Object.fromEntries(leaves.map(([node]) => [node.attributes.name, node]))
  const data = Object.fromEntries(leaves.map(([node, list]) => [node.attributes.name, list]))
  const program = { inputs: named, outputs: { y: output }, leaves: [], parameters: { size: 0, leaves: [] } }
  return evaluate(program as never, data).y!.data
}

describe('a convolution and its gradients are adjoint to each other', () => {
  test('of 1 to 3 axes, in groups, in float64 (property)', () => {
    const some = fc.integer({ min: 1, max: 3 })
    fc.assert(
      fc.property(convCases(some, some), ({ x: xShape, w: wShape, stencil }) => {
        const [x, w] = [leaf('x', xShape), leaf('w', wShape)] as [Tensor<'input'>, Tensor<'input'>]
        const y = apply('conv', [x, w], stencil)
        const g = leaf('g', y.shape) as Tensor<'input'>
        const dx = apply('convInputGrad', [g, w], { ...stencil, size: xShape.slice(2) })
        const dw = apply('convWeightGrad', [g, x], { ...stencil, kernel: wShape.slice(2) })
        const [xs, ws, gs] = [x, w, g].map(({ shape }, i) => apart(sizeOf(shape), i + 1)) as [
          Float32Array,
          Float32Array,
          Float32Array,
        ]
        const expected = dot(values(y, [x, xs], [w, ws]), gs)
        const scale = 1 + Math.abs(expected)
        expect(dx.shape).toEqual(xShape)
        expect(dw.shape).toEqual(wShape)
        expect(Math.abs(dot(values(dx, [g, gs], [w, ws]), xs) - expected)).toBeLessThan(1e-10 * scale)
        expect(Math.abs(dot(values(dw, [g, gs], [x, xs]), ws) - expected)).toBeLessThan(1e-10 * scale)
      }),
      { numRuns: 200, seed: 3 },
    )
  })
})

describe.each(['node-cpu', 'portable'] as const)('target %s', (name) => {
  let engine: Engine
  let target: LoweringTarget
  beforeAll(async () => {
    engine = testEngine()
    target = await targetOf(engine, name)
  })
  afterAll(() => engine.close())

  const check = async ({ x, w, stencil }: ConvCase): Promise<void> => {
    const fn = (image: Tensor, weight: Tensor): Tensor => apply('conv', [image, weight], stencil)
    expect(await worstError(engine, target, traceCase({ shapes: [x, w], fn }))).toBeLessThan(3e-6)
  }

  test('convolutions of any kind, with both gradients (property)', async () => {
    const some = fc.integer({ min: 1, max: 3 })
    await fc.assert(fc.asyncProperty(convCases(some, some), check), { numRuns: 60, seed: 11 })
  })

  test('channels that fill blocks, in groups and not (property)', async () => {
    const channels = fc.constantFrom(16, 32)
    await fc.assert(fc.asyncProperty(convCases(channels, fc.constantFrom(1, 1, 2)), check), { numRuns: 30, seed: 12 })
  })

  test('depthwise (property)', async () => {
    const cases = convCases(fc.constant(1), fc.constantFrom(5, 16, 32))
    await fc.assert(fc.asyncProperty(cases, check), { numRuns: 40, seed: 13 })
  })
})

/** Random windows of 1 to 3 axes, each of which reads something of the image. */
const poolCases = fc.integer({ min: 1, max: 3 }).chain((d) => {
  const list = (min: number, max: number): fc.Arbitrary<number[]> =>
    fc.array(fc.integer({ min, max }), { minLength: d, maxLength: d })
  return fc
    .record({ size: list(3, d === 3 ? 5 : 9), kernel: list(1, 3), stride: list(1, 3), dilation: list(1, 2) })
    .chain(({ size, kernel, stride, dilation }) => {
      const most = kernel.map((k, i) => (dilation[i] === 1 ? k - 1 : 0))
      const sides = fc.tuple(...[...most, ...most].map((max) => fc.integer({ min: 0, max })))
      return sides.map((padding) => ({ x: [2, 3, ...size], pooling: { kernel, stride, dilation, padding } }))
    })
    .filter(({ x, pooling: { kernel, dilation, padding } }) => {
      return kernel.every((k, i) => dilation[i]! * (k - 1) < x[i + 2]! + padding[i]! + padding[i + d]!)
    })
})

describe.each(['node-cpu', 'portable'] as const)('pooling and resizing, target %s', (name) => {
  let engine: Engine
  let target: LoweringTarget
  beforeAll(async () => {
    engine = testEngine()
    target = await targetOf(engine, name)
  })
  afterAll(() => engine.close())

  test('maxima and means over any window, with gradients (property)', async () => {
    const check = fc.asyncProperty(poolCases, async ({ x, pooling }) => {
      for (const fn of [
        (image: Tensor) => maxPool(image, pooling),
        (image: Tensor) => meanPool(image, { ...pooling, countIncludePad: pooling.dilation.some((n) => n > 1) }),
      ]) {
        expect(await worstError(engine, target, traceCase({ shapes: [x], fn }))).toBeLessThan(3e-6)
      }
    })
    await fc.assert(check, { numRuns: 40, seed: 21 })
  })

  test('any extents (property)', async () => {
    const extents = fc.integer({ min: 1, max: 3 }).chain((d) => {
      const list = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: d, maxLength: d })
      return fc.record({ from: list, to: list, factor: fc.constantFrom(0, 0, 2, 3, 4), corners: fc.boolean() })
    })
    const check = fc.asyncProperty(extents, async ({ from, to, factor, corners }) => {
      const size = factor === 0 ? to : from.map((n) => factor * n)
      for (const options of [{ mode: 'nearest' }, { mode: 'linear', alignCorners: corners }] as const) {
        const c = { shapes: [[2, 2, ...from]], fn: (image: Tensor) => resize(image, size, options) }
        expect(await worstError(engine, target, traceCase(c))).toBeLessThan(3e-6)
      }
    })
    await fc.assert(check, { numRuns: 40, seed: 22 })
  })
})

test('what resize gives of a constant image is constant, whatever the extents (property)', () => {
  const extent = fc.integer({ min: 1, max: 9 })
  fc.assert(
    fc.property(extent, extent, extent, extent, fc.boolean(), (h, w, a, b, corners) => {
      const x = leaf('x', [1, 2, h, w]) as Tensor<'input'>
      for (const options of [{ mode: 'nearest' }, { alignCorners: corners }] as const) {
        const y = values(resize(x, [a, b], options), [x, new Float64Array(2 * h * w).fill(3)])
        expect(y.length).toBe(2 * a * b)
        for (const v of y) expect(Math.abs(v - 3)).toBeLessThan(1e-12)
      }
    }),
  )
})

describe('max pooling', () => {
  const flat = (fn: (x: Tensor) => Tensor, shape: Shape): Float64Array => {
    const x = input('x', { shape }) as Tensor<'input'>
    const [g] = gradients(sum(fn(x)), [x])
    return values(g!, [x, new Float64Array(sizeOf(shape))])
  }

  test('gives its gradient to the first of tied maxima', () => {
    expect(Array.from(flat((x) => maxPool(x, { kernel: [1, 3] }), [1, 1, 1, 6]))).toEqual([1, 0, 0, 1, 0, 0])
    expect(Array.from(flat((x) => maxPool(x, { kernel: 3, stride: 1 }), [1, 1, 5]))).toEqual([1, 1, 1, 0, 0])
  })

  test('over 2 x 2 windows shares it between tied maxima', () => {
    expect(Array.from(flat((x) => maxPool(x, { kernel: 2 }), [1, 1, 2, 4]))).toEqual(new Array(8).fill(0.25))
  })
})

describe('what convolutions and pooling refuse', () => {
  const t = (...shape: number[]): Tensor => leaf('t', shape)
  test.each<[string, () => unknown, RegExp]>([
    ['rank', () => conv1d(t(1, 3, 8, 8), t(4, 3, 3)), /must be \[N, C, L\], not \[1, 3, 8, 8\]/],
    ['weight rank', () => conv3d(t(1, 3, 8, 8, 8), t(4, 3, 3, 3)), /weight must be \[O, C\/groups, kd, kh, kw\]/],
    [
      'channels',
      () => conv2d(t(1, 6, 8, 8), t(4, 2, 3, 3), { groups: 2 }),
      /6 channels, the weight expects 4 \(2 groups of 2\)/,
    ],
    [
      'input groups',
      () => conv2d(t(1, 5, 8, 8), t(4, 2, 3, 3), { groups: 2 }),
      /5 input channels do not divide into 2/,
    ],
    ['output groups', () => conv2d(t(1, 4, 8, 8), t(5, 2, 3, 3), { groups: 2 }), /5 output channels do not divide/],
    [
      'no groups',
      () => conv2d(t(1, 4, 8, 8), t(4, 4, 3, 3), { groups: 0 }),
      /groups must be a positive integer, not 0/,
    ],
    [
      'stride length',
      () => conv2d(t(1, 4, 8, 8), t(4, 4, 3, 3), { stride: [1] }),
      /stride must be one number or 2, not \[1\]/,
    ],
    ['stride 0', () => conv2d(t(1, 4, 8, 8), t(4, 4, 3, 3), { stride: 0 }), /the stride must be 2 positive integers/],
    ['dilation', () => conv1d(t(1, 4, 8), t(4, 4, 3), { dilation: 0.5 }), /the dilation must be 1 positive integers/],
    [
      'padding',
      () => conv2d(t(1, 4, 8, 8), t(4, 4, 3, 3), { padding: [1, 1] }),
      /padding must be one number or 4, not \[1, 1\]/,
    ],
    ['negative padding', () => conv1d(t(1, 4, 8), t(4, 4, 3), { padding: -1 }), /padding must be 2 integers from 0 on/],
    ['pool kernel 0', () => maxPool(t(1, 3, 4), { kernel: 0, stride: 1 }), /the kernel must be 1 positive integers/],
    [
      'extent',
      () => conv3d(t(1, 1, 2, 9, 9), t(1, 1, 3, 3, 3), { padding: 0 }),
      /3 x 3 x 3 does not fit into 2 x 9 x 9/,
    ],
    ['bias', () => conv1d(t(1, 4, 8), t(6, 4, 3), { bias: t(4) }), /the bias must be \[6\]/],
    [
      'transposed channels',
      () => convTranspose2d(t(1, 3, 4, 4), t(4, 2, 3, 3)),
      /has 3 channels, the weight .* expects 4/,
    ],
    [
      'outputPadding',
      () => convTranspose1d(t(1, 3, 4), t(3, 2, 3), { padding: 0, outputPadding: 1 }),
      /outputPadding 1/,
    ],
    ['outputPadding, same', () => convTranspose1d(t(1, 3, 4), t(3, 2, 3), { outputPadding: 0 }), /does not go with/],
    ['nothing left', () => convTranspose1d(t(1, 3, 2), t(3, 2, 2), { padding: 2 }), /the padding leaves nothing/],
    ['pool rank', () => maxPool(t(3, 4), { kernel: 2 }), /must be \[N, C, ...\]/],
    ['pool kernel', () => maxPool(t(1, 3, 4, 4), { kernel: [2, 2, 2], stride: 1 }), /kernel must be one number or 2/],
    ['pool beside', () => maxPool(t(1, 3, 4, 4), { kernel: 2, padding: 2 }), /a window lies beside the 4 x 4 image/],
    [
      'mean beside',
      () => meanPool(t(1, 3, 4, 4), { kernel: 2, padding: 2, countIncludePad: false }),
      /beside the image/,
    ],
    ['resize', () => resize(t(1, 3, 4, 4), [8]), /\[1, 3, 4, 4\] does not go with extents \[8\]/],
    ['resize corners', () => resize(t(1, 3, 4), [8], { mode: 'nearest', alignCorners: true }), /is for linear/],
    ['pad counts', () => padMode(t(3, 4), [1], [1, 1], 'edge'), /needs 2 counts/],
    [
      'pad reflect',
      () => padMode(t(3, 4), [3, 0], [0, 0], 'reflect'),
      /reflect gives at most 2 elements beside axis 0/,
    ],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message)
    expect(fn).toThrow(InputError)
  })
})

describe('transposed convolutions', () => {
  test("'same' multiplies the extents by the stride; 2 x 2 cells have a form of their own", () => {
    const [x, w] = [leaf('x', [1, 3, 4, 5]), (k: number): Tensor => leaf('w', [3, 2, k, k])]
    expect(convTranspose2d(x, w(3), { stride: 2 }).shape).toEqual([1, 2, 8, 10])
    expect(convTranspose2d(x, w(4), { stride: 3 }).shape).toEqual([1, 2, 12, 15])
    expect(convTranspose2d(x, w(2), { stride: 2 }).op).toBe('up2')
    expect(convTranspose2d(x, w(2), { stride: 2, padding: 0 }).op).toBe('up2')
    expect(convTranspose2d(x, w(2), { stride: 2, padding: 1 }).op).toBe('convInputGrad')
  })

  test('of any kind are the adjoint of the convolution (property)', () => {
    const some = fc.integer({ min: 1, max: 2 })
    fc.assert(
      fc.property(convCases(some, some), ({ x: xShape, w: wShape, stencil: { groups, ...moves } }) => {
        const d = moves.stride.length
        const [x, w] = [leaf('x', xShape), leaf('w', wShape)] as [Tensor<'input'>, Tensor<'input'>]
        const y = apply('conv', [x, w], { ...moves, groups })
        const outputPadding = moves.stride.map((s, i) => {
          const reach = moves.dilation[i]! * (wShape[i + 2]! - 1) + 1
          return (xShape[i + 2]! + moves.padding[i]! + moves.padding[i + d]! - reach) % s
        })
        const g = leaf('g', y.shape) as Tensor<'input'>
        const fn = [convTranspose1d, convTranspose2d, convTranspose3d][d - 1]!
        const back = fn(g, w, { ...moves, groups, outputPadding })
        expect(back.shape).toEqual(xShape)
        const [xs, ws, gs] = [x, w, g].map(({ shape }, i) => apart(sizeOf(shape), i + 1)) as [
          Float32Array,
          Float32Array,
          Float32Array,
        ]
        const expected = dot(values(y, [x, xs], [w, ws]), gs)
        const error = dot(values(back, [g, gs], [w, ws]), xs) - expected
        expect(Math.abs(error)).toBeLessThan(1e-10 * (1 + Math.abs(expected)))
      }),
      { numRuns: 100, seed: 5 },
    )
  })
})
