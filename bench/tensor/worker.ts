/** Our side: one training step or inference per line on standard input. Usage: worker.ts train|infer relu|silu */

import { resourceUsage } from 'node:process'
import { createInterface } from 'node:readline'
import {
  crossEntropyAndDice,
  firstValues,
  hashed,
  hashedTarget,
  type UNetTree,
  unet,
  unetTree,
} from '../../oracles/tensor/unet.ts'
import { createRunner, createTrainer, optim, trace } from '../../packages/tensor/src/index.ts'

const activation = process.argv[3] === 'silu' ? 'silu' : 'relu'
const shape = { bands: 6, classes: 4, base: 32, levels: 4, activation } as const
const tree = unetTree(shape)
const initial = firstValues(tree, 100)

async function training(): Promise<() => Promise<number>> {
  const [batch, size] = [8, 128]
  const x = hashed(batch * shape.bands * size * size, 1)
  const target = hashedTarget(batch, shape.classes, size * size, 2)
  const trainer = await createTrainer({
    parameters: tree,
    initial,
    batch: { x: { shape: [batch, shape.bands, size, size] }, target: { shape: [batch, shape.classes, size, size] } },
    loss: (p, { x, target }) => ({ loss: crossEntropyAndDice(unet(p, x, activation), target) }),
    optimiser: optim.chain(optim.clipByGlobalNorm(1), optim.adamW()),
    threads: 2,
  })
  return async () => (await trainer.step({ x, target }, { learningRate: 1e-3 })).loss
}

async function inference(): Promise<() => Promise<number>> {
  const size = 512
  const x = hashed(shape.bands * size * size, 1)
  const inputs = { x: { shape: [1, shape.bands, size, size] } } as const
  const program = trace<UNetTree, typeof inputs>((p, { x }) => ({ z: unet(p, x, activation) }), {
    parameters: tree,
    inputs,
  })
  const runner = await createRunner(program, { parameters: initial, threads: 2 })
  return async () => {
    const { z } = await runner.run({ x })
    return z!.data.reduce((sum, v) => sum + v, 0) / z!.data.length
  }
}

const started = performance.now()
const once = process.argv[2] === 'train' ? await training() : await inference()
console.error(`ready after ${(performance.now() - started).toFixed(0)} ms`)
for await (const _ of createInterface({ input: process.stdin })) {
  const [start, busy] = [performance.now(), process.cpuUsage()]
  const value = await once()
  const wall = performance.now() - start
  const { user, system } = process.cpuUsage(busy)
  console.log(wall, (user + system) / 1000, value, resourceUsage().maxRSS / 1024)
}
process.exit(0)
