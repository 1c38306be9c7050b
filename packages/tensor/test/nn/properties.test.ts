import { random } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createTrainer,
  gradients,
  greater,
  initialise,
  nn,
  optim,
  relu,
  sliceAxis,
  square,
  sub,
  sum,
  type Tensor,
  trace,
  unflatten,
} from '../../src/index.ts'
import { relativeError } from '../support.ts'
import { differ, largest, normals, run } from './run.ts'

describe('attention', () => {
  const [n, length, width] = [2, 6, 8]
  const shape = [n, length, width]
  const attention = nn.multiHeadAttention(width, 2)
  const x = normals(shape, 3)
  const row = (values: ArrayLike<number>, sample: number, place: number): number[] => {
    const start = (sample * length + place) * width
    return Array.from(values).slice(start, start + width)
  }

  test('permuting the places permutes the result', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const order = random(seed).shuffle([0, 1, 2, 3, 4, 5])
        const moved = [0, 1].flatMap((sample) => order.flatMap((place) => row(x, sample, place)))
        const apply = (data: ArrayLike<number>): Float64Array =>
          run(attention.parameters, { x: [shape, data] }, (p, { x }) => ({ y: attention.apply(p, x!) })).y!
        const [y, z] = [apply(x), apply(moved)]
        for (const sample of [0, 1]) {
          order.forEach((place, i) => {
            expect(differ(row(z, sample, i), row(y, sample, place))).toBeLessThan(1e-12)
          })
        }
      }),
      { numRuns: 5 },
    )
  })

  const keyMask = [1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1]
  const masked = (data: ArrayLike<number>) =>
    run(attention.parameters, { x: [shape, x], k: [shape, data], m: [[n, length], keyMask] }, (p, { x, k, m }) => {
      const y = attention.apply(p, { query: x!, key: k!, keyMask: greater(m!, 0.5) })
      return { y, g: gradients(sum(square(y)), [k!])[0]! }
    })

  test('keys that are masked change no value and get no gradient', () => {
    const other = Array.from(x, (v, i) => (keyMask[Math.floor(i / width)] === 1 ? v : 100 * v + 7))
    const [a, b] = [masked(x), masked(other)]
    expect(a.y).toEqual(b.y)
    keyMask.forEach((seen, place) => {
      const gradient = largest(a.g!.slice(place * width, (place + 1) * width))
      if (seen === 1) expect(gradient).toBeGreaterThan(0)
      else expect(gradient).toBe(0)
    })
  })

  test('a query that may see nothing gets zeros before the projection, and finite gradients', () => {
    const nothing = nn.multiHeadAttention(width, 2, { bias: false })
    const { y, g } = run(
      nothing.parameters,
      { x: [shape, x], m: [[length, length], new Array(36).fill(0)] },
      (p, i) => {
        const y = nothing.apply(p, { query: i.x!, mask: greater(i.m!, 0.5) })
        return { y, g: gradients(sum(y), [i.x!])[0]! }
      },
    )
    expect(largest(y!)).toBe(0)
    expect(largest(g!)).toBe(0)
  })

  test('masks of numbers are refused: they may be shares, or what others add to scores', () => {
    const given = { parameters: attention.parameters, inputs: { x: { shape }, m: { shape: [n, length] } } }
    expect(() => trace((p, { x, m }) => ({ y: attention.apply(p, { query: x, keyMask: m }) }), given)).toThrow(
      /keyMask: needs bool, not float32 in attention/,
    )
    expect(() => trace((p, { x, m }) => ({ y: attention.apply(p, { query: x, mask: m }) }), given)).toThrow(
      /mask: needs bool/,
    )
    expect(() => trace((_, { x, m }) => ({ y: nn.maskedMean(x, m) }), given)).toThrow(/maskedMean: mask: needs bool/)
  })

  test('causal: nothing depends on what comes later', () => {
    const at = 3
    const { g } = run(attention.parameters, { x: [shape, x] }, (p, { x }) => {
      const y = attention.apply(p, { query: x!, causal: true })
      return { g: gradients(sum(square(sliceAxis(y, 1, at, at + 1))), [x!])[0]! }
    })
    for (let place = 0; place < length; place++) {
      if (place > at) expect(largest(row(g!, 0, place))).toBe(0)
      else expect(largest(row(g!, 0, place))).toBeGreaterThan(0)
    }
  })

  test('widths and heads that do not fit are input errors that name the layer', () => {
    expect(() => nn.multiHeadAttention(6, 4)).toThrow(/4 heads do not divide/)
    const net = nn.sequential({ first: nn.dense(4, 4), block: nn.multiHeadAttention(6, 2) })
    const apply = () =>
      run(net.parameters, { x: [[1, 2, 4], normals([8], 1)] }, (p, { x }) => ({
        y: net.apply(p, x!),
      }))
    expect(apply).toThrow(
      expect.objectContaining({ tag: 'ShapeMismatch', message: expect.stringContaining('first.dense') }),
    )
  })
})

