/** ONNX's LSTM, GRU and RNN as loops over time. Gates are stacked in ONNX's order: i o f c; z r h. */

import { constant } from '../../apply.ts'
import { add, concat, matmul, mul, relu, reshape, sigmoid, sliceAxis, sub, tanh } from '../../ops/plain.ts'
import type { Tensor } from '../../primitive.ts'
import { range } from '../../shape.ts'
import { scan } from '../../transform/scan.ts'
import type { Call, Rule } from '../item.ts'

interface Direction {
  /** `[gates H, I]`, `[gates H, H]`; biases `[gates H]` of both. */
  readonly w: Tensor
  readonly r: Tensor
  readonly wBias: Tensor | undefined
  readonly rBias: Tensor | undefined
  readonly hidden: number
}

/** The states after a step, the output first. `x` is the input's part, `[N, gates H]`. */
type Cell = (x: Tensor, states: readonly Tensor[], d: Direction) => readonly Tensor[]

const gate = (x: Tensor, i: number, hidden: number): Tensor => sliceAxis(x, -1, i * hidden, (i + 1) * hidden)
const plus = (x: Tensor, bias: Tensor | undefined): Tensor => (bias === undefined ? x : add(x, bias))
const project = (x: Tensor, w: Tensor): Tensor => matmul(x, w, { transposeB: true })

const lstm: Cell = (x, [h, cell], d) => {
  const all = add(x, plus(project(h!, d.r), d.rBias))
  const [i, o, f] = range(0, 3).map((k) => sigmoid(gate(all, k, d.hidden)))
  const next = add(mul(f!, cell!), mul(i!, tanh(gate(all, 3, d.hidden))))
  return [mul(o!, tanh(next)), next]
}

const gru =
  (linearBeforeReset: boolean): Cell =>
  (x, [h], d) => {
    const part = (v: Tensor | undefined, from: number, to: number): Tensor | undefined =>
      v === undefined ? undefined : sliceAxis(v, 0, from * d.hidden, to * d.hidden)
    const zr = sigmoid(add(sliceAxis(x, -1, 0, 2 * d.hidden), plus(project(h!, part(d.r, 0, 2)!), part(d.rBias, 0, 2))))
    const [z, r] = [gate(zr, 0, d.hidden), gate(zr, 1, d.hidden)]
    const [w, bias] = [part(d.r, 2, 3)!, part(d.rBias, 2, 3)]
    const inner = linearBeforeReset ? mul(r, plus(project(h!, w), bias)) : plus(project(mul(r, h!), w), bias)
    const candidate = tanh(add(gate(x, 2, d.hidden), inner))
    return [add(candidate, mul(z, sub(h!, candidate)))]
  }

const rnn =
  (activation: (x: Tensor) => Tensor): Cell =>
  (x, [h], d) => [activation(add(x, plus(project(h!, d.r), d.rBias)))]

/** Rows of one direction of a stacked operand. */
function part(x: Tensor, direction: number): Tensor {
  return reshape(sliceAxis(x, 0, direction, direction + 1), x.shape.slice(1))
}

function directionOf(c: Call, i: number, gates: number): Direction {
  const w = part(c.tensor(1), i)
  const r = part(c.tensor(2), i)
  const hidden = r.shape[1]!
  const biases = c.has(3) ? part(c.tensor(3), i) : undefined
  const bias = (k: number): Tensor | undefined =>
    biases === undefined ? undefined : sliceAxis(biases, 0, k * gates * hidden, (k + 1) * gates * hidden)
  return { w, r, wBias: bias(0), rBias: bias(1), hidden }
}

function checkSupported(c: Call, activations: readonly string[]): void {
  const given = c.attribute('activations')?.texts ?? []
  if (given.some((name, i) => name !== activations[i % activations.length])) throw c.fail(`activations ${given.join()}`)
  if (c.attribute('clip') !== undefined) throw c.fail('clip')
  c.require('input_forget', 0)
  c.require('layout', 0)
  if (c.has(7)) throw c.fail('peepholes')
  const steps = c.shape(0)[0]!
  if (c.has(4) && c.values(4).some((length) => length !== steps)) throw c.fail('sequences of different lengths')
}

interface Kind {
  readonly gates: number
  readonly cell: Cell
  readonly activations: readonly string[]
  /** Operands that hold first states. */
  readonly states: readonly number[]
}

/** The outputs of every step `[T, N, H]` in the order of time, and the last states. */
function runDirection(c: Call, kind: Kind, i: number, reversed: boolean): { y: Tensor; last: readonly Tensor[] } {
  const x = c.tensor(0)
  const [, batch = 1] = x.shape
  const d = directionOf(c, i, kind.gates)
  const first = (operand: number): Tensor =>
    c.has(operand) ? part(c.tensor(operand), i) : constant(0, [batch, d.hidden])
  const { carry, ys } = scan(
    (states: readonly Tensor[], now: Tensor) => {
      const next = kind.cell(now, states, d)
      return { carry: next, y: next[0]! }
    },
    kind.states.map(first),
    plus(project(x, d.w), d.wBias),
    { reverse: reversed },
  )
  return { y: ys, last: carry }
}

/** Y `[T, D, N, H]`, then the last states `[D, N, H]`. */
const recurrent =
  (kindOf: (c: Call) => Kind): Rule =>
  (c) => {
    const kind = kindOf(c)
    checkSupported(c, kind.activations)
    const direction = c.text('direction', 'forward')
    const reversed = direction === 'bidirectional' ? [false, true] : [direction === 'reverse']
    const runs = reversed.map((backwards, i) => runDirection(c, kind, i, backwards))
    const y = runs.map((run) => {
      const [t = 1, n = 1, h = 1] = run.y.shape
      return reshape(run.y, [t, 1, n, h])
    })
    const last = kind.states.map((_, k) =>
      concat(
        runs.map((run) => reshape(run.last[k]!, [1, ...run.last[k]!.shape])),
        0,
      ),
    )
    return [concat(y, 1), ...last]
  }

export const recurrentRules = {
  GRU: recurrent((c) => ({
    gates: 3,
    cell: gru(c.integer('linear_before_reset', 0) === 1),
    activations: ['Sigmoid', 'Tanh'],
    states: [5],
  })),
  LSTM: recurrent(() => ({ gates: 4, cell: lstm, activations: ['Sigmoid', 'Tanh', 'Tanh'], states: [5, 6] })),
  RNN: recurrent((c) => {
    const name = c.attribute('activations')?.texts[0] ?? 'Tanh'
    return { gates: 1, cell: rnn(name === 'Relu' ? relu : tanh), activations: [name], states: [5] }
  }),
} as const satisfies Readonly<Record<string, Rule>>
