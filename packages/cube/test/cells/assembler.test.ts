/** The assembler by running what it makes, instruction tables by the specification's own examples. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assembleModule,
  type Code,
  callFunction,
  choose,
  f64,
  i32,
  Locals,
  repeatWhile,
  type ScalarImport,
  unsigned,
  when,
} from '../../src/cells/wasm/assembler.ts'
import { FLOAT32_LANES, FLOAT64_LANES, type Lanes, numberOfTruth, truthOfNumber } from '../../src/cells/wasm/lanes.ts'
import { i32x4, lowerHalves, upperHalf, v128 } from '../../src/cells/wasm/simd.ts'

/** Runs a body over one page of memory, which may hold numbers before; gives the memory. */
function run(
  body: Code,
  options: { locals?: Locals; imports?: readonly ScalarImport[]; scalars?: object; before?: readonly number[] } = {},
) {
  const memory = new WebAssembly.Memory({ initial: 1 })
  new Float64Array(memory.buffer).set(options.before ?? [])
  const bytes = assembleModule(body, options.locals ?? new Locals(), options.imports ?? [])
  const module = new WebAssembly.Module(bytes)
  const { exports } = new WebAssembly.Instance(module, { m: { memory, ...options.scalars } })
  ;(exports.run as () => void)()
  return memory.buffer
}

/** The first 16 bytes after storing a vector there. */
const stored = (vector: Code, before?: readonly number[]): ArrayBuffer =>
  run(v128.store(i32.const(0), vector), before === undefined ? {} : { before })

const ints = (vector: Code): number[] => [...new Int32Array(stored(vector), 0, 4)]

describe('numbers', () => {
  it('any 32-bit constant', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (value) => {
        expect(ints(i32x4.splat(i32.const(value)))[0]).toBe(value)
      }),
    )
  })

  it('LEB128', () => {
    expect(unsigned(0)).toEqual([0])
    expect(unsigned(127)).toEqual([127])
    expect(unsigned(128)).toEqual([0x80, 1])
    expect(unsigned(624485)).toEqual([0xe5, 0x8e, 0x26])
    expect(unsigned(2 ** 32 - 1)).toHaveLength(5)
  })

  it('float constants, NaN and infinities too', () => {
    for (const value of [0, -0, 1.1, Number.NaN, Number.POSITIVE_INFINITY, 5e-324]) {
      const [lane] = new Float64Array(stored(FLOAT64_LANES.constant(value)))
      expect(Object.is(lane, value)).toBe(true)
      const [small] = new Float32Array(stored(FLOAT32_LANES.constant(value)))
      expect(Object.is(small, Math.fround(value))).toBe(true)
    }
  })
})

describe('control', () => {
  it('loops, also none at all, and branches', () => {
    const sumTo = (n: number): number => {
      const locals = new Locals()
      const [i, sum] = [locals.declare('i32'), locals.declare('i32')]
      const body = [
        repeatWhile(i32.ltS(i.get, i32.const(n)), [
          // Odd numbers only.
          when(i32.and(i.get, i32.const(1)), sum.set(i32.add(sum.get, i.get)), sum.set(sum.get)),
          i.set(i32.add(i.get, i32.const(1))),
        ]),
        v128.store(i32.const(0), i32x4.splat(sum.get)),
      ]
      return new Int32Array(run(body, { locals }))[0]!
    }
    expect(sumTo(10)).toBe(25)
    expect(sumTo(0)).toBe(0)
    expect(sumTo(-5)).toBe(0)
  })

  it('calls imports of one and two numbers', () => {
    const imports = [
      { name: 'half', arity: 1 },
      { name: 'minus', arity: 2 },
    ]
    const scalars = { half: (x: number) => x / 2, minus: (x: number, y: number) => x - y }
    const value = callFunction(1, callFunction(0, f64.const(9)), f64.const(1))
    const body = v128.store(i32.const(0), FLOAT64_LANES.withLane(v128.zero, 1, value))
    expect([...new Float64Array(run(body, { imports, scalars }), 0, 2)]).toEqual([0, 3.5])
  })

  it('chooses without a branch', () => {
    const value = choose(i32.const(7), i32.const(8), i32.gtU(i32.const(-1), i32.const(1)))
    expect(ints(i32x4.splat(value))[0]).toBe(7)
  })
})

