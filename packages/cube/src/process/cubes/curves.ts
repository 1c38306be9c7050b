/**
 * fit_curve and predict_curve: least squares by Levenberg and Marquardt. A model that compiles to cells is evaluated
 * with exact derivatives (forward mode); any other is run as it stands and differentiated by differences.
 */
import { InputError } from '@ecotope/core'
import { isCell } from '../../cells/build.ts'
import { compileCallback } from '../../cells/callback.ts'
import type { Cell } from '../../cells/cell.ts'
import { OPERATIONS, type OperationRow } from '../../cells/operations.ts'
import { parseInstant, secondsOf } from '../../model/time.ts'
import type { Callback, Value } from '../row.ts'
import type { Label } from './labels.ts'
import { input } from './nodes.ts'

/** A function of x with parameters, made ready for some values of x. */
export type Model = (xs: readonly number[]) => Evaluator

/** Values at all x for some parameters, and where asked for the derivatives by each; both are overwritten by the next call. */
export interface Evaluator {
  readonly values: Float64Array
  /** One array per parameter. */
  readonly slopes: readonly Float64Array[]
  /** Whether slopes are the same for all parameters. */
  readonly isLinear: boolean
  evaluate(parameters: Float64Array, needsSlopes: boolean): void
}

/** Numbers as they are, instants as seconds since 1970. Throws InputError `NotANumber`. */
export function xOfLabel(label: Label): number {
  if (typeof label === 'number') return label
  const date = parseInstant(label, 'standard')
  if (date !== undefined) return secondsOf(date, 'standard')
  const number = Number(label)
  if (label.trim() !== '' && Number.isFinite(number)) return number
  throw new InputError('NotANumber', `the label ${JSON.stringify(label)} is neither a number nor a date`, {
    hint: 'curves need numbers or dates along x',
    data: { label },
  })
}

type Derivatives = (args: readonly number[], result: number) => readonly number[]

/** Derivatives by each argument. Operations without a row are differentiated numerically with the whole model. */
const DERIVATIVES: Readonly<Record<string, Derivatives>> = {
  add: () => [1, 1],
  subtract: () => [1, -1],
  multiply: ([a, b]) => [b!, a!],
  divide: ([a, b]) => [1 / b!, -a! / (b! * b!)],
  power: ([a, b], result) => [b === 0 ? 0 : b! * a! ** (b! - 1), a! > 0 ? result * Math.log(a!) : 0],
  negate: () => [-1],
  sqrt: (_, result) => [0.5 / result],
  exp: (_, result) => [result],
  ln: ([a]) => [1 / a!],
  log: ([a, b], result) => [1 / (a! * Math.log(b!)), -result / (b! * Math.log(b!))],
  sin: ([a]) => [Math.cos(a!)],
  cos: ([a]) => [-Math.sin(a!)],
  tan: (_, result) => [1 + result * result],
  arctan: ([a]) => [1 / (1 + a! * a!)],
  arcsin: ([a]) => [1 / Math.sqrt(1 - a! * a!)],
  arccos: ([a]) => [-1 / Math.sqrt(1 - a! * a!)],
  sinh: ([a]) => [Math.cosh(a!)],
  cosh: ([a]) => [Math.sinh(a!)],
  tanh: (_, result) => [1 - result * result],
  absolute: ([a]) => [Math.sign(a!)],
}

/** The cells below in an order in which each comes after its parts; undefined where one cannot be differentiated. */
function ordered(root: Cell): Cell[] | undefined {
  const list: Cell[] = []
  const seen = new Set<Cell>()
  const visit = (cell: Cell): boolean => {
    if (seen.has(cell)) return true
    seen.add(cell)
    if (cell.kind === 'call') {
      if (DERIVATIVES[cell.operation] === undefined || !cell.args.every(visit)) return false
    } else if (cell.kind !== 'input' && cell.kind !== 'constant') return false
    list.push(cell)
    return true
  }
  return visit(root) ? list : undefined
}

/** Whether the last of the cells is a sum of parameters times what does not depend on any. */
function isLinearIn(cells: readonly Cell[]): boolean {
  const depends = new Set<Cell>()
  for (const cell of cells) {
    if (cell.kind === 'input' && cell.input > 0) depends.add(cell)
    if (cell.kind !== 'call' || !cell.args.some((arg) => depends.has(arg))) continue
    depends.add(cell)
    const both = cell.args.every((arg) => depends.has(arg))
    const isSum = ['add', 'subtract', 'negate'].includes(cell.operation)
    const isScaled = cell.operation === 'multiply' && !both
    if (!isSum && !isScaled && !(cell.operation === 'divide' && !depends.has(cell.args[1]!))) return false
  }
  return true
}

