/**
 * Loops and factorisations on onnxruntime-node, as sub-graphs and unrolled: load time and least time of several runs,
 * one thread. The measurements behind `packages/tensor/src/lower/loop.ts` and `matrix.ts`.
 * Usage: node bench/tensor/loops.ts
 */

import * as ort from 'onnxruntime-node'
import { numbers } from '../../oracles/tensor/transforms.ts'
import {
  add,
  cholesky,
  constant,
  div,
  logDeterminant,
  matmul,
  mean,
  mul,
  type Program,
  scan,
  sigmoid,
  solve,
  square,
  sub,
  sum,
  type Tensor,
  trace,
  valueAndGrad,
} from '../../packages/tensor/src/index.ts'
import { lowerProgram } from '../../packages/tensor/src/lower/lower.ts'
import type { LoweringTarget } from '../../packages/tensor/src/lower/target.ts'
import { encodeModel } from '../../packages/tensor/src/onnx/encode.ts'
import { sizeOf } from '../../packages/tensor/src/shape.ts'

const loops: LoweringTarget = { name: 'node-cpu', nchwcBlock: 0, winograd: false, fixedWeights: false }
const targets = { loop: loops, unrolled: { ...loops, controlFlow: false } } as const

/** A leaky bucket per pixel; value and gradient with respect to its capacity. */
function simulator(steps: number, pixels: number): Program {
  const loss = (capacity: Tensor, rain: Tensor): Tensor => {
    const { ys } = scan(
      (store: Tensor, now: Tensor) => {
        const filled = add(store, now)
        const out = mul(filled, sigmoid(sub(div(filled, capacity), 1)))
        return { carry: sub(filled, out), y: out }
      },
      mul(capacity, 0.5),
      rain,
    )
    return mean(square(ys))
  }
  return trace((_, { x, rain }) => ({ ...valueAndGrad(loss)(add(x, 3), rain) }), {
    parameters: {},
    inputs: { x: { shape: [pixels] }, rain: { shape: [steps, pixels] } },
  })
}

const eye = (n: number): Tensor =>
  constant(
    Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0)),
    [n, n],
  )

const definite = (x: Tensor): Tensor => add(matmul(x, x, { transposeB: true }), eye(x.shape[0]!))

const factor = (n: number): Program =>
  trace((_, { x }) => ({ l: cholesky(definite(x)) }), { parameters: {}, inputs: { x: { shape: [n, 8] } } })

/** Likelihood of a Gaussian process with its gradient. */
function process(n: number): Program {
  const loss = (x: Tensor, y: Tensor): Tensor => {
    const k = definite(x)
    return add(sum(mul(y, solve(k, y))), logDeterminant(k))
  }
  return trace((_, { x, y }) => ({ ...valueAndGrad(loss)(x, y) }), {
    parameters: {},
    inputs: { x: { shape: [n, 8] }, y: { shape: [n, 1] } },
  })
}

async function measure(program: Program, target: LoweringTarget): Promise<{ loadMs: number; runMs: number }> {
  const start = performance.now()
  const bytes = encodeModel(lowerProgram(program, { target }), { opset: 18 })
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 })
  const loadMs = performance.now() - start
  const feeds = Object.fromEntries(
    Object.entries(program.inputs).map(([name, { shape }], i) => {
      return [name, new ort.Tensor('float32', Float32Array.from(numbers([sizeOf(shape)], i + 1)), shape)]
    }),
  )
  let runMs = Number.POSITIVE_INFINITY
  for (let i = 0; i < 7; i++) {
    const before = performance.now()
    await session.run(feeds)
    runMs = Math.min(runMs, performance.now() - before)
  }
  await session.release()
  return { loadMs, runMs }
}

const rows: readonly (readonly [string, Program, readonly (keyof typeof targets)[]])[] = [
  ['simulator, 12 steps x 1000', simulator(12, 1000), ['unrolled']],
  ['simulator, 64 steps x 1000', simulator(64, 1000), ['loop', 'unrolled']],
  ['simulator, 365 steps x 1000', simulator(365, 1000), ['loop']],
  ['simulator, 3650 steps x 1000', simulator(3650, 1000), ['loop']],
  ['cholesky, n = 64', factor(64), ['unrolled']],
  ['cholesky, n = 256', factor(256), ['loop', 'unrolled']],
  ['cholesky, n = 512', factor(512), ['loop', 'unrolled']],
  ['Gaussian process with gradient, n = 256', process(256), ['loop', 'unrolled']],
  ['Gaussian process with gradient, n = 512', process(512), ['loop']],
]
for (const [name, program, forms] of rows) {
  for (const form of forms) {
    const { loadMs, runMs } = await measure(program, targets[form])
    console.log(`${name}, ${form}: load ${loadMs.toFixed(0)} ms, run ${runMs.toFixed(2)} ms`)
  }
}
