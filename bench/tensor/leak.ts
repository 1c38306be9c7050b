/**
 * Trains a small U-Net for many steps and prints the resident memory of the process now and then, in bytes, as JSON.
 * Usage: node --expose-gc bench/tensor/leak.ts [steps] [every]
 */

import { random } from '../../packages/core/src/index.ts'
import { createTrainer, initialise, optim } from '../../packages/tensor/src/index.ts'
import { batchOf, models } from '../../packages/tensor/test/web/models.ts'

const [, , steps = '1000', every = '100'] = process.argv
const { tree, inputs, apply, loss } = models['SiLU U-Net']
const trainer = await createTrainer({
  parameters: tree,
  initial: initialise(tree, random(1)),
  batch: inputs,
  optimiser: optim.adamW(),
  loss: (p, { x, target }) => ({ loss: loss(apply(p as never, x!), target!), aux: { logits: apply(p as never, x!) } }),
  threads: 1,
})
const batch = batchOf(models['SiLU U-Net'])
const resident: number[] = []
for (let i = 0; i < Number(steps); i++) {
  await trainer.step(batch, { learningRate: 1e-3 })
  if ((i + 1) % Number(every) === 0) {
    // What the collector will free anyway is no leak.
    globalThis.gc?.()
    resident.push(process.memoryUsage.rss())
  }
}
await trainer.close()
console.log(JSON.stringify(resident))
