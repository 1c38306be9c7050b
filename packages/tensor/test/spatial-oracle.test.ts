import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashed } from '../../../oracles/tensor/unet.ts'
import {
  add,
  concat,
  constant,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  evaluate,
  gradients,
  maxPool,
  meanPool,
  mul,
  type Program,
  padMode,
  reshape,
  resize,
  type Shape,
  sigmoid,
  silu,
  sliceAxis,
  split,
  sum,
  type Tensor,
  tanh,
  trace,
} from '../src/index.ts'
import type { LoweringTarget } from '../src/lower/target.ts'
import type { Engine } from '../src/run/engine.ts'
import { sizeOf } from '../src/shape.ts'
import { relativeError, runOnnx, type TargetName, targetOf, testEngine } from './support.ts'

interface Sampled {
  readonly step: number
  readonly data: readonly number[]
}

interface Expected {
  readonly shapes: readonly Shape[]
  readonly shape: Shape
  readonly y: Sampled
  readonly gradients: readonly Sampled[]
}

// biome-ignore lint/suspicious/noExplicitAny: options are handed through to the function that the case names
type Options = any

interface OpCase extends Expected {
  readonly op: keyof typeof ops
  readonly options: Options
  /** Inputs take only so many different values, so that maxima are tied. */
  readonly levels: number | null
}

const twice = (list: readonly number[]): number[] => [...list, ...list]

/** PyTorch pads both sides of an axis equally; here each has its own count. */
const ops = {
  conv: ([x, w, bias]: Tensor[], o: Options) => {
    return [conv1d, conv2d, conv3d][o.stride.length - 1]!(x!, w!, bias === undefined ? o : { ...o, bias })
  },
  convTranspose: ([x, w, bias]: Tensor[], o: Options) => {
    const options = { ...o, padding: twice(o.padding) }
    const fn = [convTranspose1d, convTranspose2d, convTranspose3d][o.stride.length - 1]!
    return fn(x!, w!, bias === undefined ? options : { ...options, bias })
  },
  maxPool: ([x]: Tensor[], o: Options) => maxPool(x!, { ...o, padding: twice(o.padding) }),
  meanPool: ([x]: Tensor[], o: Options) => meanPool(x!, { ...o, padding: twice(o.padding) }),
  resize: ([x]: Tensor[], { size, ...o }: Options) => resize(x!, size, o),
  padMode: ([x]: Tensor[], o: Options) => padMode(x!, [0, 0, ...o.before], [0, 0, ...o.after], o.mode),
} as const

/** Gates i, f, o, g from one convolution of input and state (Shi et al. 2015, no peepholes). */
function convLSTM([x, w, b]: Tensor[]): Tensor {
  const [n, steps, , height, width] = x!.shape as [number, number, number, number, number]
  const hidden = w!.shape[0]! / 4
  let h: Tensor = constant(0, [n, hidden, height, width])
  let c = h
  for (let t = 0; t < steps; t++) {
    const at = reshape(sliceAxis(x!, 1, t, t + 1), [n, -1, height, width])
    const gates = split(conv2d(concat([at, h], 1), w!, { bias: b! }), 1, [hidden, hidden, hidden, hidden])
    const [i, f, o, g] = gates as [Tensor, Tensor, Tensor, Tensor]
    c = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)))
    h = mul(sigmoid(o), tanh(c))
  }
  return h
}

const networks: Readonly<Record<string, (inputs: Tensor[]) => Tensor>> = {
  convLSTM,
  separable: ([x, d, p, q]) => {
    const narrow = conv2d(x!, d!, { stride: 2, padding: 1, groups: x!.shape[1]! })
    const y = maxPool(silu(conv2d(narrow, p!)), { kernel: 3, stride: 2, padding: 1 })
    return meanPool(conv2d(y, q!, { groups: 2 }), { kernel: 2, stride: 1, padding: 1, countIncludePad: false })
  },
  volume: ([x, w1, w2, up, w3]) => {
    const a = silu(conv3d(x!, w1!))
    const b = silu(conv3d(maxPool(a, { kernel: 2 }), w2!))
    const y = conv3d(concat([a, convTranspose3d(b, up!, { stride: 2 })], 1), w3!)
    return resize(y, [5, 8, 12])
  },
  temporal: ([x, w1, w2]) => {
    const y = conv1d(tanh(conv1d(x!, w1!, { dilation: 4 })), w2!, { stride: 2, groups: 2, padding: 'valid' })
    return resize(y, [17], { alignCorners: true })
  },
}

const oracle = JSON.parse(readFileSync(new URL('../../../oracles/tensor/spatial.json', import.meta.url), 'utf8')) as {
  readonly networks: Readonly<Record<string, Expected>>
  readonly cases: readonly OpCase[]
}

