/** Our side: one training step per line on standard input. Usage: networks-worker.ts NAME SIZES */

import { resourceUsage } from 'node:process'
import { createInterface } from 'node:readline'
import { networks } from '../../oracles/tensor/networks.ts'
import { createTrainer, optim } from '../../packages/tensor/src/index.ts'

const [, , name, sizes] = process.argv
const { parameters, initial, inputs, data, loss } = networks[name as keyof typeof networks](JSON.parse(sizes!))
const started = performance.now()
const trainer = await createTrainer({
  parameters,
  initial,
  batch: inputs,
  loss: (p, given) => ({ loss: loss(p as never, given) }),
  optimiser: optim.adamW(),
  threads: 2,
})
console.error(`ready after ${(performance.now() - started).toFixed(0)} ms`)
for await (const _ of createInterface({ input: process.stdin })) {
  const [start, busy] = [performance.now(), process.cpuUsage()]
  const { loss: value } = await trainer.step(data, { learningRate: 1e-3 })
  const wall = performance.now() - start
  const { user, system } = process.cpuUsage(busy)
  console.log(wall, (user + system) / 1000, value, resourceUsage().maxRSS / 1024)
}
process.exit(0)
