/**
 * fit_curve and predict_curve: least squares by Levenberg and Marquardt. A model that compiles to cells is evaluated
 * with exact derivatives (forward mode); any other is run as it stands and differentiated by differences.
 */
import { InputError } from '@ecotope/core'
import { compileCallback } from '../../cells/callback.ts'
import type { Cell } from '../../cells/cell.ts'
import { OPERATIONS, type OperationRow } from '../../cells/operations.ts'
import { parseInstant, secondsOf } from '../../model/time.ts'
import type { Callback, Value } from '../row.ts'
import { isCell } from './callback.ts'
import type { Label } from './labels.ts'
import { input } from './nodes.ts'

/** A function of x with parameters. `gradient` gets the derivatives by the parameters where it is given. */
export type Model = (x: number, parameters: Float64Array, gradient?: Float64Array) => number

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

/** Value and derivatives of a part of the model at one x: results lie in `values` and `slopes` (count x parameters). */
interface Tape {
  readonly values: Float64Array
  readonly slopes: Float64Array
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

/** A model made of cells: input 0 is x, input k + 1 parameter k. Undefined where it does not compile. */
export function modelOf(callback: Pick<Callback, 'graph'>, count: number): Model | undefined {
  const parameters = Array.from({ length: count }, (_, k) => input(k + 1))
  const root = compileCallback(callback, { x: input(0), parameters })
  const cells = isCell(root) ? ordered(root) : undefined
  if (cells === undefined) return undefined
  const index = new Map(cells.map((cell, i) => [cell, i]))
  const tape: Tape = { values: new Float64Array(cells.length), slopes: new Float64Array(cells.length * count) }
  const steps = cells.map((cell, i) => stepOf(cell, i, index, tape, count))
  const last = cells.length - 1
  return (x, values, gradient) => {
    for (const step of steps) step(x, values, gradient !== undefined)
    gradient?.set(tape.slopes.subarray(last * count, (last + 1) * count))
    return tape.values[last]!
  }
}

type Step = (x: number, parameters: Float64Array, needsSlopes: boolean) => void

function stepOf(
  cell: Cell,
  i: number,
  index: ReadonlyMap<Cell, number>,
  { values, slopes }: Tape,
  count: number,
): Step {
  if (cell.kind === 'constant') {
    values[i] = cell.value
    return () => undefined
  }
  if (cell.kind === 'input') {
    const k = cell.input - 1
    if (k >= 0) slopes[i * count + k] = 1
    return (x, parameters) => {
      values[i] = k < 0 ? x : parameters[k]!
    }
  }
  if (cell.kind !== 'call') throw new RangeError(`a model has no ${cell.kind}`)
  const parts = cell.args.map((arg) => index.get(arg)!)
  const { evaluate }: OperationRow = OPERATIONS[cell.operation as keyof typeof OPERATIONS]
  const derivatives = DERIVATIVES[cell.operation]!
  const args = new Array<number>(parts.length).fill(0)
  return (_, __, needsSlopes) => {
    parts.forEach((part, a) => {
      args[a] = values[part]!
    })
    const result = evaluate(...args)
    values[i] = result
    if (!needsSlopes) return
    const partial = derivatives(args, result)
    for (let k = 0; k < count; k++) {
      let slope = 0
      for (let a = 0; a < parts.length; a++) {
        const below = slopes[parts[a]! * count + k]!
        if (below !== 0) slope += partial[a]! * below
      }
      slopes[i * count + k] = slope
    }
  }
}

/** A model that runs the callback. Derivatives by central differences. */
export function interpretedModel(callback: Callback): Model {
  const value = (x: number, parameters: Float64Array): number => {
    const result = callback.runSync({ x, parameters: [...parameters] })
    return typeof result === 'number' ? result : Number.NaN
  }
  return (x, parameters, gradient) => {
    if (gradient !== undefined) {
      const moved = Float64Array.from(parameters)
      for (let k = 0; k < parameters.length; k++) {
        const step = Math.cbrt(Number.EPSILON) * Math.max(Math.abs(parameters[k]!), 1e-4)
        moved[k] = parameters[k]! + step
        const above = value(x, moved)
        moved[k] = parameters[k]! - step
        gradient[k] = (above - value(x, moved)) / (2 * step)
        moved[k] = parameters[k]!
      }
    }
    return value(x, parameters)
  }
}

const MOST_STEPS = 200
const TOLERANCE = 1e-14
const MOST_DAMPING = 1e16

/**
 * Parameters that minimise the sum of squares of y - model(x), from initial values. NaN in all where there are fewer
 * values than parameters, or the model is not finite at the start. Marquardt's scaling (Moré 1978), steps by Cholesky.
 */
export function fitCurve(
  model: Model,
  xs: readonly number[],
  ys: Float64Array,
  initial: readonly number[],
): Float64Array {
  const n = initial.length
  let best = Float64Array.from(initial)
  const failed = new Float64Array(n).fill(Number.NaN)
  if (xs.length < n) return failed
  const state = { normal: new Float64Array(n * n), gradient: new Float64Array(n) }
  let cost = linearise(model, xs, ys, best, state)
  if (!Number.isFinite(cost)) return failed
  const scale = new Float64Array(n)
  let damping = 1e-3
  for (let step = 0; step < MOST_STEPS; step++) {
    for (let k = 0; k < n; k++) scale[k] = Math.max(scale[k]!, state.normal[k * n + k]!, Number.MIN_VALUE)
    const move = solveDamped(state.normal, state.gradient, scale, damping)
    const next = best.map((value, k) => value + (move?.[k] ?? 0))
    const nextCost = move === undefined ? Infinity : costOf(model, xs, ys, next)
    if (nextCost <= cost && move !== undefined) {
      const isDone = cost - nextCost <= TOLERANCE * cost && isSmall(move, next)
      best = next
      cost = linearise(model, xs, ys, best, state)
      damping = Math.max(damping / 9, 1e-12)
      if (isDone || cost === 0) break
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

function costOf(model: Model, xs: readonly number[], ys: Float64Array, parameters: Float64Array): number {
  let sum = 0
  for (let i = 0; i < ys.length; i++) {
    const residual = ys[i]! - model(xs[i]!, parameters)
    sum += residual * residual
  }
  return Number.isNaN(sum) ? Infinity : sum
}

interface Linear {
  readonly normal: Float64Array
  readonly gradient: Float64Array
}

/** Fills J^T J and J^T r at some parameters; gives the sum of squares. */
function linearise(model: Model, xs: readonly number[], ys: Float64Array, at: Float64Array, into: Linear): number {
  const n = at.length
  const slopes = new Float64Array(n)
  into.normal.fill(0)
  into.gradient.fill(0)
  let sum = 0
  for (let i = 0; i < ys.length; i++) {
    const residual = ys[i]! - model(xs[i]!, at, slopes)
    sum += residual * residual
    for (let k = 0; k < n; k++) {
      into.gradient[k]! += slopes[k]! * residual
      for (let m = 0; m <= k; m++) into.normal[k * n + m]! += slopes[k]! * slopes[m]!
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
  modelOf(callback, count) ?? interpretedModel(callback)

export const numbersOf = (values: readonly Value[]): number[] =>
  values.map((value) => (typeof value === 'number' ? value : Number.NaN))
