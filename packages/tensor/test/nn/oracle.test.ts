import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashed } from '../../../../oracles/tensor/unet.ts'
import {
  constant,
  evaluate,
  gradients,
  layoutOf,
  mul,
  type nn,
  type Program,
  sum,
  type Tensor,
  trace,
} from '../../src/index.ts'
import type { Engine } from '../../src/run/engine.ts'
import { flatGradient } from '../../src/run/step.ts'
import { sizeOf } from '../../src/shape.ts'
import { relativeError, runOnnx, type TargetName, targetOf, testEngine } from '../support.ts'
import { cases, type LayerCase } from './cases.ts'

interface Golden {
  readonly shape: readonly number[]
  readonly value: readonly number[]
  /** With respect to the parameters, flat. */
  readonly gradient: readonly number[]
  readonly inputs: readonly (readonly number[])[]
  readonly others?: readonly (readonly number[])[]
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../oracles/tensor/nn.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Golden>>

interface Prepared {
  readonly program: Program
  readonly inputs: Record<string, Float32Array<ArrayBuffer>>
  readonly parameters: Float64Array<ArrayBuffer>
}

/** Value, buffers, and gradients of a weighted sum of the value. */
function prepare({ parameters, inputs: shapes, real = 1, apply, training = false }: LayerCase): Prepared {
  const specs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { shape }]))
  const program = trace(
    (p, named) => {
      const inputs = Object.values(named) as Tensor[]
      const updates: nn.BufferUpdate[] = []
      const y = apply(p as never, inputs, { training, updates })
      const loss = sum(mul(y, constant(hashed(sizeOf(y.shape), 7), y.shape)))
      const found = gradients(loss, inputs.slice(0, real))
      return {
        y,
        loss,
        ...Object.fromEntries(found.map((g, i) => [`g${i}`, g])),
        ...Object.fromEntries(updates.map(([, next], i) => [`u${i}`, next])),
      }
    },
    { parameters, inputs: specs },
  )
  const { leaves, size } = layoutOf(parameters)
  const flat = Float64Array.from(hashed(size, 100), (v) => 0.5 * v)
  for (const { path, offset, size: n } of leaves) {
    if (!path.endsWith('runningVariance')) continue
    for (let i = offset; i < offset + n; i++) flat[i] = Math.abs(flat[i]!) + 0.5
  }
  return {
    program: { ...program, outputs: { ...program.outputs, gradient: flatGradient(program) } },
    inputs: Object.fromEntries(shapes.map((shape, i) => [`x${i}`, hashed(sizeOf(shape), i + 1)])),
    parameters: flat,
  }
}

type Outputs = Readonly<Record<string, { readonly data: ArrayLike<number> }>>

function check(outputs: Outputs, expected: Golden, tolerance: number): void {
  expect(relativeError(outputs.y!.data, expected.value)).toBeLessThan(tolerance)
  expect(relativeError(outputs.gradient!.data, expected.gradient)).toBeLessThan(tolerance)
  expected.inputs.forEach((gradient, i) => {
    expect(relativeError(outputs[`g${i}`]!.data, gradient)).toBeLessThan(tolerance)
  })
}

describe('layers equal those of PyTorch, values and gradients', () => {
  test('every case of the oracle is tested', () => {
    expect(new Set(Object.keys(cases))).toEqual(new Set(Object.keys(golden)))
  })

  describe.each(Object.entries(cases))('%s', (name, row) => {
    const expected = golden[name]!
    const { program, inputs, parameters } = prepare(row)
    let engine: Engine
    beforeAll(() => {
      engine = testEngine()
    })
    afterAll(() => engine.close())

    test('in float64', () => {
      const outputs = evaluate(program, inputs, parameters)
      expect(outputs.y!.shape).toEqual(expected.shape)
      check(outputs, expected, 1e-9)
      if (row.training === true) {
        expected.others!.forEach((other, i) => {
          expect(relativeError(outputs[`u${i}`]!.data, other)).toBeLessThan(1e-9)
        })
      } else expect(outputs.u0).toBeUndefined()
    })

    const targets: readonly TargetName[] = ['node-cpu', 'portable']
    test.each(targets)('in ONNX Runtime, target %s', async (target) => {
      const weights = Float32Array.from(parameters)
      check(await runOnnx(engine, await targetOf(engine, target), { program, inputs }, weights), expected, 1e-5)
    })
  })
})