/** A part of the model at all x: its values, and its slopes by the parameters that it depends on. */
interface Part {
  readonly values: Float64Array
  readonly slopes: readonly (Float64Array | undefined)[]
  /** Absent where values never change: x, constants, and what is made of them. */
  readonly update?: (parameters: Float64Array, needsSlopes: boolean) => void
}

/** A model made of cells: input 0 is x, input k + 1 parameter k. Undefined where it does not compile. */
export function modelOf(callback: Pick<Callback, 'graph'>, count: number): Model | undefined {
  const parameters = Array.from({ length: count }, (_, k) => input(k + 1))
  const root = compileCallback(callback, { x: input(0), parameters })
  const cells = isCell(root) ? ordered(root) : undefined
  if (cells === undefined) return undefined
  const isLinear = isLinearIn(cells)
  return (xs) => {
    const parts = new Map<Cell, Part>()
    for (const cell of cells) parts.set(cell, partOf(cell, xs, parts, count))
    const updates = [...parts.values()].flatMap(({ update }) => (update === undefined ? [] : [update]))
    const { values, slopes } = parts.get(cells.at(-1)!)!
    return {
      isLinear,
      values,
      slopes: slopes.map((slope) => slope ?? new Float64Array(xs.length)),
      evaluate: (at, needsSlopes) => {
        for (const update of updates) update(at, needsSlopes)
      },
    }
  }
}

function partOf(cell: Cell, xs: readonly number[], parts: ReadonlyMap<Cell, Part>, count: number): Part {
  const none = new Array<undefined>(count).fill(undefined)
  if (cell.kind === 'constant') return { values: new Float64Array(xs.length).fill(cell.value), slopes: none }
  if (cell.kind === 'input' && cell.input === 0) return { values: Float64Array.from(xs), slopes: none }
  if (cell.kind === 'input') {
    const k = cell.input - 1
    const values = new Float64Array(xs.length)
    const slopes = none.map((_, i) => (i === k ? new Float64Array(xs.length).fill(1) : undefined))
    return { values, slopes, update: (parameters) => void values.fill(parameters[k]!) }
  }
  if (cell.kind !== 'call') throw new RangeError(`a model has no ${cell.kind}`)
  return callPart(
    cell.operation,
    cell.args.map((arg) => parts.get(arg)!),
    xs.length,
    count,
  )
}

function callPart(operation: string, args: readonly Part[], length: number, count: number): Part {
  const { evaluate }: OperationRow = OPERATIONS[operation as keyof typeof OPERATIONS]
  const derivatives = DERIVATIVES[operation]!
  const values = new Float64Array(length)
  const slopes = Array.from({ length: count }, (_, k) =>
    args.some((arg) => arg.slopes[k] !== undefined) ? new Float64Array(length) : undefined,
  )
  const [a, b] = args
  const at = new Array<number>(args.length).fill(0)
  const update = (_: Float64Array, needsSlopes: boolean): void => {
    for (let i = 0; i < length; i++) {
      at[0] = a!.values[i]!
      if (b !== undefined) at[1] = b.values[i]!
      const result = b === undefined ? evaluate(at[0]) : evaluate(at[0], at[1]!)
      values[i] = result
      if (!needsSlopes) continue
      const partial = derivatives(at, result)
      for (let k = 0; k < count; k++) {
        const slope = slopes[k]
        if (slope === undefined) continue
        const [below, other] = [a!.slopes[k], b?.slopes[k]]
        slope[i] =
          (below === undefined ? 0 : partial[0]! * below[i]!) + (other === undefined ? 0 : partial[1]! * other[i]!)
      }
    }
  }
  if (args.some((arg) => arg.update !== undefined)) return { values, slopes, update }
  update(new Float64Array(0), false)
  return { values, slopes }
}

/** A model that runs the callback. Derivatives by central differences. */
export function interpretedModel(callback: Callback, count: number): Model {
  const value = (x: number, parameters: Float64Array): number => {
    const result = callback.runSync({ x, parameters: [...parameters] })
    return typeof result === 'number' ? result : Number.NaN
  }
  return (xs) => {
    const values = new Float64Array(xs.length)
    const slopes = Array.from({ length: count }, () => new Float64Array(xs.length))
    const slopeAt = (x: number, parameters: Float64Array, k: number): number => {
      const step = Math.cbrt(Number.EPSILON) * Math.max(Math.abs(parameters[k]!), 1e-4)
      const [above, below] = [Float64Array.from(parameters), Float64Array.from(parameters)]
      above[k]! += step
      below[k]! -= step
      return (value(x, above) - value(x, below)) / (2 * step)
    }
    const evaluate = (parameters: Float64Array, needsSlopes: boolean): void => {
      xs.forEach((x, i) => {
        values[i] = value(x, parameters)
        if (needsSlopes) for (let k = 0; k < count; k++) slopes[k]![i] = slopeAt(x, parameters, k)
      })
    }
    return { isLinear: false, values, slopes, evaluate }
  }
}

