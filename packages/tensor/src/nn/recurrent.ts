/** Recurrent cells and the layer that runs one over time. */

import { InputError } from '@ecotope/core'
import { constant } from '../apply.ts'
import { constantInit, glorotUniform, orthogonalInit } from '../initialisers.ts'
import { stack } from '../ops/arrange.ts'
import { add, concat, mul, reshape, sigmoid, sliceAxis, split, sub, tanh, transpose } from '../ops/plain.ts'
import { conv2d } from '../ops/spatial.ts'
import { type ParameterSpec, type ParameterTree, parameter, type Traced } from '../parameters.ts'
import type { Tensor } from '../primitive.ts'
import { range } from '../shape.ts'
import { scan } from '../transform/scan.ts'
import { affine, denseParameters, type WeightAndBias } from './dense.ts'
import { type Layer, layer } from './layer.ts'

/** What goes from step to step; `hidden` is also what a step puts out. */
export type CellState = { readonly hidden: Tensor; readonly [name: string]: Tensor }

export interface CellInputs<S extends CellState> {
  /** `[N, ...]`, of one time. */
  readonly x: Tensor
  readonly state: S
}

/** A layer from an input and a state to the next state, in parts that a loop can use. */
export interface Cell<T extends ParameterTree, S extends CellState> extends Layer<T, CellInputs<S>, S> {
  readonly name: string
  /** The state before the first step, for x `[N, ...]`: zeros. */
  readonly start: (x: Tensor) => S
  /** What a step needs of its input: `[M, ...]` to `[M, ...]`, for all times at once. */
  readonly project: (parameters: Traced<T>, x: Tensor) => Tensor
  /** The next state from a projected input. */
  readonly step: (parameters: Traced<T>, projected: Tensor, state: S) => S
}

function cell<T extends ParameterTree, S extends CellState>(
  name: string,
  parameters: T,
  parts: Pick<Cell<T, S>, 'start' | 'project' | 'step'>,
): Cell<T, S> {
  const { apply } = layer<T, CellInputs<S>, S>(name, parameters, (p, { x, state }) =>
    parts.step(p, parts.project(p, x), state),
  )
  return { name, parameters, apply, ...parts }
}

export type GateParameters = { readonly input: WeightAndBias; readonly hidden: WeightAndBias }

const gateParameters = (inputs: number, hidden: number, gates: number): GateParameters => ({
  input: denseParameters(inputs, gates * hidden, { init: glorotUniform() }),
  hidden: denseParameters(hidden, gates * hidden, { init: orthogonalInit() }),
})

/** The parts of equal extent along an axis. */
const gatesOf = (x: Tensor, axis: number, count: number): Tensor[] =>
  split(x, axis, new Array<number>(count).fill(x.shape[axis]! / count))

/** Gated recurrent unit (Cho et al. 2014); x `[N, inputs]`. As `torch.nn.GRUCell`, gates reset, update, new. */
export function gruCell(inputs: number, hidden: number): Cell<GateParameters, { readonly hidden: Tensor }> {
  return cell('gru', gateParameters(inputs, hidden, 3), {
    start: (x) => ({ hidden: constant(0, [x.shape[0]!, hidden]) }),
    project: (p, x) => affine(x, p.input),
    step: (p, projected, state) => {
      const [ri, zi, ni] = gatesOf(projected, 1, 3) as [Tensor, Tensor, Tensor]
      const [rh, zh, nh] = gatesOf(affine(state.hidden, p.hidden), 1, 3) as [Tensor, Tensor, Tensor]
      const update = sigmoid(add(zi, zh))
      const fresh = tanh(add(ni, mul(sigmoid(add(ri, rh)), nh)))
      return { hidden: add(fresh, mul(update, sub(state.hidden, fresh))) }
    },
  })
}

export type LongState = { readonly hidden: Tensor; readonly cell: Tensor }

/** Long short-term memory (Hochreiter and Schmidhuber 1997); x `[N, inputs]`. As `torch.nn.LSTMCell`, gates i, f, g, o. */
export function lstmCell(inputs: number, hidden: number): Cell<GateParameters, LongState> {
  const zeros = (x: Tensor): Tensor => constant(0, [x.shape[0]!, hidden])
  return cell('lstm', gateParameters(inputs, hidden, 4), {
    start: (x) => ({ hidden: zeros(x), cell: zeros(x) }),
    project: (p, x) => affine(x, p.input),
    step: (p, projected, state) => {
      const gates = add(projected, affine(state.hidden, p.hidden))
      const [i, f, g, o] = gatesOf(gates, 1, 4) as [Tensor, Tensor, Tensor, Tensor]
      const memory = add(mul(sigmoid(f), state.cell), mul(sigmoid(i), tanh(g)))
      return { hidden: mul(sigmoid(o), tanh(memory)), cell: memory }
    },
  })
}

export type ConvLstmParameters = {
  readonly input: WeightAndBias
  readonly hidden: { readonly weight: ParameterSpec }
  readonly peephole?: { readonly input: ParameterSpec; readonly forget: ParameterSpec; readonly output: ParameterSpec }
}

export interface ConvLstmOptions {
  /** Odd. Default 3. */
  readonly kernel?: number
  /** The gates also see the cell's state, by a weight for each channel and pixel of `[height, width]`. Default not. */
  readonly peephole?: readonly [height: number, width: number]
}

