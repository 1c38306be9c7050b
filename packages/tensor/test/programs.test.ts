/** Random programs over random shapes: every transform against another way to the same numbers, every target against float64. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  add,
  checkpoint,
  constant,
  draw,
  drawsOf,
  evaluate,
  gradients,
  hessianVectorProduct,
  importOnnx,
  jvp,
  mul,
  type Program,
  type Shape,
  sum,
  type Tensor,
  toOnnx,
  trace,
  vmap,
} from '../src/index.ts'
import { topological } from '../src/primitive.ts'
import type { Engine } from '../src/run/engine.ts'
import { range, sizeOf } from '../src/shape.ts'
import { cases } from './cases/index.ts'
import { dice } from './fuzz/dice.ts'
import { makers } from './fuzz/makers.ts'
import { type RandomProgram, randomProgram } from './fuzz/programs.ts'
import { type Numbers, numbersOf } from './numeric.ts'
import { relativeError, runOnnx, targetOf, testEngine } from './support.ts'

const COUNT = 60

/** Steps and gradients differ from differences where no gradient is let through. */
const smooth = Object.keys(makers).filter((name) => name !== 'stopGradient')
const programs = range(0, COUNT).map((seed) => ({ seed, ...randomProgram(seed, { steps: [3, 16], names: smooth }) }))

const numbersFor = (shapes: readonly Shape[], seed: number): Float64Array[] => {
  const d = dice(seed)
  return shapes.map((shape) => Float64Array.from(d.reals(sizeOf(shape), -1.5, 1.5)))
}

function weighted(y: Tensor): Tensor {
  return sum(mul(y, constant(dice(77).reals(sizeOf(y.shape), -1, 1), y.shape)))
}

const lossOf =
  ({ fn }: RandomProgram) =>
  (...xs: Tensor[]): Tensor =>
    fn(...xs)
      .map(weighted)
      .reduce(add)

const flat = (parts: Numbers): Float64Array => Float64Array.from(parts.flatMap((part) => [...part]))
const moved = (at: Numbers, along: Numbers, by: number): Float64Array[] =>
  at.map((x, i) => x.map((v, j) => v + by * along[i]![j]!))

/** Central differences with two steps, and how far they are apart. */
function differences(
  f: (at: Numbers) => Float64Array,
  at: Numbers,
  along: Numbers,
): { slope: Float64Array; doubt: number } {
  const by = (h: number): Float64Array => {
    const [up, down] = [f(moved(at, along, h)), f(moved(at, along, -h))]
    return up.map((v, i) => (v - down[i]!) / (2 * h))
  }
  const [slope, finer] = [by(1e-5), by(3e-6)]
  return { slope, doubt: relativeError(finer, slope) }
}

describe.each(programs)('program $seed in float64', (program) => {
  const { shapes, fn, seed } = program
  const loss = lossOf(program)
  const at = numbersFor(shapes, seed)
  const along = numbersFor(shapes, seed + 1000)
  const gradientAt = (x: Numbers): Float64Array[] => numbersOf((...xs) => gradients(loss(...xs), xs), shapes, x)
  const both = (transform: (xs: readonly Tensor[], vs: readonly Tensor[]) => readonly Tensor[]): Float64Array[] => {
    const n = shapes.length
    return numbersOf((...all) => transform(all.slice(0, n), all.slice(n)), [...shapes, ...shapes], [...at, ...along])
  }

  test('the gradient is the slope, forwards as backwards', () => {
    const gradient = gradientAt(at)
    const slope = gradient.reduce((total, g, i) => total + g.reduce((s, v, j) => s + v * along[i]![j]!, 0), 0)
    const [tangent] = both((xs, vs) => [jvp((...inner: Tensor[]) => loss(...inner), [...xs], [...vs]).tangent])
    expect(tangent![0]).toBeCloseTo(slope, 9)
    const found = differences((x) => numbersOf((...xs) => [loss(...xs)], shapes, x)[0]!, at, along)
    // Where the steps disagree a kink lies between them.
    if (found.doubt < 1e-5) expect(relativeError([slope], found.slope)).toBeLessThan(1e-4)
  })

  test('the product with the Hessian is the difference of gradients', () => {
    const product = both((xs, vs) => hessianVectorProduct((...inner: Tensor[]) => loss(...inner), [...xs], [...vs]))
    const found = differences((x) => flat(gradientAt(x)), at, along)
    if (found.doubt < 1e-5) expect(relativeError(flat(product), found.slope)).toBeLessThan(1e-4)
  })

  test('a checkpoint changes nothing', () => {
    const kept = checkpoint((...xs: Tensor[]) => fn(...xs))
    const again = numbersOf(
      (...xs) =>
        gradients(
          kept(...xs)
            .map(weighted)
            .reduce(add),
          xs,
        ),
      shapes,
      at,
    )
    expect(relativeError(flat(again), flat(gradientAt(at)))).toBeLessThan(1e-12)
  })

  test('a batch is its elements, with gradients', () => {
    const one = (...xs: Tensor[]): Tensor[] => [...fn(...xs), ...gradients(loss(...xs), xs)]
    const others = numbersFor(shapes, seed + 2000)
    const each = [at, others].map((x) => numbersOf(one, shapes, x))
    const joined = at.map((x, i) => flat([x, others[i]!]))
    const batch = numbersOf(
      (...xs) => vmap((...inner: Tensor[]) => one(...inner))(...xs),
      shapes.map((s) => [2, ...s]),
      joined,
    )
    batch.forEach((y, i) => {
      expect(relativeError(y, flat(each.map((parts) => parts[i]!)))).toBeLessThan(1e-11)
    })
  })
})