const MOST_STEPS = 200
const TOLERANCE = 1e-14
const MOST_DAMPING = 1e16

/**
 * Parameters that minimise the sum of squares of y - model, from initial values; y is NaN where it is left out. NaN in
 * all where there are fewer values than parameters, or the model is not finite at the start. Marquardt's scaling (Moré
 * 1978), steps by Cholesky.
 */
export function fitCurve(model: Evaluator, ys: Float64Array, initial: readonly number[]): Float64Array {
  const n = initial.length
  let best = Float64Array.from(initial)
  const failed = new Float64Array(n).fill(Number.NaN)
  if (ys.reduce((known, y) => known + (Number.isNaN(y) ? 0 : 1), 0) < n) return failed
  const state = { normal: new Float64Array(n * n), gradient: new Float64Array(n) }
  let cost = linearise(model, ys, best, state)
  if (!Number.isFinite(cost)) return failed
  const scale = new Float64Array(n)
  let damping = 1e-3
  for (let step = 0; step < MOST_STEPS; step++) {
    for (let k = 0; k < n; k++) scale[k] = Math.max(scale[k]!, state.normal[k * n + k]!, Number.MIN_VALUE)
    const move = solveDamped(state.normal, state.gradient, scale, damping)
    const next = best.map((value, k) => value + (move?.[k] ?? 0))
    const nextCost = move === undefined ? Infinity : costOf(model, ys, next)
    if (nextCost <= cost && move !== undefined) {
      const isDone = cost - nextCost <= TOLERANCE * cost && isSmall(move, next)
      best = next
      if (isDone || nextCost === 0) break
      cost = linearise(model, ys, best, state)
      damping = Math.max(damping / 30, 1e-15)
    } else {
      if (move !== undefined && isSmall(move, best)) break
      damping *= 7
      if (damping > MOST_DAMPING) break
    }
  }
  return best
}

const isSmall = (move: Float64Array, at: Float64Array): boolean =>
  move.every((value, k) => Math.abs(value) <= 1e-10 * (Math.abs(at[k]!) + 1e-10))

function costOf(model: Evaluator, ys: Float64Array, parameters: Float64Array): number {
  model.evaluate(parameters, false)
  let sum = 0
  for (let i = 0; i < ys.length; i++) {
    const y = ys[i]!
    if (Number.isNaN(y)) continue
    const residual = y - model.values[i]!
    sum += residual * residual
  }
  return Number.isNaN(sum) ? Infinity : sum
}

interface Linear {
  readonly normal: Float64Array
  readonly gradient: Float64Array
}

/** Fills J^T J and J^T r at some parameters; gives the sum of squares. */
function linearise(model: Evaluator, ys: Float64Array, at: Float64Array, into: Linear): number {
  const n = at.length
  model.evaluate(at, true)
  into.normal.fill(0)
  into.gradient.fill(0)
  let sum = 0
  for (let i = 0; i < ys.length; i++) {
    const y = ys[i]!
    if (Number.isNaN(y)) continue
    const residual = y - model.values[i]!
    sum += residual * residual
    for (let k = 0; k < n; k++) {
      const slope = model.slopes[k]![i]!
      into.gradient[k]! += slope * residual
      for (let m = 0; m <= k; m++) into.normal[k * n + m]! += slope * model.slopes[m]![i]!
    }
  }
  return Number.isNaN(sum) ? Infinity : sum
}

/** Solves (N + damping * diag(scale)) move = g by Cholesky; undefined where the matrix is not positive. */
function solveDamped(
  normal: Float64Array,
  gradient: Float64Array,
  scale: Float64Array,
  damping: number,
): Float64Array | undefined {
  const n = gradient.length
  const l = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = normal[i * n + j]! + (i === j ? damping * scale[i]! : 0)
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!
      if (i === j) {
        if (!(sum > 0)) return undefined
        l[i * n + i] = Math.sqrt(sum)
      } else l[i * n + j] = sum / l[j * n + j]!
    }
  }
  const move = Float64Array.from(gradient)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) move[i]! -= l[i * n + k]! * move[k]!
    move[i]! /= l[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) move[i]! -= l[k * n + i]! * move[k]!
    move[i]! /= l[i * n + i]!
  }
  return move.some(Number.isNaN) ? undefined : move
}

/** The model of a callback: compiled, else interpreted. */
export const anyModel = (callback: Callback, count: number): Model =>
  modelOf(callback, count) ?? interpretedModel(callback, count)

export const numbersOf = (values: readonly Value[]): number[] =>
  values.map((value) => (typeof value === 'number' ? value : Number.NaN))
