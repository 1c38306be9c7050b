import { random } from '@ecotope/core'
import { afterEach, describe, expect, test } from 'vitest'
import {
  add,
  constantInit,
  createRunner,
  createTrainer,
  devices,
  evaluate,
  type Feeds,
  initialise,
  matmul,
  mean,
  mul,
  normalInit,
  optim,
  parameter,
  randomNormal,
  square,
  sub,
  sum,
  type Trainer,
  type TrainerOptions,
  trace,
} from '../src/index.ts'

const tree = {
  weight: parameter([3, 2], normalInit(0.5)),
  seen: parameter([3], constantInit(0), { trainable: false }),
  bias: parameter([2], constantInit(0)),
}
const batch = { x: { shape: [4, 3] }, y: { shape: [4, 2] } } as const
type Options = TrainerOptions<typeof tree, typeof batch>

const x = random(3).normals(12)
const y = random(4).normals(8)
const feeds = { x, y }

const plain: Options['loss'] = (p, { x, y }) => ({ loss: mean(square(sub(add(matmul(x, p.weight), p.bias), y))) })

const open: Trainer<typeof tree>[] = []
async function trainerOf(options: Partial<Options> = {}): Promise<Trainer<typeof tree>> {
  const trainer = await createTrainer({
    parameters: tree,
    initial: initialise(tree, random(1)),
    batch,
    optimiser: optim.adamW({ learningRate: 1e-2 }),
    loss: plain,
    threads: 1,
    ...options,
  })
  open.push(trainer)
  return trainer
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((trainer) => trainer.close()))
})

describe('a step', () => {
  test('sets buffers anew after the update, and evaluation leaves them', async () => {
    const trainer = await trainerOf({
      loss: (p, batch, { training }) => ({
        ...plain(p, batch, { training }),
        aux: { training: mul(sum(batch.x), 0) },
        updates: [[p.seen, add(mul(p.seen, 0.9), mul(mean(batch.x, 0), 0.1))]],
      }),
    })
    const before = await trainer.parameters()
    await trainer.evaluate(feeds)
    expect(await trainer.parameters()).toEqual(before)
    await trainer.step(feeds)
    const after = await trainer.parameters()
    for (let i = 0; i < 3; i++) {
      expect(after[6 + i]).toBeCloseTo(0.1 * [0, 3, 6, 9].reduce((total, j) => total + x[i + j]! / 4, 0), 6)
    }
    const without = await trainerOf()
    await without.step(feeds)
    const expected = await without.parameters()
    expect([...after.slice(0, 6), ...after.slice(9)]).toEqual([...expected.slice(0, 6), ...expected.slice(9)])
    expect(expected.slice(6, 9)).toEqual(new Float32Array(3))
  })

  test('refuses updates of what is no buffer, of other shapes, and two of one', async () => {
    const updating = (choose: (p: Parameters<Options['loss']>[0]) => ReturnType<Options['loss']>['updates']) =>
      trainerOf({ loss: (p, batch, context) => ({ ...plain(p, batch, context), updates: choose(p) ?? [] }) })
    await expect(updating((p) => [[p.bias, p.bias]])).rejects.toMatchObject({ tag: 'UpdateMismatch' })
    await expect(updating((p) => [[mul(p.seen, 1), p.seen]])).rejects.toMatchObject({ tag: 'UpdateMismatch' })
    await expect(updating((p) => [[p.seen, sum(p.seen)]])).rejects.toMatchObject({ tag: 'ShapeMismatch' })
    const twice = updating((p) => [
      [p.seen, p.seen],
      [p.seen, p.seen],
    ])
    await expect(twice).rejects.toMatchObject({ tag: 'UpdateMismatch' })
    await expect(updating(() => [])).resolves.toBeDefined()
  })

  test('tells the loss whether it trains', async () => {
    const trainer = await trainerOf({
      loss: (p, batch, { training }) => {
        const { loss } = plain(p, batch, { training })
        return { loss: training ? loss : mul(loss, 100) }
      },
    })
    const evaluated = await trainer.evaluate(feeds)
    const stepped = await trainer.step(feeds)
    expect(evaluated.loss).toBeCloseTo(100 * stepped.loss, 3)
  })

  test('that is not finite keeps parameters, moments and the count, and says so', async () => {
    const trainer = await trainerOf()
    await trainer.step(feeds)
    const before = await trainer.state()
    const bad = await trainer.step({ x: x.map((v, i) => (i === 5 ? Number.NaN : v)), y })
    expect(bad.applied).toBe(false)
    expect(bad.loss).toBeNaN()
    expect(await trainer.state()).toEqual(before)
    const huge = await trainer.step({ x: x.map((v) => v * 1e18), y })
    expect(huge).toMatchObject({ applied: false })
    expect(await trainer.state()).toEqual(before)
    expect((await trainer.step(feeds)).applied).toBe(true)
    expect((await trainer.state()).step).toBe(before.step + 1)
  })

  test('is cancelled between steps: what has begun is finished', async () => {
    const trainer = await trainerOf()
    const control = new AbortController()
    const [first, second] = [
      trainer.step(feeds, { signal: control.signal }),
      trainer.step(feeds, { signal: control.signal }),
    ]
    const cancelled = expect(second).rejects.toMatchObject({ tag: 'Cancelled' })
    await first.then(() => control.abort())
    await Promise.allSettled([second])
    const { step } = await trainer.state()
    if (step === 1) await cancelled
    else await expect(second).resolves.toMatchObject({ applied: true })
    await expect(trainer.step(feeds, { signal: control.signal })).rejects.toMatchObject({ tag: 'Cancelled' })
    expect((await trainer.step(feeds)).applied).toBe(true)
  })

  test('takes batches of other extents, each compiled once', async () => {
    let traced = 0
    const trainer = await trainerOf({
      loss: (p, batch, context) => {
        traced++
        return plain(p, batch, context)
      },
    })
    const small = { x: { data: x.slice(0, 6), shape: [2, 3] }, y: { data: y.slice(0, 4), shape: [2, 2] } }
    const once = await trainer.evaluate(small)
    const { loss } = await trainer.step(small)
    expect(loss).toBeCloseTo(once.loss, 6)
    for (let i = 0; i < 3; i++) {
      await trainer.step(small)
      await trainer.step(feeds)
      await trainer.evaluate(small)
    }
    expect(traced).toBe(3)
    const odd: Feeds = { x: { data: x, shape: [12] }, y }
    await expect(trainer.step(odd)).rejects.toMatchObject({ tag: 'ShapeMismatch', data: { name: 'x' } })
    await expect(trainer.step({ ...small, y })).rejects.toMatchObject({ tag: 'ShapeMismatch' })
  })
})

