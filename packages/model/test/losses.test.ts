import { constantInit, createTrainer, evaluate, gradients, optim, parameter, type Tensor, trace } from '@ecotope/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classWeights, type LossName, type LossOptions, losses } from '../src/index.ts'
import { largestDifference, oracle } from './support.ts'

interface LossCase {
  readonly name: string
  readonly logits: readonly number[]
  /** -1 where a pixel has no label. */
  readonly labels: readonly number[]
  readonly options: LossOptions
  readonly expected: Record<LossName, { readonly value: number; readonly gradient: readonly number[] }>
}

const { shape, cases } = oracle<{ shape: [number, number, number, number]; cases: LossCase[] }>('losses')
const [n, k, h, w] = shape
const names = Object.keys(losses) as LossName[]

function oneHotOf(labels: readonly number[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(n * k * h * w)
  labels.forEach((label, i) => {
    if (label >= 0) out[(Math.floor(i / (h * w)) * k + label) * h * w + (i % (h * w))] = 1
  })
  return out
}

/** Value and gradient with respect to the logits, in float64. */
function reference(name: LossName, logits: ArrayLike<number>, target: ArrayLike<number>, options: LossOptions) {
  const program = trace(
    (_, { x, t }) => {
      const loss = losses[name](x, t, options)
      return { loss, gradient: gradients(loss, [x])[0]! }
    },
    { parameters: {}, inputs: { x: { shape }, t: { shape } } },
  )
  const { loss, gradient } = evaluate(program, { x: logits, t: target })
  return { value: loss!.data[0]!, gradient: gradient!.data }
}

async function throughOnnx(name: LossName, logits: readonly number[], target: Float32Array, options: LossOptions) {
  const trainer = await createTrainer({
    parameters: { x: parameter(shape, constantInit(0)) },
    initial: Float32Array.from(logits),
    batch: { t: { shape } },
    loss: (p: { x: Tensor }, { t }) => ({ loss: losses[name](p.x, t, options) }),
    // Keeps the gradient as its only moment.
    optimiser: optim.trace({ decay: 0 }),
    threads: 1,
  })
  try {
    const { loss } = await trainer.step({ t: target })
    return { value: loss, gradient: (await trainer.state()).moments[0]! }
  } finally {
    await trainer.close()
  }
}

describe.each(cases)('losses equal those of PyTorch in float64: $name', ({ logits, labels, options, expected }) => {
  const target = oneHotOf(labels)
  test.each(names)('%s', (name) => {
    const { value, gradient } = reference(name, logits, target, options)
    expect(value / expected[name].value).toBeCloseTo(1, 11)
    expect(largestDifference(gradient, expected[name].gradient)).toBeLessThan(1e-9)
  })
})

test.each(names)('%s in float32 through ONNX Runtime, value and gradient', async (name) => {
  for (const { logits, labels, options, expected } of [cases[1]!, cases[3]!]) {
    const { value, gradient } = await throughOnnx(name, logits, oneHotOf(labels), options)
    expect(value / expected[name].value).toBeCloseTo(1, 5)
    expect(largestDifference(gradient, expected[name].gradient)).toBeLessThan(2e-6)
  }
})

describe('every loss', () => {
  const { logits, labels, options } = cases[1]!
  test.each(names)('%s does not look at unlabelled pixels', (name) => {
    const target = oneHotOf(labels)
    const moved = logits.map((v, i) => {
      const pixel = Math.floor(i / (k * h * w)) * h * w + (i % (h * w))
      return labels[pixel]! < 0 ? v * -3 + 1 : v
    })
    const [before, after] = [logits, moved].map((values) => reference(name, values, target, options))
    expect(after!.value).toBeCloseTo(before!.value, 12)
  })

  test.each(names)('%s of a batch without labels is finite and pushes nothing', (name) => {
    const { value, gradient } = reference(name, logits, new Float32Array(logits.length), options)
    expect(Number.isFinite(value)).toBe(true)
    expect(Math.max(...gradient.map(Math.abs))).toBe(0)
  })

  test.each(names)('%s is lower for the truth than for its opposite, and near its least there', (name) => {
    const target = oneHotOf(cases[0]!.labels)
    const [right, wrong] = [30, -30].map(
      (push) =>
        reference(
          name,
          target.map((t) => t * push),
          target,
          options,
        ).value,
    )
    expect(right!).toBeLessThan(wrong!)
    expect(right!).toBeLessThan(0.02)
  })
})

test('class weights: rarer is heavier, mean 1 over the classes present, none for an absent class', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 12 }), (counts) => {
      const weights = classWeights(counts)
      const present = weights.filter((_, i) => counts[i]! > 0)
      expect(weights.filter((_, i) => counts[i] === 0).every((v) => v === 0)).toBe(true)
      if (present.length > 0) expect(present.reduce((a, b) => a + b, 0) / present.length).toBeCloseTo(1, 9)
      counts.forEach((a, i) => {
        counts.forEach((b, j) => {
          if (a > 0 && a < b) expect(weights[i]!).toBeGreaterThan(weights[j]!)
        })
      })
    }),
  )
})
