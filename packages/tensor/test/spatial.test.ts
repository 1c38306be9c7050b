import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apply, input } from '../src/apply.ts'
import type { Stencil } from '../src/attributes/spatial.ts'
import { evaluate, type Shape, type Tensor } from '../src/index.ts'
import type { LoweringTarget } from '../src/lower/target.ts'
import type { Engine } from '../src/run/engine.ts'
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
        const [xs, ws, gs] = [x, w, g].map(({ shape }, i) => {
          return apart(
            shape.reduce((n, v) => n * v, 1),
            i + 1,
          )
        }) as [Float32Array, Float32Array, Float32Array]
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
