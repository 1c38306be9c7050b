/** Kernel time by operator and shapes of one training step or inference. Usage: profile.ts NAME [rows] [infer] */

import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import { networks } from '../../oracles/tensor/networks.ts'
import { hashed } from '../../oracles/tensor/unet.ts'
import { optim, trace } from '../../packages/tensor/src/index.ts'
import { lowerProgram } from '../../packages/tensor/src/lower/lower.ts'
import { encodeModel } from '../../packages/tensor/src/onnx/encode.ts'
import { stepProgram } from '../../packages/tensor/src/run/step.ts'
import { sizes } from './sizes.ts'

const [, , name = 'unet', rows = '30', mode = 'train'] = process.argv
const { parameters, initial, inputs, loss } = networks[(name === 'image' ? 'unet' : name) as keyof typeof networks](
  sizes[name]!,
)
const fixed = mode === 'infer'
const base = trace((p, given) => ({ loss: loss(p as never, given) }), { parameters, inputs })
const program = fixed ? base : stepProgram({ program: base, updates: [] }, optim.adamW())
const target = { name: 'node-cpu', nchwcBlock: 16, winograd: !fixed, fixedWeights: fixed } as const
const started = performance.now()
const graph = lowerProgram(program, fixed ? { target, parameters: initial } : { target })
const bytes = encodeModel(graph, { opset: 18 })
const lowered = performance.now()
const dir = mkdtempSync(join(tmpdir(), 'profile-'))
const session = await ort.InferenceSession.create(bytes, {
  executionMode: 'sequential',
  intraOpNumThreads: 2,
  enableMemPattern: false,
  logSeverityLevel: 3,
  enableProfiling: true,
  profileFilePrefix: join(dir, 'p'),
  extra: { session: { intra_op: { allow_spinning: '0' } } },
})
console.log(`lowered in ${(lowered - started).toFixed(0)} ms, loaded in ${(performance.now() - lowered).toFixed(0)} ms`)
const feeds: Record<string, ort.Tensor> = {}
for (const input of graph.inputs) {
  const n = input.shape.reduce((a, b) => a * b, 1)
  const data =
    input.name === 'parameters'
      ? initial
      : input.name === 'schedule'
        ? Float32Array.of(1e-3, 1, 0)
        : input.name.startsWith('moment')
          ? new Float32Array(n)
          : hashed(n, 1)
  feeds[input.name] = new ort.Tensor('float32', data, [...input.shape])
}
const runs = 5
for (let i = 0; i < runs + 1; i++) await session.run(feeds)
session.endProfiling()
interface Event {
  readonly cat: string
  readonly name: string
  readonly dur: number
  readonly args: {
    readonly op_name?: string
    readonly output_type_shape?: readonly Record<string, readonly number[]>[]
    readonly input_type_shape?: readonly Record<string, readonly number[]>[]
  }
}
const events = JSON.parse(readFileSync(join(dir, readdirSync(dir)[0]!), 'utf8')) as Event[]
const total = new Map<string, [number, number]>()
const shapes = (list: readonly Record<string, readonly number[]>[] | undefined): string =>
  (list ?? [])
    .map((r) => Object.values(r)[0]!.join('x'))
    .slice(0, 3)
    .join(' ')
let sum = 0
for (const e of events) {
  if (e.cat !== 'Node' || !e.name.endsWith('_kernel_time')) continue
  const key = `${e.args.op_name} ${shapes(e.args.input_type_shape)} -> ${shapes(e.args.output_type_shape)}`
  const [t, n] = total.get(key) ?? [0, 0]
  total.set(key, [t + e.dur, n + 1])
  sum += e.dur
}
console.log('total ms per run', (sum / (runs + 1) / 1000).toFixed(1), 'nodes', graph.nodes.length)
for (const [key, [t, n]] of [...total].sort((a, b) => b[1][0] - a[1][0]).slice(0, Number(rows)))
  console.log((t / (runs + 1) / 1000).toFixed(2).padStart(8), String(n / (runs + 1)).padStart(4), key)
process.exit(0)
