/** Loops over time: unrolled where they are short or the target has no control flow, else ONNX's `Scan`. */

import type { Loop } from '../attributes/control.ts'
import { OnnxGraph, type Value } from '../onnx/graph.ts'
import type { Tensor } from '../primitive.ts'
import { Lowering, type LowerTuple } from './target.ts'
import { lowerNodes } from './walk.ts'

/** Loops up to here are unrolled: the fast forms of convolutions apply, and the gradient computes no step again. */
const SHORT = 16

/** The operands of a loop. */
interface Operands {
  readonly init: readonly Value[]
  readonly sequences: readonly Value[]
  readonly captured: readonly Value[]
}

interface Steps {
  readonly carry: readonly Value[]
  /** Of every step: each result, then each carry before it. */
  readonly parts: readonly (readonly Value[])[]
}

/** Steps one after the other; `elements` gives those of step t. */
function take(
  l: Lowering,
  { body, carries, reverse }: Loop,
  count: number,
  { init, captured }: Operands,
  elements: (t: number) => readonly Value[],
): Steps {
  const parts: Value[][] = Array.from({ length: body.outputs.length }, () => [])
  let carry = init
  for (let step = 0; step < count; step++) {
    const t = reverse ? count - 1 - step : step
    const inputs = [...carry, ...elements(t), ...captured]
    const bound = new Map<Tensor, Value>(body.inputs.map((leaf, i) => [leaf, inputs[i]!]))
    lowerNodes(l, body.outputs, bound)
    const outputs = body.outputs.map((node) => bound.get(node)!)
    const given = [...outputs.slice(carries), ...carry]
    given.forEach((value, i) => {
      parts[i] ??= []
      parts[i]![t] = value
    })
    carry = outputs.slice(0, carries)
  }
  return { carry, parts }
}

/** Element t of the first axis; where an unrolled loop stacked it, the element itself. */
function element(l: Lowering, x: Value, t: number): Value {
  return l.stacks.get(x.name)?.[t] ?? l.reshape(l.slice(x, [0], [t], [t + 1]), x.shape.slice(1))
}

function stack(l: Lowering, parts: readonly Value[]): Value {
  const stacked = l.concat(
    parts.map((part) => l.reshape(part, [1, ...part.shape])),
    0,
  )
  l.stacks.set(stacked.name, parts)
  return stacked
}

type Form = (l: Lowering, loop: Loop, operands: Operands, used: (index: number) => boolean) => (Value | undefined)[]

/** All steps as nodes of the graph. */
const unrolled: Form = (l, loop, operands, used) => {
  const elements = (t: number): Value[] => operands.sequences.map((x) => element(l, x, t))
  const { carry, parts } = take(l, loop, loop.length, operands, elements)
  return [...carry, ...parts.map((list, i) => (used(loop.carries + i) ? stack(l, list) : undefined))]
}

/** The greatest divisor of `length` that is not above `most`. */
function divisor(length: number, most: number): number {
  for (let d = Math.min(most, length); d > 1; d--) if (length % d === 0) return d
  return 1
}

/** The body of a `Scan` whose every turn takes some steps, and which results it gives. */
function turnBody(
  l: Lowering,
  loop: Loop,
  turn: number,
  { init, sequences, captured }: Operands,
  used: (index: number) => boolean,
): { readonly graph: OnnxGraph; readonly results: readonly { readonly index: number; readonly value: Value }[] } {
  const inner = new Lowering(new OnnxGraph(l.graph), l.target, l.rules)
  const { graph } = inner
  const state = init.map(({ shape, type }) => graph.argument(shape, type))
  const now = sequences.map(({ shape: [, ...shape], type }) =>
    graph.argument(turn === 1 ? shape : [turn, ...shape], type),
  )
  const elements = (t: number): Value[] => (turn === 1 ? now : now.map((x) => element(inner, x, t)))
  // A loop without sequences turns over a dummy one.
  if (sequences.length === 0) graph.argument([], 'float32')
  const { carry, parts } = take(inner, loop, turn, { init: state, sequences: now, captured }, elements)
  for (const value of carry) graph.result(value)
  const results = parts.flatMap((list, i) => {
    const index = loop.carries + i
    return used(index) ? [{ index, value: turn === 1 ? list[0]! : stack(inner, list) }] : []
  })
  for (const { value } of results) graph.result(value)
  graph.prune()
  return { graph, results }
}

/** ONNX's `Scan`. What the body takes from outside it reads by name. */
const scanned: Form = (l, loop, operands, used) => {
  const { carries, length, reverse, unroll } = loop
  const { init, sequences } = operands
  const turn = divisor(length, unroll)
  const turns = length / turn
  const { graph, results } = turnBody(l, loop, turn, operands, used)
  const over = sequences.map((x) => (turn === 1 ? x : l.reshape(x, [turns, turn, ...x.shape.slice(1)])))
  const driver = sequences.length === 0 ? [l.graph.filled(0, [turns])] : []
  const scans = [...over, ...driver]
  const direction = reverse ? 1 : 0
  const values = l.graph.emitTyped(
    'Scan',
    [...init, ...scans],
    [...init, ...results.map(({ value: { shape, type } }) => ({ shape: [turns, ...shape], type }))].map(
      ({ shape, type }) => ({ shape, type }),
    ),
    {
      attributes: {
        body: { graph },
        num_scan_inputs: scans.length,
        scan_input_directions: scans.map(() => direction),
        ...(results.length === 0 ? {} : { scan_output_directions: results.map(() => direction) }),
      },
    },
  )
  const out: (Value | undefined)[] = values.slice(0, carries)
  results.forEach(({ index, value: { shape } }, k) => {
    out[index] = l.reshape(values[carries + k]!, [length, ...shape.slice(turn === 1 ? 0 : 1)])
  })
  return out
}

export const lowerScan: LowerTuple<'scan'> = (l, inputs, { attributes: loop }, used) => {
  const { carries, sequences, length } = loop
  const form = length <= SHORT || l.target.controlFlow === false ? unrolled : scanned
  const operands = {
    init: inputs.slice(0, carries),
    sequences: inputs.slice(carries, carries + sequences),
    captured: inputs.slice(carries + sequences),
  }
  return form(l, loop, operands, used)
}