interface Row extends Expected {
  readonly name: string
  readonly fn: (inputs: Tensor[]) => Tensor
  readonly levels: number | null
}

const rows: readonly Row[] = [
  ...Object.entries(oracle.networks).map(([name, expected]) => ({
    name,
    ...expected,
    fn: networks[name]!,
    levels: null,
  })),
  ...oracle.cases.map((c) => {
    const ties = c.levels === null ? '' : ', tied'
    const shapes = c.shapes.map((shape) => `[${shape.join(', ')}]`).join(' ')
    return {
      ...c,
      name: `${c.op} ${shapes} ${JSON.stringify(c.options)}${ties}`,
      fn: (x: Tensor[]) => ops[c.op](x, c.options),
    }
  }),
]

/** A row's value and the gradients of its weighted sum. */
function programOf({ shapes, fn }: Row): Program {
  const specs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { shape }]))
  return trace(
    (_, named) => {
      const inputs = Object.values(named)
      const y = fn(inputs)
      const weights = constant(hashed(sizeOf(y.shape), 77), y.shape)
      const parts = gradients(sum(mul(y, weights)), inputs)
      return { y, ...Object.fromEntries(parts.map((g, i) => [`g${i}`, g])) }
    },
    { parameters: {}, inputs: specs },
  )
}

function inputsOf({ shapes, levels }: Row): Record<string, Float32Array<ArrayBuffer>> {
  const numbers = (size: number, seed: number): Float32Array<ArrayBuffer> => {
    const values = hashed(size, seed).map((v) => 2 * v)
    return levels === null ? values : values.map((v) => Math.round(v * levels) / levels)
  }
  return Object.fromEntries(shapes.map((shape, i) => [`x${i}`, numbers(sizeOf(shape), i + 1)]))
}

/** The worst relative error of value and gradients where the oracle has numbers. */
function worst(row: Row, found: Readonly<Record<string, { readonly data: ArrayLike<number> }>>): number {
  const expected: [string, Sampled][] = [
    ['y', row.y],
    ...row.gradients.map((g, i) => [`g${i}`, g] as [string, Sampled]),
  ]
  const errors = expected.map(([name, { step, data }]) => {
    const all = Array.from(found[name]!.data)
    return relativeError(
      all.filter((_, i) => i % step === 0),
      data,
    )
  })
  return Math.max(...errors)
}

describe('in float64, values and gradients equal those of PyTorch', () => {
  test.each(rows)('$name', (row) => {
    const program = programOf(row)
    expect(program.outputs.y!.shape).toEqual(row.shape)
    expect(worst(row, evaluate(program, inputsOf(row)))).toBeLessThan(1e-10)
  })
})

describe('second derivatives', () => {
  test.each(rows.filter(({ levels }) => levels === null))('of $name equal differences of the gradient', (row) => {
    const program = programOf(row)
    const inputs = Object.values(program.inputs)
    const first = inputs.map((_, i) => program.outputs[`g${i}`]!)
    // The derivative of the gradient along a direction, once by reverse mode, once by central differences.
    const directions = inputs.map(({ shape }, i) => hashed(sizeOf(shape), 50 + i))
    const along = first.map((g, i) => sum(mul(g, constant(directions[i]!, g.shape))))
    const total = along.reduce((a, b) => add(a, b))
    const second = gradients(total, inputs)
    const names = inputs.map((_, i) => `h${i}`)
    const outputs = Object.fromEntries(second.map((h, i) => [names[i]!, h]))
    const at = inputsOf(row)
    const found = evaluate({ ...program, outputs }, at)
    const moved = (step: number): Record<string, Float64Array> =>
      Object.fromEntries(
        Object.entries(at).map(([name, data], i) => [
          name,
          Float64Array.from(data, (v, k) => v + step * directions[i]![k]!),
        ]),
      )
    const step = 1e-5
    const [ahead, behind] = [evaluate(program, moved(step)), evaluate(program, moved(-step))]
    inputs.forEach((_, i) => {
      const expected = ahead[`g${i}`]!.data.map((v, k) => (v - behind[`g${i}`]!.data[k]!) / (2 * step))
      expect(relativeError(found[names[i]!]!.data, expected)).toBeLessThan(1e-6)
    })
  })
})

const targets: readonly TargetName[] = ['node-cpu', 'node-cpu, exact', 'portable']

describe.each(targets)('target %s: values and gradients equal those of PyTorch', (name) => {
  let engine: Engine
  let target: LoweringTarget
  beforeAll(async () => {
    engine = testEngine()
    target = await targetOf(engine, name)
  })
  afterAll(() => engine.close())

  test.each(rows)('$name', async (row) => {
    const found = await runOnnx(engine, target, { program: programOf(row), inputs: inputsOf(row) })
    expect(worst(row, found)).toBeLessThan(5e-6)
  })
})
