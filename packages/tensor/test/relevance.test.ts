import { readFileSync } from 'node:fs'
import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { numbers } from '../../../oracles/tensor/transforms.ts'
import { apply, input } from '../src/apply.ts'
import {
  add,
  checkpoint,
  cholesky,
  concat,
  constant,
  conv2d,
  gelu,
  gradients,
  groupNorm,
  matmul,
  max,
  maxPool2,
  mean,
  meanPool2,
  mul,
  type RelevanceOptions,
  type RelevanceRuleOption,
  relevance,
  relu,
  reshape,
  scan,
  scope,
  sigmoid,
  silu,
  sliceAxis,
  softmax,
  sum,
  type Tensor,
  tanh,
  trace,
  transpose,
  up2,
  upsample2,
} from '../src/index.ts'
import { portable } from '../src/lower/target.ts'
import { numbersFor, numbersOf } from './numeric.ts'
import { relativeError, testEngine, worstError } from './support.ts'

const total = (x: ArrayLike<number>): number => Array.from(x).reduce((s, v) => s + v, 0)
const fixed = (shape: readonly number[], seed: number, scale = 1): Tensor =>
  constant(numbers(shape, seed, scale), shape)

interface Golden {
  readonly logits: readonly number[]
  readonly relevance: readonly number[]
}

const golden = JSON.parse(
  readFileSync(new URL('../../../oracles/tensor/relevance.json', import.meta.url), 'utf8'),
) as Record<string, Golden>

/** The network of relevance.py; its dense head is a 1 x 1 convolution, whose bias is within the layer. */
function classifier(x: Tensor): Tensor {
  const first = conv2d(x, fixed([4, 2, 3, 3], 2, 0.5), { bias: fixed([4], 3, 0.2) })
  const pooled = maxPool2(relu(first))
  const second = scope('second', () => conv2d(pooled, fixed([3, 4, 3, 3], 4, 0.5), { bias: fixed([3], 5, 0.2) }))
  const weight = reshape(transpose(fixed([3, 2], 6), [1, 0]), [2, 3, 1, 1])
  const features = mean(relu(second), [2, 3], { keepDims: true })
  return reshape(conv2d(features, weight, { bias: fixed([2], 7, 0.2) }), [1, 2])
}

const composite = (layer: { readonly first: boolean; readonly scope: string }): RelevanceRuleOption =>
  layer.first ? { kind: 'zB', low: -1, high: 1 } : layer.scope === 'second' ? 'gamma' : 'epsilon'

describe('against the formulas in NumPy', () => {
  test.each<[string, RelevanceOptions['rule']]>([
    ['epsilon', 'epsilon'],
    ['gamma', 'gamma'],
    ['alphaBeta', { kind: 'alphaBeta', alpha: 2 }],
    ['zPlus', 'zPlus'],
    ['composite', composite],
  ])('%s', (name, rule) => {
    const [logits, found] = numbersOf(
      (x) => {
        const y = classifier(x!)
        const initial = mul(y, constant([1, 0], [1, 2]))
        return [y, relevance(y, [x!], { rule: rule!, epsilon: 1e-3, initial })[0]!]
      },
      [[1, 2, 6, 6]],
      [numbers([2, 6, 6], 1)],
    )
    expect(relativeError(logits!, golden[name]!.logits)).toBeLessThan(1e-13)
    expect(relativeError(found!, golden[name]!.relevance)).toBeLessThan(1e-12)
  })
})

/** Networks without biases, in which nothing absorbs relevance. */
const layers: Record<string, (x: Tensor) => Tensor> = {
  dense: (x) => matmul(relu(matmul(reshape(x, [2, 48]), fixed([48, 7], 1))), fixed([7, 3], 2)),
  convolution: (x) => conv2d(relu(conv2d(x, fixed([4, 3, 3, 3], 3))), fixed([2, 4, 3, 3], 4), { stride: 2 }),
  pooling: (x) => meanPool2(maxPool2(relu(conv2d(x, fixed([4, 3, 3, 3], 3))))),
  upsampling: (x) => upsample2(up2(silu(x), fixed([3, 2, 2, 2], 5))),
  residual: (x) => add(x, conv2d(tanh(x), fixed([3, 3, 1, 1], 6))),
  joined: (x) => concat([sliceAxis(x, 1, 0, 1), conv2d(x, fixed([2, 3, 1, 1], 7))], 1),
  normalised: (x) => groupNorm(conv2d(x, fixed([4, 3, 1, 1], 8)), fixed([4], 9), fixed([4], 10), { groups: 2 }),
  gated: (x) => mul(sigmoid(conv2d(x, fixed([3, 3, 1, 1], 11))), tanh(conv2d(x, fixed([3, 3, 1, 1], 12)))),
  product: (x) => mul(conv2d(x, fixed([3, 3, 1, 1], 11)), conv2d(x, fixed([3, 3, 1, 1], 12))),
  gelu: (x) => gelu(conv2d(x, fixed([3, 3, 1, 1], 13))),
  attention: (x) => {
    const rows = reshape(x, [2, 12, 4])
    const [q, k, v] = [14, 15, 16].map((seed) => matmul(rows, fixed([4, 4], seed)))
    return matmul(softmax(matmul(q!, k!, { transposeB: true })), v!)
  },
  maxima: (x) => max(conv2d(x, fixed([3, 3, 3, 3], 17)), [2, 3]),
  recurrent: (x) =>
    scan(
      (h: Tensor, now: Tensor) => {
        const next = tanh(add(matmul(h, fixed([6, 6], 18, 0.5)), now))
        return { carry: next, y: matmul(next, fixed([6, 2], 19)) }
      },
      sum(reshape(x, [2, 8, 6]), [0]),
      reshape(x, [2, 8, 6]),
    ).ys,
  checkpointed: checkpoint((x: Tensor) => conv2d(relu(conv2d(x, fixed([4, 3, 3, 3], 3))), fixed([2, 4, 3, 3], 4))),
}