describe.each([
  ['float32', FLOAT32_LANES],
  ['float64', FLOAT64_LANES],
] as const)('lanes of %s', (type, lanes: Lanes) => {
  const array = type === 'float32' ? Float32Array : Float64Array
  const lanesOf = (vector: Code): number[] => [...new array(stored(vector), 0, lanes.count)]
  const all = (value: number): number[] => new Array<number>(lanes.count).fill(value)
  const constant = (value: number): Code => lanes.constant(value)
  const nan = constant(Number.NaN)

  it('arithmetic', () => {
    expect(lanesOf(lanes.sub(constant(5), constant(7)))).toEqual(all(-2))
    expect(lanesOf(lanes.div(lanes.mul(constant(3), constant(4)), constant(8)))).toEqual(all(1.5))
    expect(lanesOf(lanes.nearest(constant(2.5)))).toEqual(all(2))
    expect(lanesOf(lanes.trunc(constant(-2.5)))).toEqual(all(-2))
  })

  it('the pseudo-minimum keeps its first operand where the second is missing', () => {
    expect(lanesOf(lanes.pmin(constant(3), nan))).toEqual(all(3))
    expect(lanesOf(lanes.pmax(constant(3), nan))).toEqual(all(3))
    expect(lanesOf(lanes.min(constant(3), nan))).toEqual(all(Number.NaN))
  })

  it('lanes one by one', () => {
    const [a, b] = [lanes.withLane(constant(1), 1, f64.const(2.5)), lanes.count - 1]
    expect(lanesOf(a)).toEqual([1, 2.5, 1, 1].slice(0, lanes.count))
    expect(lanesOf(lanes.withLane(constant(0), 0, lanes.lane(a, 1)))[0]).toBe(2.5)
    expect(lanesOf(lanes.withLane(constant(0), b, f64.const(4)))[b]).toBe(4)
  })

  it('to float64 and back, to integers and back', () => {
    const vector = lanes.withLane(constant(7), lanes.count - 1, f64.const(-3))
    expect(lanesOf(lanes.narrowed(lanes.widened(vector)))).toEqual(lanesOf(vector))
    expect(ints(lanes.toIntegers(constant(-7.9))).slice(0, lanes.count)).toEqual(all(-7))
    expect(ints(lanes.toIntegers(constant(1e20)))[0]).toBe(2 ** 31 - 1)
    expect(new Uint32Array(stored(lanes.toUnsigned(constant(4e9))))[0]).toBe(4e9)
    expect(lanesOf(lanes.fromIntegers(i32x4.splat(i32.const(-5))))).toEqual(all(-5))
    expect(lanesOf(lanes.fromUnsigned(i32x4.splat(i32.const(-1))))).toEqual(
      all(type === 'float32' ? 2 ** 32 : 2 ** 32 - 1),
    )
  })

  it('counts lanes of a mask', () => {
    const mask = lanes.gt(lanes.withLane(constant(1), 0, f64.const(-1)), constant(0))
    const twice = lanes.counted(lanes.counted(v128.zero, mask), mask)
    expect(lanesOf(lanes.countNumbers(twice))).toEqual([0, 2, 2, 2].slice(0, lanes.count))
    expect(ints(lanes.countIntegers(twice)).slice(0, lanes.count)).toEqual([0, 2, 2, 2].slice(0, lanes.count))
  })

  it('conditions: 0 is false, missing is missing, all else is true', () => {
    for (const [value, expected] of [
      [0, 0],
      [-0, 0],
      [3, 1],
      [-1, 1],
      [Number.NaN, Number.NaN],
    ] as const) {
      expect(lanesOf(numberOfTruth(lanes, truthOfNumber(lanes, constant(value))))).toEqual(all(expected))
    }
  })
})

describe('bytes', () => {
  it('loads one element, widens, stores one', () => {
    const before = [...new Float64Array(Uint16Array.of(1, 2, 3, 65535).buffer)]
    expect(ints(i32x4.extendLow16U(v128.load64Zero(i32.const(0))))).toEqual([0, 0, 0, 0])
    const vector = i32x4.extendLow16U(v128.load64Zero(i32.const(0)))
    expect([...new Int32Array(stored(vector, before), 0, 4)]).toEqual([1, 2, 3, 65535])
    const lane = v128.loadLane(2, i32.const(6), v128.zero, 3)
    expect([...new Uint16Array(stored(lane, before), 0, 8)]).toEqual([0, 0, 0, 65535, 0, 0, 0, 0])
    const single = run(v128.storeLane(1, i32.const(3), i32x4.splat(i32.const(9)), 0))
    expect([...new Uint8Array(single, 0, 5)]).toEqual([0, 0, 0, 9, 0])
    expect([...new Uint16Array(stored(v128.loadSplat(2, i32.const(4)), before), 0, 8)]).toEqual(
      new Array<number>(8).fill(3),
    )
  })

  it('halves', () => {
    const before = [1, 2]
    const vector = v128.load(i32.const(0))
    expect([...new Float64Array(stored(upperHalf(vector), before), 0, 2)]).toEqual([2, 2])
    expect([...new Float64Array(stored(lowerHalves(vector, upperHalf(vector)), before), 0, 2)]).toEqual([1, 2])
  })
})
