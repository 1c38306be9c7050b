/** Gradients of whole networks and simulators beside PyTorch's: no more than three times PyTorch float32's own error. */

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Network, networks } from '../../../oracles/tensor/networks.ts'
import { evaluate, type Program, trace } from '../src/index.ts'
import type { Engine } from '../src/run/engine.ts'
import { flatGradient } from '../src/run/step.ts'
import { relativeError, runOnnx, type TargetName, targetOf, testEngine } from './support.ts'

interface Golden {
  readonly sizes: Readonly<Record<string, number>>
  readonly loss: number
  /** Relative L2 error of PyTorch's float32 gradient. */
  readonly float32Error: number
  readonly stride: number
  readonly gradient: readonly number[]
}

const golden = JSON.parse(
  readFileSync(new URL('../../../oracles/tensor/networks.json', import.meta.url), 'utf8'),
) as Readonly<Record<keyof typeof networks, Golden>>

function gradientProgram({ parameters, inputs, loss }: Network): Program {
  const program = trace((p, given) => ({ loss: loss(p as never, given) }), { parameters, inputs })
  return { ...program, outputs: { ...program.outputs, gradient: flatGradient(program) } }
}

const names = Object.keys(networks) as (keyof typeof networks)[]

describe.each(names)('the gradient of %s', (name) => {
  const { sizes, loss, float32Error, stride, gradient } = golden[name]
  const network = networks[name](sizes)
  const program = gradientProgram(network)
  const sampled = (flat: ArrayLike<number>): number[] => Array.from(flat).filter((_, i) => i % stride === 0)
  let engine: Engine
  beforeAll(() => {
    engine = testEngine()
  })
  afterAll(() => engine.close())

  const targets: readonly TargetName[] = ['node-cpu', 'node-cpu, exact', 'portable']
  test.each(targets)('in ONNX Runtime, target %s', async (target) => {
    const outputs = await runOnnx(
      engine,
      await targetOf(engine, target),
      { program, inputs: network.data },
      network.initial,
    )
    expect(Math.abs(outputs.loss!.data[0]! / loss - 1)).toBeLessThan(2e-6)
    const error = relativeError(sampled(outputs.gradient!.data), gradient)
    expect(error).toBeLessThan(3 * float32Error)
  })

  // The interpreter needs minutes for the U-Net.
  if (name === 'unet') return
  test('in the float64 interpreter', () => {
    const outputs = evaluate(program, network.data, network.initial)
    expect(outputs.loss!.data[0]! / loss).toBeCloseTo(1, 12)
    expect(relativeError(sampled(outputs.gradient!.data), gradient)).toBeLessThan(1e-8)
  })
})