describe('batch norm', () => {
  const norm = nn.batchNorm(3, { momentum: 0.3 })

  test('running statistics follow the batches in a trainer, and prediction uses them', async () => {
    const shape = [4, 3, 5] as const
    const trainer = await createTrainer({
      parameters: norm.parameters,
      initial: initialise(norm.parameters, random(1)),
      batch: { x: { shape } },
      loss: (p, { x }, context) => {
        const y = norm.apply(p, x, context)
        return { loss: sum(square(sub(y, 1))), aux: { y } }
      },
      optimiser: optim.sgd({ learningRate: 1e-3 }),
      threads: 1,
    })
    const mean = [0, 0, 0]
    const variance = [1, 1, 1]
    for (let step = 0; step < 4; step++) {
      const x = normals(shape, 10 + step).map((v, i) => 2 * v + (Math.floor(i / 5) % 3))
      await trainer.step({ x })
      for (let c = 0; c < 3; c++) {
        const own = Array.from(x).filter((_, i) => Math.floor(i / 5) % 3 === c)
        const centre = own.reduce((a, b) => a + b, 0) / own.length
        const spread = own.reduce((a, b) => a + (b - centre) ** 2, 0) / (own.length - 1)
        mean[c] = 0.7 * mean[c]! + 0.3 * centre
        variance[c] = 0.7 * variance[c]! + 0.3 * spread
      }
    }
    const found = unflatten(norm.parameters, await trainer.parameters())
    expect(relativeError(found.get('runningMean')!.data, mean)).toBeLessThan(1e-5)
    expect(relativeError(found.get('runningVariance')!.data, variance)).toBeLessThan(1e-5)
    const x = normals(shape, 99)
    const { aux } = await trainer.evaluate({ x })
    const [scale, bias] = [found.get('scale')!.data, found.get('bias')!.data]
    const expected = Array.from(x, (v, i) => {
      const c = Math.floor(i / 5) % 3
      return ((v - mean[c]!) / Math.sqrt(variance[c]! + 1e-5)) * scale[c]! + bias[c]!
    })
    expect(relativeError(aux.y!.data, expected)).toBeLessThan(1e-5)
    await trainer.close()
  })

  test('one value per channel has no variance', () => {
    const apply = (): unknown =>
      run(
        norm.parameters,
        {
          x: [
            [1, 3],
            [1, 2, 3],
          ],
        },
        (p, { x }) => ({ y: norm.apply(p, x!, { training: true }) }),
      )
    expect(apply).toThrow(/no variance/)
  })
})