test('a function compiled twice for the same inputs is traced once, and ends with its last user', async () => {
  const trainer = await trainerOf()
  let traced = 0
  const predict = (p: Parameters<Options['loss']>[0], { x }: { readonly x: Parameters<typeof matmul>[0] }) => {
    traced++
    return { y: matmul(x, p.weight) }
  }
  const inputs = { x: { shape: [4, 3] } } as const
  const [one, two] = [await trainer.compile(predict, inputs), await trainer.compile(predict, inputs)]
  expect(traced).toBe(1)
  await one.close()
  await one.close()
  const { y } = await two.run({ x })
  expect(y!.shape).toEqual([4, 2])
  await two.close()
  const again = await trainer.compile(predict, inputs)
  expect(traced).toBe(2)
  expect((await again.run({ x })).y!.data).toEqual(y!.data)
  const wrong = () => trainer.compile((p, { x }) => ({ y: matmul(p.weight, x) }), inputs)
  await expect(wrong()).rejects.toMatchObject({ tag: 'ShapeMismatch' })
})

describe('random leaves', () => {
  const noisy: Options['loss'] = (p, batch, context) => {
    const noise = randomNormal('noise', [4, 2])
    const { loss } = plain(p, batch, context)
    return { loss: add(loss, mean(mul(noise, p.bias))), aux: { noise } }
  }

  test('draw by seed and step, alike in the worker and in the interpreter', async () => {
    const draws = async (seed: number): Promise<Float32Array[]> => {
      const trainer = await trainerOf({ loss: noisy, seed })
      const list: Float32Array[] = []
      for (let i = 0; i < 2; i++) list.push((await trainer.step(feeds)).aux.noise!.data)
      return list
    }
    const [one, again, other] = [await draws(1), await draws(1), await draws(2)]
    expect(one).toEqual(again)
    expect(one[0]).not.toEqual(one[1])
    expect(one[0]).not.toEqual(other[0])
    const program = trace<Record<never, never>, { x: { shape: number[] } }>(
      (_, { x }) => ({ z: add(mul(x, 0), randomNormal('noise', [4, 2])) }),
      { parameters: {}, inputs: { x: { shape: [1] } } },
    )
    const input = { x: new Float32Array(1) }
    const expected = evaluate(program, input, undefined, { seed: 1, step: 1 }).z!.data
    expect([...one[1]!]).toEqual([...Float32Array.from(expected)])
    const runner = await createRunner(program, { threads: 1 })
    const { z } = await runner.run(input, { seed: 1, step: 1 })
    await runner.close()
    expect(z!.data).toEqual(one[1])
  })

  test('resume with the step', async () => {
    const trainer = await trainerOf({ loss: noisy, seed: 5 })
    await trainer.step(feeds)
    const saved = await trainer.state()
    const once = await trainer.step(feeds)
    await trainer.restore(saved)
    expect(await trainer.step(feeds)).toEqual(once)
  })
})

describe('devices', () => {
  test('an unknown one is refused with the list', async () => {
    expect(devices).toEqual(['cpu', 'webgpu', 'cuda'])
    await expect(trainerOf({ device: 'tpu' as never })).rejects.toMatchObject({
      tag: 'UnknownDevice',
      hint: 'There are: cpu, webgpu, cuda.',
    })
    await expect(trainerOf({ device: 'wasm' })).rejects.toMatchObject({ tag: 'UnknownDevice' })
  })
})
