/** A formula as a kernel: its values at so many pixels of a row, written pixel after pixel. */
import {
  advance,
  type Code,
  count,
  declareMany,
  defineFunction,
  i32,
  integers,
  type Local,
  type WasmFunction,
} from '../../linalg/wasm/assembler.ts'
import type { Formula, Operation } from '../formula.ts'
import { bits, f32x4 } from './f32x4.ts'
import { functions } from './functions.ts'
import { type Maker, makerOf } from './maker.ts'

export interface FormulaKernel {
  readonly formula: Formula
  readonly channels: number
  /** Numbers from pixel to pixel where the values go. */
  readonly pixel: number
}

export function formulaName({ formula, channels, pixel }: FormulaKernel): string {
  const steps = formula.leaves.map(({ strides: { w, c } }) => [w, c])
  return `formula ${JSON.stringify([channels, pixel, steps, formula.operations], distinct)}`
}

/** JSON has neither infinities nor NaN nor -0, and kernels that differ in one must not share a name. */
const distinct = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)) ? String(value) : value

/** Names of the leaves' address parameters. */
const leafNames = (formula: Formula): `leaf${number}`[] => formula.leaves.map((_, i) => `leaf${i}` as const)

/** Vectors evaluated per turn of the loop, where the formula is short. */
const UNROLLED = 4
const SHORT = 12

function evaluate(operation: Operation, values: readonly Local[], load: (leaf: number) => Code, make: Maker): Code {
  if (operation.kind === 'read') return load(operation.leaf)
  if (operation.kind === 'number') return make.all(operation.value)
  const operands = operation.operands.map((place) => values[place]!)
  return functions[operation.op](operands, operation.numbers, make)
}

/** Parameters: pixels, target, then the address of each leaf at the first pixel. */
export function formulaFunction(name: string, { formula, channels, pixel }: FormulaKernel): WasmFunction {
  const parameters = integers('n', 'to', ...leafNames(formula))
  return defineFunction(name, parameters, undefined, (p, declare) => {
    const [x, v] = declareMany(declare, 'i32', 2)
    const make = makerOf(declare)
    const leaves = leafNames(formula).map((leaf) => p[leaf]!)
    const values = formula.operations.map(() => declare('v128'))
    const splat = (leaf: number): boolean => formula.leaves[leaf]!.strides.c === 0
    /** Evaluates the vector that is `at` vectors on; lanes from `kept` on become zero. */
    const vector = (at: number, kept: number): Code => {
      const load = (leaf: number): Code =>
        splat(leaf) ? f32x4.loadSplat(leaves[leaf]!.get) : f32x4.load(leaves[leaf]!.get, at * 16)
      const body = formula.operations.map((operation, i) => values[i]!.set(evaluate(operation, values, load, make)))
      const result = values[values.length - 1]!.get
      return [body, f32x4.store(p.to.get, kept === 4 ? result : bits.and(result, f32x4.lanes(kept)), at * 16)]
    }
    const onwards = (by: number): Code => [
      leaves.map((leaf, i) => (splat(i) ? [] : advance(leaf, i32.const(by * 16)))),
      advance(p.to, i32.const(by * 16)),
    ]
    const whole = Math.floor(channels / 4)
    const unroll = formula.operations.length <= SHORT ? Math.min(UNROLLED, whole) : Math.min(1, whole)
    const turns = unroll === 0 ? 0 : Math.floor(whole / unroll)
    const turn = [Array.from({ length: unroll }, (_, at) => vector(at, 4)), onwards(unroll)]
    const rest = [
      Array.from({ length: whole - turns * unroll }, (_, at) => vector(at, 4)),
      // Lanes beyond the last channel stay zero whatever the formula makes of them: NaN times a weight of 0 would spread.
      channels % 4 === 0 ? [] : vector(whole - turns * unroll, channels % 4),
    ]
    const next = formula.leaves.map(({ strides: { w, c } }, i) =>
      advance(leaves[i]!, i32.const(w * 4 - (c === 0 ? 0 : turns * unroll * 16))),
    )
    const body = [
      turns === 0 ? [] : count(v!, i32.const(0), i32.const(turns), i32.const(1), turn),
      rest,
      next,
      advance(p.to, i32.const(pixel * 4 - turns * unroll * 16)),
    ]
    return [make.constants(), count(x!, i32.const(0), p.n.get, i32.const(1), body)]
  })
}