describe('dropout', () => {
  const shape = [100, 100]
  const ones = new Float32Array(10_000).fill(1)
  const apply = (context: nn.Context, key = 'a', options = {}): Float64Array =>
    run({}, { x: [shape, ones] }, (_, { x }) => ({ y: nn.dropout(0.3, key).apply({}, x!, context) }), options).y!

  test('keeps 1 − rate of the values, scaled so that the mean stays', () => {
    const y = apply({ training: true })
    const scaled = Math.fround(1 / 0.7)
    expect(new Set(y.map((v) => (Math.abs(v - scaled) < 1e-6 ? 1 : v)))).toEqual(new Set([0, 1]))
    const mean = y.reduce((a, b) => a + b, 0) / y.length
    expect(Math.abs(mean - 1)).toBeLessThan(5 * Math.sqrt(0.3 / 0.7 / y.length))
  })

  test('is the identity when it does not train, and at rate 0', () => {
    expect([...apply({ training: false })]).toEqual([...ones])
    const { y } = run({}, { x: [shape, ones] }, (_, { x }) => ({
      y: nn.dropout(0, 'a').apply({}, x!, { training: true }),
    }))
    expect([...y!]).toEqual([...ones])
  })

  test('the same key, seed and step drop the same places; another of any drops others', () => {
    const first = apply({ training: true })
    expect(apply({ training: true })).toEqual(first)
    expect(apply({ training: true }, 'b')).not.toEqual(first)
    expect(apply({ training: true, key: 'view' })).not.toEqual(first)
    expect(apply({ training: true }, 'a', { seed: 1 })).not.toEqual(first)
    expect(apply({ training: true }, 'a', { step: 1 })).not.toEqual(first)
  })

  test('blocks of one stack drop different places', () => {
    const blocks = nn.stack([nn.encoderBlock(4, 1, { dropout: 0.5 }), nn.encoderBlock(4, 1, { dropout: 0.5 })])
    const program = trace((p, { x }) => ({ y: blocks.apply(p, { x }, { training: true }) }), {
      parameters: blocks.parameters,
      inputs: { x: { shape: [1, 3, 4] } },
    })
    const keys = new Set<string>()
    const visit = (node: Tensor): void => {
      if (node.op === 'random') keys.add((node as Tensor<'random'>).attributes.key)
      node.inputs.forEach(visit)
    }
    Object.values(program.outputs).forEach(visit)
    expect(keys.size).toBe(8)
  })

  test('rates outside [0, 1) are input errors', () => {
    expect(() => nn.dropout(1, 'a')).toThrow(expect.objectContaining({ tag: 'ParameterOutOfRange' }))
  })
})

describe('convolution', () => {
  test('a shift of the image shifts the result, away from the border', () => {
    const conv = nn.conv2d(2, 3, { kernel: 3 })
    const size = 9
    const image = normals([2, size, size], 5)
    const at = (values: ArrayLike<number>, c: number, row: number, column: number): number =>
      values[(c * size + row) * size + column]!
    const shifted = image.map((_, i) => {
      const [c, row, column] = [Math.floor(i / size ** 2), Math.floor(i / size) % size, i % size]
      return row < 2 || column < 1 ? 0 : at(image, c, row - 2, column - 1)
    })
    const apply = (data: Float32Array): Float64Array =>
      run(conv.parameters, { x: [[1, 2, size, size], data] }, (p, { x }) => ({ y: conv.apply(p, x!) })).y!
    const [y, z] = [apply(image), apply(shifted)]
    for (let c = 0; c < 3; c++) {
      for (let row = 3; row < size - 1; row++) {
        for (let column = 2; column < size - 1; column++) {
          expect(at(z, c, row, column)).toBeCloseTo(at(y, c, row - 2, column - 1), 12)
        }
      }
    }
  })
})

