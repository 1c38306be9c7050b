import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  crossEntropyAndDice,
  firstValues,
  hashed,
  hashedTarget,
  type UNetTree,
  unet,
  unetTree,
} from '../../../oracles/tensor/unet.ts'
import {
  add,
  constantInit,
  createTrainer,
  matmul,
  optim,
  type Program,
  parameter,
  square,
  sub,
  sum,
  trace,
} from '../src/index.ts'
import type { Engine } from '../src/run/engine.ts'
import { flatGradient } from '../src/run/step.ts'
import { relativeError, runOnnx, type TargetName, targetOf, testEngine } from './support.ts'

const oracle = (name: string): URL => new URL(`../../../oracles/tensor/${name}`, import.meta.url)
const json = (name: string): unknown => JSON.parse(readFileSync(oracle(name), 'utf8'))

interface UNetOracle {
  readonly bands: number
  readonly classes: number
  readonly base: number
  readonly levels: number
  readonly batch: number
  readonly size: number
  /** Every so many numbers of the gradient are stored. */
  readonly stride: number
  readonly loss: { readonly relu: number; readonly silu: number }
}

const meta = json('unet.json') as UNetOracle

function stored(activation: 'relu' | 'silu'): Float32Array {
  const bytes = readFileSync(oracle(`unet-${activation}.f32`))
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

function gradientProgram(activation: 'relu' | 'silu'): Program {
  const { batch, bands, classes, size } = meta
  const inputs = { x: { shape: [batch, bands, size, size] }, target: { shape: [batch, classes, size, size] } } as const
  const program = trace<UNetTree, typeof inputs>(
    (p, { x, target }) => ({ loss: crossEntropyAndDice(unet(p, x, activation), target) }),
    { parameters: unetTree({ ...meta, activation }), inputs },
  )
  return { ...program, outputs: { ...program.outputs, gradient: flatGradient(program) } }
}

describe('the gradient of a U-Net equals that of PyTorch in float64', () => {
  let engine: Engine
  beforeAll(() => {
    engine = testEngine()
  })
  afterAll(() => engine.close())

  const rows: [TargetName, 'relu' | 'silu', number][] = [
    ['node-cpu', 'silu', 5e-5],
    ['node-cpu', 'relu', 1e-3],
    ['node-cpu, fixed', 'relu', 5e-6],
    ['node-cpu, exact', 'silu', 5e-6],
    ['node-cpu, exact', 'relu', 5e-6],
    ['portable', 'silu', 5e-6],
  ]
  test.each(rows)('target %s, %s, within %d', async (name, activation, tolerance) => {
    const { batch, bands, classes, size } = meta
    const program = gradientProgram(activation)
    const inputs = {
      x: hashed(batch * bands * size * size, 1).map((v) => 2 * v),
      target: hashedTarget(batch, classes, size * size, 2),
    }
    const parameters = firstValues(unetTree({ ...meta, activation }), 100)
    const outputs = await runOnnx(engine, await targetOf(engine, name), { program, inputs }, parameters)
    expect(Math.abs(outputs.loss!.data[0]! / meta.loss[activation] - 1)).toBeLessThan(1e-5)
    const sampled = Array.from(outputs.gradient!.data).filter((_, i) => i % meta.stride === 0)
    const error = relativeError(sampled, stored(activation))
    expect(error).toBeLessThan(tolerance)
  })
})

interface AdamStep {
  readonly learningRate: number
  readonly loss: number
  readonly gradientNorm: number
  readonly parameters: readonly number[]
}

test('AdamW with clipping takes the steps of torch.optim.AdamW', async () => {
  const steps = json('adamw.json') as AdamStep[]
  const tree = { w: parameter([5, 3], constantInit(0)), c: parameter([3], constantInit(0)) }
  const trainer = await createTrainer({
    parameters: tree,
    initial: Float32Array.from([...hashed(15, 13), ...hashed(3, 14)]),
    batch: { a: { shape: [12, 5] }, b: { shape: [12, 3] } },
    loss: (p, { a, b }) => ({ loss: sum(square(sub(add(matmul(a, p.w), p.c), b))) }),
    optimiser: optim.chain(
      optim.clipByGlobalNorm(5),
      optim.adamW({ beta1: 0.85, beta2: 0.98, eps: 1e-6, weightDecay: 0.1 }),
    ),
    threads: 1,
  })
  const batch = { a: hashed(60, 11), b: hashed(36, 12).map((v) => 3 * v) }
  for (const expected of steps) {
    const { loss, gradientNorm } = await trainer.step(batch, expected)
    expect(loss / expected.loss).toBeCloseTo(1, 5)
    expect(gradientNorm / expected.gradientNorm).toBeCloseTo(1, 5)
    expect(relativeError(await trainer.parameters(), expected.parameters)).toBeLessThan(2e-6)
  }
  await trainer.close()
})