/** LSTM whose products are convolutions, gates i, f, g, o (Shi et al. 2015, equation 3); x `[N, inputs, H, W]`. */
export function convLstmCell(
  inputs: number,
  hidden: number,
  { kernel = 3, peephole }: ConvLstmOptions = {},
): Cell<ConvLstmParameters, LongState> {
  const weight = (from: number): ParameterSpec => parameter([4 * hidden, from, kernel, kernel], glorotUniform())
  const seen = (): ParameterSpec => parameter([hidden, ...(peephole ?? [])], constantInit(0))
  const parameters: ConvLstmParameters = {
    input: { weight: weight(inputs), bias: parameter([4 * hidden], constantInit(0)) },
    hidden: { weight: weight(hidden) },
    ...(peephole === undefined ? {} : { peephole: { input: seen(), forget: seen(), output: seen() } }),
  }
  const zeros = (x: Tensor): Tensor => constant(0, [x.shape[0]!, hidden, x.shape[2]!, x.shape[3]!])
  return cell('convLstm', parameters, {
    start: (x) => ({ hidden: zeros(x), cell: zeros(x) }),
    project: (p, x) => conv2d(x, p.input.weight, { bias: p.input.bias! }),
    step: (p, projected, state) => {
      const gates = add(projected, conv2d(state.hidden, p.hidden.weight))
      const [i, f, g, o] = gatesOf(gates, 1, 4) as [Tensor, Tensor, Tensor, Tensor]
      const see = (gate: Tensor, memory: Tensor, by: Tensor | undefined): Tensor =>
        sigmoid(by === undefined ? gate : add(gate, mul(memory, by)))
      const kept = mul(see(f, state.cell, p.peephole?.forget), state.cell)
      const memory = add(kept, mul(see(i, state.cell, p.peephole?.input), tanh(g)))
      return { hidden: mul(see(o, memory, p.peephole?.output), tanh(memory)), cell: memory }
    },
  })
}

export interface UnrollOptions {
  /** From the last time to the first. Default false. */
  readonly reverse?: boolean
  /**
   * As a loop, which keeps the states only and makes the rest of a step again for the gradient: less memory, a small
   * graph that compiles at once, more time in training than with one piece of graph per step. Default: from 33 steps on.
   */
  readonly loop?: boolean
}

export interface Unrolled<S> {
  /** The hidden state after each time, `[N, T, ...]`. */
  readonly outputs: Tensor
  /** After the last step. */
  readonly state: S
}

/** Swaps the first two axes. */
const swapped = (x: Tensor): Tensor => transpose(x, [1, 0, ...range(2, x.shape.length)])

/** Most steps that are not made a loop unless asked for. */
const SHORT = 32

/** Runs a cell over xs `[N, T, ...]` from a state (default: its start). The products with inputs are made at once. */
export function unroll<T extends ParameterTree, S extends CellState>(
  one: Cell<T, S>,
  parameters: Traced<T>,
  xs: Tensor,
  options: UnrollOptions & { readonly initial?: S } = {},
): Unrolled<S> {
  const [n, length, ...rest] = xs.shape
  if (n === undefined || length === undefined) {
    throw new InputError('ShapeMismatch', `unroll: needs axes for samples and times, not [${xs.shape.join(', ')}]`)
  }
  const inTime = swapped(xs)
  const projected = one.project(parameters, reshape(inTime, [length * n, ...rest]))
  const steps = reshape(projected, [length, n, ...projected.shape.slice(1)])
  const start = options.initial ?? one.start(reshape(sliceAxis(inTime, 0, 0, 1), [n, ...rest]))
  const run = (options.loop ?? length > SHORT) ? inLoop : inSteps
  return run((state, x) => one.step(parameters, x, state), start, steps, options.reverse ?? false)
}

type Run = <S extends CellState>(
  step: (state: S, x: Tensor) => S,
  start: S,
  steps: Tensor,
  reverse: boolean,
) => Unrolled<S>

const inLoop: Run = (step, start, steps, reverse) => {
  const { carry, ys } = scan(
    (state: typeof start, x: Tensor) => {
      const next = step(state, x)
      return { carry: next, y: next.hidden }
    },
    start,
    steps,
    { reverse },
  )
  return { outputs: swapped(ys), state: carry }
}

const inSteps: Run = (step, start, steps, reverse) => {
  const [length = 0, ...rest] = steps.shape
  const outputs: Tensor[] = []
  let state = start
  for (const t of reverse ? range(0, length).reverse() : range(0, length)) {
    state = step(state, reshape(sliceAxis(steps, 0, t, t + 1), rest))
    outputs[t] = state.hidden
  }
  return { outputs: stack(outputs, 1), state }
}

/** Runs a cell over time: `[N, T, ...]` to the hidden state after each time, `[N, T, ...]`. */
export function recurrent<T extends ParameterTree, S extends CellState>(
  one: Cell<T, S>,
  options: UnrollOptions = {},
): Layer<T> {
  return layer(one.name, one.parameters, (p, xs) => unroll(one, p, xs, options).outputs)
}

/** As `recurrent`, but the hidden state after the last step only, `[N, ...]`. */
export function recurrentLast<T extends ParameterTree, S extends CellState>(
  one: Cell<T, S>,
  options: UnrollOptions = {},
): Layer<T> {
  return layer(one.name, one.parameters, (p, xs) => unroll(one, p, xs, options).state.hidden)
}

/** One cell forwards and one backwards, side by side along axis 2: `[N, T, 2 · hidden, ...]`. */
export function bidirectional<T extends ParameterTree, S extends CellState>(
  forwards: Cell<T, S>,
  backwards: Cell<T, S>,
  options: Pick<UnrollOptions, 'loop'> = {},
) {
  const parameters = { forwards: forwards.parameters, backwards: backwards.parameters }
  return layer('bidirectional', parameters, (p, xs: Tensor) => {
    const leaves = p as { readonly forwards: Traced<T>; readonly backwards: Traced<T> }
    const there = recurrent(forwards, options).apply(leaves.forwards, xs)
    const back = recurrent(backwards, { ...options, reverse: true }).apply(leaves.backwards, xs)
    return concat([there, back], 2)
  })
}
