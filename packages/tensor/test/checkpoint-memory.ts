/** Run as a process of its own: prints its peak memory in MiB after one gradient of a deep chain. */

import { add, checkpoint, createRunner, grad, mean, mul, sin, type Tensor, trace } from '../src/index.ts'

const [segments, layers, size] = [6, 6, 1 << 22]

const segment = (x: Tensor): Tensor => {
  let y = x
  for (let i = 0; i < layers; i++) y = sin(add(mul(y, 1.1), 0.1 * i))
  return y
}

function loss(x: Tensor): Tensor {
  const part = process.argv[2] === 'checkpoint' ? checkpoint(segment) : segment
  let y = x
  for (let i = 0; i < segments; i++) y = part(y)
  return mean(y)
}

const program = trace((_, { x }) => ({ slope: mean(grad(loss)(x)) }), {
  parameters: {},
  inputs: { x: { shape: [size] } },
})
const runner = await createRunner(program, { threads: 1 })
const { slope } = await runner.run({ x: new Float32Array(size).fill(0.3) })
await runner.close()
process.stdout.write(JSON.stringify({ slope: slope!.data[0], peakMiB: process.resourceUsage().maxRSS / 1024 }))