function traced({ shapes, fn, ...rest }: RandomProgram): Program {
  const loss = lossOf({ shapes, fn, ...rest })
  return trace(
    (_, named) => {
      const xs = Object.values(named)
      const outputs = [...fn(...xs), ...gradients(loss(...xs), xs)]
      return Object.fromEntries(outputs.map((y, i) => [`y${i}`, y]))
    },
    { parameters: {}, inputs: Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { shape }])) },
  )
}

test('together they use nearly every primitive', () => {
  const used = new Set<string>()
  const visit = (outputs: readonly Tensor[]): void => {
    for (const node of topological(outputs)) {
      used.add(node.op)
      const body = (node.attributes as { readonly body?: { readonly outputs: readonly Tensor[] } }).body
      if (body !== undefined) visit(body.outputs)
    }
  }
  for (const program of programs) visit(Object.values(traced(program).outputs))
  const unused = Object.keys(cases).filter((primitive) => !used.has(primitive))
  expect(unused.length, unused.join(', ')).toBeLessThan(20)
})

describe('programs in ONNX', () => {
  let engine: Engine
  beforeAll(() => {
    engine = testEngine()
  })
  afterAll(() => engine.close())

  /** Within rounding of the largest number of all: gradients may cancel, and decisions may fall otherwise in one of many. */
  function check(
    actual: Record<string, { readonly data: ArrayLike<number> }>,
    expected: Readonly<Record<string, { readonly data: Float64Array }>>,
  ): void {
    const scale = Math.max(1, ...Object.values(expected).flatMap(({ data }) => [...data].map(Math.abs)))
    for (const [name, { data }] of Object.entries(expected)) {
      const worst = Math.max(0, ...data.map((v, i) => Math.abs(v - actual[name]!.data[i]!)))
      expect(worst).toBeLessThan(1e-3 * scale)
    }
  }

  test.each(programs)(
    'program $seed runs as the reference does, on every target and as an imported file',
    async (one) => {
      const program = traced(one)
      const at = Object.fromEntries(numbersFor(one.shapes, one.seed).map((x, i) => [`x${i}`, Float32Array.from(x)]))
      const expected = evaluate(program, at)
      for (const target of ['node-cpu', 'node-cpu, exact', 'portable'] as const) {
        check(await runOnnx(engine, await targetOf(engine, target), { program, inputs: at }), expected)
      }
      const model = importOnnx(toOnnx(program))
      const again = trace((p, inputs) => model.apply(p, inputs), { parameters: model.parameters, inputs: model.inputs })
      const draws = Object.fromEntries(drawsOf(program).map((leaf) => [leaf.name, draw(0, 0, leaf)]))
      check(evaluate(again, { ...at, ...draws }, model.initial), expected)
    },
  )
})
