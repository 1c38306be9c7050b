/**
 * Sums and means of stored integers of at most 16 bits: added as they are in 32-bit lanes, which is exact, and scaled
 * once at the end. Daily series become monthly means at the speed of memory this way.
 */
import { DTYPES } from '../../dtype.ts'
import type { Packing } from '../../model/block.ts'
import type { CubeSchema } from '../../model/node.ts'
import type { Cell, Reducer } from '../cell.ts'
import { rawNodata } from '../packing.ts'
import { type Code, i32, type Local } from '../wasm/assembler.ts'
import { f32x4, f64x2, i32x4, lowerHalves, upperHalf, v128 } from '../wasm/simd.ts'
import type { Generator } from './generator.ts'
import type { InputLoader } from './loads.ts'
import { fixedIndex, indexOf, renamedScope, type Scope, takenIndex } from './scope.ts'
import { type State, stateOf } from './state.ts'

/** 65535 times this is below 2^31. */
const MOST_ELEMENTS = 32768

type Selection = Extract<Cell, { kind: 'input' | 'at' | 'take' | 'rename' }>

/** A cell that hands an input on as it is, selections of labels aside, and never misses one. */
function isPlain(cell: Cell): cell is Selection {
  if (cell.kind === 'take' && cell.indices.includes(-1)) return false
  if (cell.kind === 'at' || cell.kind === 'take' || cell.kind === 'rename') return isPlain(cell.of)
  return cell.kind === 'input'
}

/** The input behind selections, and the scope that it is read in. */
function plainInput(generator: Generator, cell: Selection, scope: Scope): { input: number; scope: Scope } {
  switch (cell.kind) {
    case 'input':
      return { input: cell.input, scope }
    case 'at':
      return plainInput(generator, cell.of as Selection, new Map(scope).set(cell.dim, fixedIndex(cell.index)))
    case 'take': {
      const index = takenIndex(generator, indexOf(scope, cell.dim), cell.indices)
      return plainInput(generator, cell.of as Selection, new Map(scope).set(cell.dim, index))
    }
    default:
      return plainInput(generator, cell.of as Selection, renamedScope(scope, cell.names))
  }
}

/** The packing of the input that is summed, where integers can hold the sum. */
function packingOf(
  generator: Generator,
  { reducer, most, of }: IntegerSum,
  inputs: readonly CubeSchema[],
): Packing | undefined {
  if (generator.lanes.type !== 'float32' || most > MOST_ELEMENTS) return undefined
  if ((reducer !== 'sum' && reducer !== 'mean') || !isPlain(of)) return undefined
  let cell: Cell = of
  while (cell.kind !== 'input') cell = (cell as Exclude<Selection, { kind: 'input' }>).of
  const { packing } = inputs[cell.input]!
  const { isFloat, bytes } = DTYPES[packing.dtype]
  return isFloat || bytes > 2 ? undefined : packing
}

export interface IntegerSum {
  readonly reducer: Reducer
  readonly ignoreNodata: boolean
  readonly most: number
  readonly count: Code
  readonly of: Cell
}

export interface IntegerReduction {
  /** Emits what is to be done with one element: `of` in a scope. */
  step(scope: Scope): void
  /** The result, one register each. */
  finish(): readonly Code[]
  readonly state: State
}

/** The reduction as far as its step; undefined where it is not one of this kind. */
export function beginIntegerSum(
  generator: Generator,
  inputs: readonly CubeSchema[],
  loaders: readonly InputLoader[],
  sum: IntegerSum,
): IntegerReduction | undefined {
  const packing = packingOf(generator, sum, inputs)
  if (packing === undefined) return undefined
  const { keep, registers } = generator
  const zeros = (): Local[] => Array.from({ length: registers }, () => generator.variable(v128.zero))
  const sums = zeros()
  const missing = zeros()
  const nodata = rawNodata(packing)
  const step = (scope: Scope): void => {
    const { input, scope: below } = plainInput(generator, sum.of as Selection, scope)
    for (const [r, raw] of loaders[input]!.integers(below).entries()) {
      if (nodata === undefined || nodata !== (nodata | 0)) {
        generator.emit(sums[r]!.set(i32x4.add(sums[r]!.get, raw)))
        continue
      }
      const splat = generator.shared(0, `integer ${nodata}`, () => keep(i32x4.splat(i32.const(nodata))))
      const mask = keep(i32x4.eq(raw, splat))
      generator.emit(sums[r]!.set(i32x4.add(sums[r]!.get, v128.andnot(raw, mask))))
      generator.emit(missing[r]!.set(i32x4.sub(missing[r]!.get, mask)))
    }
  }
  const state = stateOf(generator, [...sums, ...missing], i32x4.add)
  return { step, state, finish: () => finished(generator, packing, sum, sums, missing) }
}

function finished(
  generator: Generator,
  { scale, offset }: Packing,
  { reducer, ignoreNodata, count }: IntegerSum,
  sums: readonly Local[],
  missing: readonly Local[],
): readonly Code[] {
  const { keep } = generator
  const all = keep(i32x4.splat(count))
  return sums.map((total, r) => {
    const counts = keep(i32x4.sub(all, missing[r]!.get))
    const parts = [(a: Code) => a, upperHalf].map((half) => {
      const n = keep(f64x2.convertLowS(half(counts)))
      const scaled = f64x2.mul(f64x2.convertLowS(half(total.get)), splat64(scale))
      const value = f64x2.add(scaled, f64x2.mul(n, splat64(offset)))
      return reducer === 'mean' ? f64x2.div(value, n) : value
    })
    const value = lowerHalves(f32x4.demote(keep(parts[0]!)), f32x4.demote(keep(parts[1]!)))
    const none = i32x4.eq(counts, v128.zero)
    const spoilt = ignoreNodata ? v128.zero : i32x4.gtS(missing[r]!.get, v128.zero)
    return keep(v128.or(value, v128.or(none, spoilt)))
  })
}

const splat64 = (value: number): Code => f64x2.splat([0x44, ...new Uint8Array(new Float64Array([value]).buffer)])