describe('combinators', () => {
  test('a sequence names its parts in the tree and in messages; functions are parts', () => {
    const net = nn.sequential({
      stem: nn.conv2d(2, 4),
      relu,
      rest: nn.sequential([nn.residual(nn.conv2d(4, 4, { bias: false })), nn.globalMean]),
      head: nn.dense(4, 2),
    })
    const names = [...unflatten(net.parameters, initialise(net.parameters, random(1))).keys()]
    expect(names).toEqual(['stem.weight', 'stem.bias', 'rest.0.weight', 'head.weight', 'head.bias'])
    const x = normals([1, 2, 3, 3], 2)
    const { y } = run(net.parameters, { x: [[1, 2, 3, 3], x] }, (p, { x }) => ({ y: net.apply(p, x!) }))
    expect(y).toHaveLength(2)
    const wrong = (): unknown =>
      run(net.parameters, { x: [[1, 3, 3, 3], normals([27], 1)] }, (p, { x }) => ({ y: net.apply(p, x!) }))
    expect(wrong).toThrow(/stem\.conv2d/)
  })

  test('a residual adds its input', () => {
    const inner = nn.dense(3, 3)
    const x = normals([2, 3], 4)
    const { whole, part } = run(inner.parameters, { x: [[2, 3], x] }, (p, { x }) => ({
      whole: nn.residual(inner).apply(p, x!),
      part: inner.apply(p, x!),
    }))
    expect(
      differ(
        whole!,
        part!.map((v, i) => v + x[i]!),
      ),
    ).toBeLessThan(1e-15)
  })

  test('an mlp has an activation between layers only', () => {
    const net = nn.mlp([3, 5, 2], relu)
    const x = normals([4, 3], 4)
    const { y } = run(net.parameters, { x: [[4, 3], x] }, (p, { x }) => ({ y: net.apply(p, x!) }))
    expect(y).toHaveLength(8)
    expect(Math.min(...y!)).toBeLessThan(0)
  })
})

describe('positions and dates', () => {
  test('the table is the encoding of 0, 1, 2, ...', () => {
    const { a, b } = run({}, { t: [[5], [0, 1, 2, 3, 4]] }, (_, { t }) => ({
      a: nn.sinusoidal(t!, 8),
      b: nn.sinusoidalTable(5, 8),
    }))
    expect(differ(a!, b!)).toBeLessThan(1e-15)
  })

  test('the distance of two encodings depends on the difference of the positions only', () => {
    const { y } = run({}, { t: [[4], [3, 10, 203, 210]] }, (_, { t }) => ({ y: nn.sinusoidal(t!, 8) }))
    const product = (i: number, j: number): number => {
      let total = 0
      for (let k = 0; k < 8; k++) total += y![8 * i + k]! * y![8 * j + k]!
      return total
    }
    expect(product(0, 1)).toBeCloseTo(product(2, 3), 12)
  })

  test('harmonics return after a year', () => {
    const { y } = run({}, { t: [[2], [100, 465.25]] }, (_, { t }) => ({ y: nn.harmonics(t!, 3) }))
    expect(differ(y!.slice(0, 6), y!.slice(6))).toBeLessThan(1e-12)
  })

  test('odd widths and long sequences are input errors', () => {
    expect(() => nn.sinusoidalTable(4, 5)).toThrow(/even width/)
    const positions = nn.learntPositions(3, 2)
    const apply = (): unknown =>
      run(positions.parameters, { x: [[1, 4, 2], normals([8], 1)] }, (p, { x }) => ({ y: positions.apply(p, x!) }))
    expect(apply).toThrow(/4 positions, but the table has 3/)
  })
})

test('pooling ignores what is masked', () => {
  const x = normals([2, 4, 3], 8)
  const mask = [1, 0, 1, 0, 1, 1, 1, 0]
  const other = x.map((v, i) => (mask[Math.floor(i / 3)] === 1 ? v : 50))
  const pool = nn.attentionPool(3)
  const apply = (data: ArrayLike<number>) =>
    run(pool.parameters, { x: [[2, 4, 3], data], m: [[2, 4], mask] }, (p, { x, m }) => {
      const seen = greater(m!, 0.5)
      return { a: pool.apply(p, { x: x!, mask: seen }), b: nn.maskedMean(x!, seen) }
    })
  expect(apply(other)).toEqual(apply(x))
})
