import { random } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { crossEntropyAndDice, hashed, hashedTarget, unet, unetTree } from '../../../oracles/tensor/unet.ts'
import { createTrainer, initialise, optim } from '../src/index.ts'
import { batchOf, type Model, models } from './web/models.ts'

const STEPS = 20

async function trained(model: Model, batch: Record<string, Float32Array>, threads: number): Promise<Float32Array> {
  const { tree, inputs, apply, loss } = model
  const trainer = await createTrainer({
    parameters: tree,
    initial: initialise(tree, random(1)),
    batch: inputs,
    optimiser: optim.chain(optim.clipByGlobalNorm(1), optim.adamW()),
    loss: (p, { x, target }) => ({ loss: loss(apply(p as never, x!), target!) }),
    threads,
  })
  for (let i = 0; i < STEPS; i++) await trainer.step(batch, { learningRate: 1e-3 })
  const parameters = await trainer.parameters()
  await trainer.close()
  return parameters
}

/** Large enough for kernels to share their work among threads. */
const wide = {
  tree: unetTree({ bands: 6, classes: 4, base: 16, levels: 3, activation: 'relu' }),
  inputs: { x: { shape: [4, 6, 64, 64] }, target: { shape: [4, 4, 64, 64] } },
  apply: (p: Parameters<typeof unet>[0], x: Parameters<typeof unet>[1]) => unet(p, x, 'relu'),
  loss: crossEntropyAndDice,
} as unknown as Model
const wideBatch = { x: hashed(4 * 6 * 64 * 64, 1), target: hashedTarget(4, 4, 64 * 64, 2) }

describe('the same seed gives the same bytes, whatever the number of threads', () => {
  test.each(Object.entries(models))('%s', async (_, model) => {
    const batch = batchOf(model)
    expect(await trained(model, batch, 2)).toEqual(await trained(model, batch, 1))
  })

  test('a U-Net on tiles of 64 pixels', async () => {
    const once = await trained(wide, wideBatch, 1)
    for (const threads of [2, 3]) expect(await trained(wide, wideBatch, threads)).toEqual(once)
  })
})
