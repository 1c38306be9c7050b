/** Derivatives of first and second order against PyTorch in float64. */

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { numbers, programs, runoff } from '../../../oracles/tensor/transforms.ts'
import { constant, grad, hessianVectorProduct, jvp, reshape, type Tensor, trace, vjp, vmap } from '../src/index.ts'
import { portable } from '../src/lower/target.ts'
import { numbersOf } from './numeric.ts'
import { relativeError, testEngine, worstError } from './support.ts'

interface Golden {
  readonly value: number
  readonly tangent: number
  readonly gradient: readonly number[]
  readonly product: readonly number[]
}

const golden = JSON.parse(
  readFileSync(new URL('../../../oracles/tensor/transforms.json', import.meta.url), 'utf8'),
) as Record<keyof typeof programs, Golden> & { readonly jacobian: readonly number[] }

const join = (parts: readonly Float64Array[]): number[] => parts.flatMap((part) => [...part])

describe.each(Object.keys(programs) as (keyof typeof programs)[])('%s', (name) => {
  const { fn, shapes, scale, shifts } = programs[name]
  const at = shapes.map((shape, i) => numbers(shape, 20 + i, scale, shifts[i]))
  const along = shapes.map((shape, i) => numbers(shape, 50 + i))
  const count = shapes.length
  const all = [...shapes, ...shapes]
  const outputs = (xs: readonly Tensor[]): Tensor[] => {
    const [p, v] = [xs.slice(0, count), xs.slice(count)]
    const { value, tangent } = jvp(fn, p, v)
    return [value, tangent, ...grad((q: readonly Tensor[]) => fn(...q))(p), ...hessianVectorProduct(fn, p, v)]
  }

  test('value, jvp, gradient and product with the Hessian equal PyTorch in float64', () => {
    const found = numbersOf((...xs) => outputs(xs), all, [...at, ...along])
    const expected = golden[name]
    expect(found[0]![0]! / expected.value).toBeCloseTo(1, 12)
    expect(found[1]![0]! / expected.tangent).toBeCloseTo(1, 10)
    expect(relativeError(join(found.slice(2, 2 + count)), expected.gradient)).toBeLessThan(1e-11)
    expect(relativeError(join(found.slice(2 + count)), expected.product)).toBeLessThan(1e-10)
  })

  test('ONNX Runtime gives the same in float32', async () => {
    const specs = Object.fromEntries(all.map((shape, i) => [`x${i}`, { shape }]))
    const program = trace((_, named) => Object.fromEntries(outputs(Object.values(named)).map((y, i) => [`y${i}`, y])), {
      parameters: {},
      inputs: specs,
    })
    const inputs = Object.fromEntries([...at, ...along].map((x, i) => [`x${i}`, Float32Array.from(x)]))
    const engine = testEngine()
    expect(await worstError(engine, portable, { program, inputs })).toBeLessThan(1e-4)
    await engine.close()
  })
})

test('a Jacobian by vmap of a pullback', () => {
  const { shapes, scale, shifts } = programs.simulator
  const at = shapes.map((shape, i) => numbers(shape, 20 + i, scale, shifts[i]))
  const rows = Float64Array.from({ length: 48 * 48 }, (_, k) => (k % 49 === 0 ? 1 : 0))
  const [jacobian] = numbersOf(
    (capacity, rate, store) => {
      const { pullback } = vjp((c: Tensor) => runoff(c, rate!, store!), capacity!)
      return [vmap((row: Tensor) => pullback(reshape(row, [12, 4]))[0])(constant(rows, [48, 48]))]
    },
    shapes,
    at,
  )
  expect(relativeError(jacobian!, golden.jacobian)).toBeLessThan(1e-12)
})
