import { describe, expect, test } from 'vitest'
import {
  add,
  cast,
  constantInit,
  createRunner,
  createTrainer,
  exp,
  greater,
  mean,
  mul,
  optim,
  type Program,
  parameter,
  type Shape,
  sum,
  trace,
  where,
} from '../src/index.ts'
import { openEngine } from '../src/run/engine.ts'
import { apart } from './support.ts'

const tree = { w: parameter([3], constantInit(1)) }
const weights = Float32Array.of(1, 2, 3)

function program(shape: Shape): Program {
  const inputs = { x: { shape } }
  return trace<typeof tree, typeof inputs>(
    (p, { x }) => ({ y: mul(x, p.w), over: greater(x, 0), n: cast(x, 'int32') }),
    { parameters: tree, inputs },
  )
}

describe('runner', () => {
  test('gives outputs of every type with their shapes', async () => {
    const runner = await createRunner(program([2, 3]), { parameters: weights, threads: 1 })
    const { y, over, n } = await runner.run({ x: Float32Array.of(1, -1, 2, -2, 3, -3) })
    expect([...y!.data]).toEqual([1, -2, 6, -2, 6, -9])
    expect([...over!.data]).toEqual([1, 0, 1, 0, 1, 0])
    expect([...n!.data]).toEqual([1, -1, 2, -2, 3, -3])
    expect(y!.shape).toEqual([2, 3])
    await runner.close()
  })

  test('takes bools as bytes, and says what an input must be held in', async () => {
    const inputs = { x: { shape: [3] }, keep: { shape: [3], dtype: 'bool' } } as const
    const masked = trace<Record<string, never>, typeof inputs>((_, { x, keep }) => ({ y: where(keep, x, 0) }), {
      parameters: {},
      inputs,
    })
    const runner = await createRunner(masked, { threads: 1 })
    const x = Float32Array.of(1, 2, 3)
    const { y } = await runner.run({ x, keep: Uint8Array.of(1, 0, 1) })
    expect([...y!.data]).toEqual([1, 0, 3])
    const refused = (given: object) => expect(runner.run(given as never)).rejects
    await refused({ x: Float64Array.of(1, 2, 3), keep: Uint8Array.of(1, 0, 1) }).toMatchObject({
      tag: 'NotATensor',
      message: 'input x must be a Float32Array, not Float64Array',
    })
    await refused({ x: [1, 2, 3], keep: Uint8Array.of(1, 0, 1) }).toMatchObject({ tag: 'NotATensor' })
    await refused({ x: 1, keep: Uint8Array.of(1, 0, 1) }).toMatchObject({ tag: 'NotATensor' })
    await refused({ x: null, keep: Uint8Array.of(1, 0, 1) }).toMatchObject({ tag: 'NotATensor' })
    await refused({ x, keep: [true, false, true] }).toMatchObject({
      message: 'input keep must be a Uint8Array, not Array',
    })
    await refused({ x, keep: Int32Array.of(1, 0, 1) }).toMatchObject({ tag: 'ShapeMismatch' })
    await runner.close()
  })

  test('an input cannot take the name of the vector of parameters', () => {
    const inputs = { parameters: { shape: [3] } } as const
    const named = () =>
      trace<typeof tree, typeof inputs>((p, { parameters }) => ({ y: mul(p.w, parameters) }), {
        parameters: tree,
        inputs,
      })
    expect(named).toThrow(expect.objectContaining({ tag: 'ReservedName' }))
  })

  test('stores weights as float16 where asked, and refuses those that it cannot hold', async () => {
    const image = Float32Array.of(1, -1, 2, -2, 3, -3)
    const rounded = await createRunner(program([2, 3]), {
      parameters: Float32Array.of(1 / 3, 2, -Math.PI),
      storage: 'float16',
      threads: 1,
    })
    const { y } = await rounded.run({ x: image })
    await rounded.close()
    ;[1 / 3, -2, -2 * Math.PI, -2 / 3, 6, 3 * Math.PI].forEach((exact, i) => {
      expect(Math.abs(y!.data[i]! / exact - 1)).toBeLessThan(2 ** -11)
    })
    expect(y!.data[0]).not.toBe(Math.fround(1 / 3))
    const huge = { parameters: Float32Array.of(1, 1e5, 1), storage: 'float16' } as const
    await expect(createRunner(program([2, 3]), huge)).rejects.toMatchObject({ tag: 'ParameterOutOfRange' })
  })

  test('traces once per shape, and again after a shape has been dropped', async () => {
    const traced: number[] = []
    const byShape = (shapes: Readonly<Record<string, Shape>>) => {
      traced.push(shapes.x![0]!)
      return program(shapes.x!)
    }
    const runner = await createRunner(byShape, { parameters: weights, threads: 1 })
    for (const rows of [1, 2, 1, 3, 4, 5, 1, 2]) {
      const { y } = await runner.run({ x: { data: new Float32Array(rows * 3).fill(1), shape: [rows, 3] } })
      expect(y!.shape).toEqual([rows, 3])
    }
    // Four stay loaded: by the time of 5, 2 is the one that was used longest ago.
    expect(traced).toEqual([1, 2, 3, 4, 5, 2])
    await runner.close()
  })

  test('more shapes at once than stay loaded are all answered, and one that fails is an error of its own', async () => {
    const failing = (shapes: Readonly<Record<string, Shape>>) => {
      if (shapes.x![0] === 3) throw new Error('no program for three rows')
      return program(shapes.x!)
    }
    const runner = await createRunner(failing, { parameters: weights, threads: 1 })
    const rows = [1, 2, 3, 4, 5, 6, 7, 1, 8, 3]
    const answers = await Promise.allSettled(
      rows.map((n) => runner.run({ x: { data: new Float32Array(n * 3).fill(1), shape: [n, 3] } })),
    )
    expect(answers.map(({ status }) => status === 'fulfilled')).toEqual(rows.map((n) => n !== 3))
    await runner.close()
  })

  test('concurrent calls keep their own answers', async () => {
    const runner = await createRunner(program([1, 3]), { parameters: weights, threads: 1 })
    const answers = await Promise.all([1, 2, 3, 4].map((v) => runner.run({ x: new Float32Array(3).fill(v) })))
    expect(answers.map(({ y }) => y!.data[2])).toEqual([3, 6, 9, 12])
    await runner.close()
  })

  test('copies inputs, or moves them when told to; a view sends only what it shows', async () => {
    const runner = await createRunner(program([1, 3]), { parameters: weights, threads: 1 })
    const x = new Float32Array(3).fill(2)
    await runner.run({ x })
    expect(x.length).toBe(3)
    const view = new Float32Array(300).subarray(3, 6)
    await runner.run({ x: view }, { transfer: true })
    expect(view.length).toBe(3)
    await runner.run({ x }, { transfer: true })
    expect(x.length).toBe(0)
    await runner.close()
  })

  test('errors: parameters, shapes, a file that is no model, a closed session', async () => {
    await expect(createRunner(program([1, 3]))).rejects.toMatchObject({ tag: 'MissingParameters' })
    await expect(createRunner(program([1, 3]), { parameters: apart(4, 1) })).rejects.toMatchObject({
      tag: 'ParameterMismatch',
    })
    await expect(createRunner(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({ tag: 'OnnxRuntime' })
    await expect(createRunner(program([1, 3]), { parameters: weights, threads: 0 })).rejects.toMatchObject({
      tag: 'ParameterOutOfRange',
    })
    const runner = await createRunner(program([1, 3]), { parameters: weights, threads: 1 })
    await expect(runner.run({ x: { data: new Float32Array(6), shape: [2, 3] } })).rejects.toMatchObject({
      tag: 'ShapeMismatch',
    })
    await expect(runner.run({ y: new Float32Array(3) })).rejects.toMatchObject({ tag: 'UnknownInput' })
    await runner.close()
    await expect(runner.run({ x: new Float32Array(3) })).rejects.toMatchObject({ tag: 'WorkerLost' })
  })

  test('requests under way are rejected when the engine closes', async () => {
    const engine = openEngine({ threads: 1 })
    const waiting = engine.get('nothing')
    const closed = engine.close()
    await expect(waiting).rejects.toMatchObject({ tag: 'WorkerLost' })
    await closed
  })

  test('the blocked layout is found as 0, 8 or 16 channels, and left out where exactness is asked for', async () => {
    const engine = openEngine({ threads: 1 })
    expect([0, 8, 16]).toContain((await engine.target({ exact: false, fixedWeights: false })).nchwcBlock)
    expect(await engine.target({ exact: true, fixedWeights: false })).toMatchObject({ nchwcBlock: 0, winograd: false })
    await engine.close()
  })
})

describe('numbers of the trainer', () => {
  test('a loss that is not finite is reported as it is', async () => {
    const trainer = await createTrainer({
      parameters: tree,
      initial: weights,
      batch: { x: { shape: [3] } },
      loss: (p, { x }) => ({ loss: sum(exp(mul(p.w, x))) }),
      optimiser: optim.adamW({ weightDecay: 0 }),
      threads: 1,
    })
    const { loss } = await trainer.step({ x: new Float32Array(3).fill(1000) }, { learningRate: 0.1 })
    expect(loss).toBe(Number.POSITIVE_INFINITY)
    await trainer.close()
  })

  test('a loss that is no scalar, and first values of another length, are refused', async () => {
    const options = {
      parameters: tree,
      initial: weights,
      batch: { x: { shape: [3] } },
      optimiser: optim.adamW(),
      threads: 1,
    } as const
    await expect(createTrainer({ ...options, loss: (p, { x }) => ({ loss: mul(p.w, x) }) })).rejects.toMatchObject({
      tag: 'ShapeMismatch',
    })
    const loss = (p: { w: Parameters<typeof mean>[0] }) => ({ loss: mean(add(p.w, 1)) })
    await expect(createTrainer({ ...options, initial: apart(5, 1), loss })).rejects.toMatchObject({
      tag: 'ParameterMismatch',
    })
  })

  test('long float32 sums keep five digits where all rounding goes one way', async () => {
    const size = 1_000_003
    const long = 1 << 20
    const inputs = { x: { shape: [long] }, prime: { shape: [size] }, rows: { shape: [4096, 7] } } as const
    const sums = trace<Record<never, never>, typeof inputs>(
      (_, { x, prime, rows }) => ({ all: sum(x), prime: sum(prime), rows: sum(rows, 0) }),
      { parameters: {}, inputs },
    )
    const runner = await createRunner(sums, { threads: 1 })
    const tenth = Math.fround(0.1)
    const full = (n: number): Float32Array => new Float32Array(n).fill(0.1)
    const out = await runner.run({ x: full(long), prime: full(size), rows: full(4096 * 7) })
    expect(out.all!.data[0]! / (tenth * long)).toBeCloseTo(1, 5)
    expect(out.prime!.data[0]! / (tenth * size)).toBeCloseTo(1, 4)
    expect(out.rows!.data[3]! / (tenth * 4096)).toBeCloseTo(1, 5)
    await runner.close()
  })
})
