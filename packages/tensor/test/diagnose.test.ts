/** What the trainer says of numbers that are not finite, and that it keeps what was good. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  add,
  constantInit,
  createTrainer,
  log,
  mean,
  mul,
  optim,
  parameter,
  scan,
  scope,
  showNonFinite,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Trainer,
} from '../src/index.ts'

const tree = { w: parameter([3], constantInit(0)) }

async function trainerOf(loss: (w: Tensor, x: Tensor) => Tensor, initial = [1, 2, 3]): Promise<Trainer> {
  return (await createTrainer({
    parameters: tree,
    initial: Float32Array.from(initial),
    batch: { x: { shape: [3] } },
    loss: (p, { x }) => ({ loss: loss(p.w, x) }),
    optimiser: optim.adam(),
    threads: 1,
  })) as unknown as Trainer
}

const numbers = (...values: number[]): { x: Float32Array<ArrayBuffer> } => ({ x: Float32Array.from(values) })

describe('a loss that becomes infinite', () => {
  let trainer: Trainer
  beforeAll(async () => {
    trainer = await trainerOf((w, x) => {
      const y = scope('body', () => mul(w, x))
      const logs = scope('head', () => log(y))
      return mean(square(add(logs, 1)))
    })
  })
  afterAll(() => trainer.close())

  test('nothing is found where all is finite', async () => {
    expect(await trainer.diagnose(numbers(1, 2, 3))).toBeUndefined()
  })

  test('the primitive, its layer and its line are found, not what it spoils', async () => {
    const found = await trainer.diagnose(numbers(1, 0, 3))
    expect(found).toMatchObject({ primitive: 'log', pass: 'loss', layer: 'head', name: '', shape: [3] })
    expect(showNonFinite(found!)).toMatch(/^log in head \(diagnose\.test\.ts:\d+\)$/)
  })

  test('an input that is not finite is named', async () => {
    const found = await trainer.diagnose(numbers(1, Number.NaN, 3))
    expect(found).toMatchObject({ primitive: 'input', name: 'x', pass: 'loss' })
    expect(showNonFinite(found!)).toMatch(/^input x/)
  })

  test('the step is not applied: parameters, moments and count stay', async () => {
    await trainer.step(numbers(1, 2, 3), { learningRate: 0.01 })
    const before = await trainer.state()
    const { loss, applied } = await trainer.step(numbers(1, 0, 3), { learningRate: 0.01 })
    expect([loss, applied]).toEqual([Number.POSITIVE_INFINITY, false])
    expect(await trainer.state()).toEqual(before)
    const { applied: again } = await trainer.step(numbers(1, 2, 3), { learningRate: 0.01 })
    expect(again).toBe(true)
  })
})

test('a gradient that is not finite while the loss is', async () => {
  const trainer = await trainerOf((w, x) => sum(scope('norm', () => sqrt(sub(w, x)))))
  const { loss, gradientNorm } = await trainer.step(numbers(1, 1, 1), { learningRate: 0.1 })
  expect(loss).toBeCloseTo(1 + Math.SQRT2, 5)
  expect(gradientNorm).toBe(Number.POSITIVE_INFINITY)
  const found = await trainer.diagnose(numbers(1, 1, 1))
  expect(found).toMatchObject({ pass: 'gradient', layer: 'norm' })
  expect(showNonFinite(found!)).toMatch(/^\w+ in norm \(diagnose\.test\.ts:\d+\), in the gradient$/)
  await trainer.close()
})

test('a parameter that is not finite is named', async () => {
  const trainer = await trainerOf((w, x) => sum(mul(w, x)), [1, Number.POSITIVE_INFINITY, 3])
  expect(await trainer.diagnose(numbers(1, 1, 1))).toMatchObject({ primitive: 'parameter', name: 'w' })
  await trainer.close()
})

test('what a scan makes is found at the scan', async () => {
  const trainer = await trainerOf((w, x) => {
    const { ys } = scan((carry: Tensor, value: Tensor) => ({ carry: add(carry, log(value)), y: carry }), sum(w), x)
    return sum(ys)
  })
  expect(await trainer.diagnose(numbers(1, 2, 3))).toBeUndefined()
  expect(await trainer.diagnose(numbers(0, 2, 3))).toMatchObject({ pass: 'loss' })
  await trainer.close()
})
