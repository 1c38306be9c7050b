import { random } from '@ecotope/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  constantInit,
  conv2d,
  createRunner,
  createTrainer,
  groupNorm,
  heNormal,
  initialise,
  logSoftmax,
  maxPool2,
  mean,
  mul,
  neg,
  optim,
  parameter,
  sum,
  type Tensor,
  type Traced,
  type Trainer,
  trace,
  up2,
} from '../src/index.ts'

const tree = {
  stem: {
    weight: parameter([16, 3, 3, 3], heNormal()),
    scale: parameter([16], constantInit(1)),
    bias: parameter([16], constantInit(0)),
  },
  up: { weight: parameter([16, 8, 2, 2], heNormal({ fan: 16 })), bias: parameter([8], constantInit(0)) },
  head: [parameter([2, 8, 1, 1], heNormal())],
}

const batch = { x: { shape: [2, 3, 16, 16] }, y: { shape: [2, 2, 16, 16] } } as const
const r = random(2)
const x = r.normals(2 * 3 * 256)
const y = Float32Array.from({ length: 2 * 2 * 256 }, (_, i) => {
  const [sample, cell, kind] = [Math.floor(i / 512), i % 256, Math.floor((i % 512) / 256)]
  return (x[sample * 768 + cell]! > 0 ? 1 : 0) === kind ? 1 : 0
})

const network = (p: Traced<typeof tree>, image: Tensor): Tensor => {
  const a = groupNorm(conv2d(image, p.stem.weight), p.stem.scale, p.stem.bias, { groups: 4, activation: 'relu' })
  return conv2d(up2(maxPool2(a), p.up.weight, { bias: p.up.bias }), p.head[0]!)
}

describe('trainer', () => {
  let trainer: Trainer<typeof tree>
  beforeAll(async () => {
    trainer = await createTrainer({
      parameters: tree,
      initial: initialise(tree, random(1)),
      batch,
      optimiser: optim.chain(optim.clipByGlobalNorm(1), optim.adamW({ weightDecay: 0.01 })),
      threads: 1,
      loss: (p, { x, y }) => {
        const logits = network(p, x)
        return { loss: neg(mean(sum(mul(logSoftmax(logits, 1), y), 1))), aux: { logits } }
      },
    })
  })
  afterAll(() => trainer.close())

  test('lowers the loss, and reports aux in its shape', async () => {
    const first = await trainer.step({ x, y }, { learningRate: 3e-2 })
    for (let i = 0; i < 30; i++) await trainer.step({ x, y }, { learningRate: 3e-2 })
    const last = await trainer.evaluate({ x, y })
    expect(last.loss).toBeLessThan(0.8 * first.loss)
    expect(first.aux.logits!.shape).toEqual([2, 2, 16, 16])
    expect(first.gradientNorm).toBeGreaterThan(0)
  })

  test('resumes bit for bit from a saved state', async () => {
    const saved = await trainer.state()
    const once = await trainer.step({ x, y }, { learningRate: 1e-2 })
    const after = await trainer.parameters()
    await trainer.restore(saved)
    expect(await trainer.step({ x, y }, { learningRate: 1e-2 })).toEqual(once)
    expect(await trainer.parameters()).toEqual(after)
    expect((await trainer.state()).step).toBe(saved.step + 1)
  })

  test('compiles other programs on the live weights, equal to a runner with the weights baked in', async () => {
    const shape = { x: { shape: [1, 3, 32, 24] } } as const
    const image = random(9).normals(3 * 32 * 24)
    const live = await trainer.compile((p, { x }) => ({ z: network(p, x) }), shape)
    const { z } = await live.run({ x: image })
    const program = trace<typeof tree, typeof shape>((p, { x }) => ({ z: network(p, x) }), {
      parameters: tree,
      inputs: shape,
    })
    const runner = await createRunner(program, { parameters: await trainer.parameters(), threads: 1 })
    const baked = await runner.run({ x: image })
    await runner.close()
    expect(z!.shape).toEqual([1, 2, 32, 24])
    z!.data.forEach((value, i) => {
      expect(value).toBeCloseTo(baked.z!.data[i]!, 4)
    })
  })

  test('refuses batches that do not fit, by name', async () => {
    const step = (feeds: Record<string, Float32Array>) => trainer.step(feeds, { learningRate: 0 })
    await expect(step({ x: new Float32Array(3), y })).rejects.toMatchObject({ tag: 'ShapeMismatch' })
    await expect(step({ x })).rejects.toMatchObject({ tag: 'MissingInput', data: { name: 'y' } })
    await expect(step({ x, y, z: y })).rejects.toMatchObject({ tag: 'UnknownInput' })
  })
})

describe('what a trainer refuses', () => {
  const small = { w: parameter([2], constantInit(1)) }
  const options = { parameters: small, initial: Float32Array.of(1, 1), optimiser: optim.adamW(), threads: 1 }
  const batch = { schedule: { shape: [2] }, moment0: { shape: [2] } } as const

  test('nothing of inputs that are called like its own', async () => {
    const trainer = await createTrainer({
      ...options,
      batch,
      loss: (p, { schedule, moment0 }) => ({ loss: sum(mul(p.w, mul(schedule, moment0))) }),
    })
    const feeds = { schedule: Float32Array.of(1, 2), moment0: Float32Array.of(3, 4) }
    expect((await trainer.step(feeds, { learningRate: 0 })).loss).toBe(11)
    const { parameters, moments, step } = await trainer.state()
    const mismatch = { tag: 'StateMismatch' }
    await expect(trainer.restore({ parameters, moments: moments.slice(1), step })).rejects.toMatchObject(mismatch)
    await expect(trainer.restore({ parameters, moments, step: -1 })).rejects.toMatchObject(mismatch)
    await trainer.restore({ parameters, moments, step })
    await trainer.close()
  })

  test.each([undefined, {}, { loss: 1 }])('a loss that is no tensor: %j', async (given) => {
    const made = createTrainer({ ...options, batch, loss: () => given as never })
    await expect(made).rejects.toMatchObject({ tag: 'NotATensor' })
  })
})