const image = [[2, 3, 4, 4]]

describe.each(Object.entries(layers))('relevance is conserved: %s', (_, network) => {
  test.each<RelevanceRuleOption>(['epsilon', 'gamma'])('%s', (rule) => {
    const [y, r] = numbersOf(
      (x) => {
        const value = network(x!)
        return [value, relevance(value, [x!], { rule, epsilon: 1e-12 })[0]!]
      },
      image,
      numbersFor(image),
    )
    expect(Math.abs(total(r!) / total(y!) - 1)).toBeLessThan(1e-6)
  })
})

test.each(['dense', 'convolution', 'pooling', 'checkpointed'])(
  'zPlus conserves the relevance of what is active: %s',
  (name) => {
    const [y, r] = numbersOf(
      (x) => {
        const value = layers[name]!(x!)
        const initial = relu(value)
        return [initial, relevance(value, [x!], { rule: 'zPlus', epsilon: 1e-12, initial })[0]!]
      },
      image,
      numbersFor(image),
    )
    expect(total(r!) / total(y!)).toBeCloseTo(1, 6)
  },
)

describe('relevance', () => {
  test('equals gradient times input for networks of ReLU without biases, as epsilon goes to 0', () => {
    const network = (x: Tensor): Tensor => {
      const h = maxPool2(relu(conv2d(x, fixed([4, 3, 3, 3], 3))))
      return sum(matmul(reshape(relu(conv2d(h, fixed([5, 4, 3, 3], 4))), [2, 20]), fixed([20, 3], 5)))
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
        const [r, gx] = numbersOf(
          (x) => {
            const y = network(x!)
            return [relevance(y, [x!], { epsilon: 0 })[0]!, mul(gradients(y, [x!])[0]!, x!)]
          },
          image,
          numbersFor(image, seed),
        )
        expect(relativeError(r!, gx!)).toBeLessThan(1e-10)
      }),
      { numRuns: 20 },
    )
  })

  test('of several nodes, with attention and normalisation by other rules', () => {
    const [y, a, b, c] = numbersOf(
      (x) => {
        const rows = reshape(x!, [2, 12, 4])
        const [q, k, v] = [14, 15, 16].map((seed) => matmul(rows, fixed([4, 4], seed)))
        const mixed = matmul(softmax(matmul(q!, k!, { transposeB: true })), v!)
        return [mixed, ...relevance(mixed, [q!, k!, v!], { attention: 'halves', epsilon: 1e-12 })]
      },
      image,
      numbersFor(image),
    )
    expect(Math.abs(total(c!) / total(y!) - 0.5)).toBeLessThan(1e-6)
    expect(total(a!)).not.toBe(0)
    expect(total(a!)).toBeCloseTo(total(b!), 8)
  })

  test('a normalisation with its deviation fixed hands on what the mean leaves', () => {
    const [r] = numbersOf(
      (x) => {
        const y = groupNorm(x!, fixed([4], 1), constant(0, [4]), { groups: 4 })
        return [relevance(y, [x!], { normalisation: 'detached', epsilon: 1e-12 })[0]!]
      },
      [[1, 4, 3, 3]],
      numbersFor([[1, 4, 3, 3]]),
    )
    expect(r!.every(Number.isFinite)).toBe(true)
  })

  test('biases absorb their share, and what does not matter has none', () => {
    const [r, none] = numbersOf(
      (x, z) => relevance(sum(add(x!, constant([1, 1]))), [x!, z!], { epsilon: 0 }),
      [[2], [2]],
      [Float64Array.of(1, 3), Float64Array.of(1, 1)],
    )
    expect(Array.from(r!)).toEqual([1, 3])
    expect(Array.from(none!)).toEqual([0, 0])
  })

  test('runs in ONNX Runtime', async () => {
    const engine = testEngine()
    const program = trace(
      (_, { x }) => ({ r: relevance(classifier(x), [x], { rule: composite, epsilon: 1e-3 })[0]! }),
      { parameters: {}, inputs: { x: { shape: [1, 2, 6, 6] } } },
    )
    const inputs = { x: Float32Array.from(numbers([2, 6, 6], 1)) }
    expect(await worstError(engine, portable, { program, inputs })).toBeLessThan(1e-4)
    await engine.close()
  })

  test('refuses what has no rule, naming the layer', () => {
    const x = input('x', { shape: [3, 3] })
    const y = scope('factor', () => cholesky(x))
    expect(() => relevance(y, [x])).toThrow(/no rule for cholesky in factor/)
    expect(() => relevance(y, [x])).toThrow(InputError)
    expect(() => relevance(x, [x], { initial: constant(1) })).toThrow(/the initial relevance \[\] is not/)
    const w = input('w', { shape: [3, 3, 1, 1] })
    const hyper = apply('conv', [reshape(x, [1, 3, 3, 1]), mul(w, sum(x))], {
      stride: [1, 1],
      dilation: [1, 1],
      padding: [0, 0, 0, 0],
      groups: 1,
    })
    expect(() => relevance(hyper, [x])).toThrow(/no rule for conv/)
  })
})
