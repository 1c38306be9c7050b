/** Loops over time: unrolled where they are short or the target has no control flow, else ONNX's `Scan`. */

import type { Loop } from '../attributes/control.ts'
import { OnnxGraph, type Value } from '../onnx/graph.ts'
import type { Tensor } from '../primitive.ts'
import { Lowering, type LowerTuple } from './target.ts'
import { lowerNodes } from './walk.ts'

/** Loops up to here are unrolled: the fast forms of convolutions apply, and the gradient computes no step again. */
const SHORT = 16

const steps = ({ length, reverse }: Pick<Loop, 'length' | 'reverse'>): number[] => {
  const order = Array.from({ length }, (_, t) => t)
  return reverse ? order.reverse() : order
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

interface Turned {
  readonly carry: readonly Value[]
  /** Results, then the carries before each step, at each step's place; undefined where not used. */
  readonly stacked: readonly (Value | undefined)[]
}

/** All steps of a loop, one after the other. */
function unrolled(
  l: Lowering,
  loop: Loop,
  init: readonly Value[],
  sequences: readonly Value[],
  captured: readonly Value[],
  used: (index: number) => boolean,
): Turned {
  const { body, carries } = loop
  const parts: Value[][] = Array.from({ length: body.outputs.length }, () => [])
  let carry = init
  for (const t of steps(loop)) {
    const inputs = [...carry, ...sequences.map((x) => element(l, x, t)), ...captured]
    const bound = new Map<Tensor, Value>(body.inputs.map((leaf, i) => [leaf, inputs[i]!]))
    lowerNodes(l, body.outputs, bound)
    const outputs = body.outputs.map((node) => bound.get(node)!)
    const given = [...outputs.slice(carries), ...carry]
    given.forEach((value, i) => {
      parts[i]![t] = value
    })
    carry = outputs.slice(0, carries)
  }
  return { carry, stacked: parts.map((list, i) => (used(carries + i) ? stack(l, list) : undefined)) }
}

/** The greatest divisor of `length` that is not above `most`. */
function divisor(length: number, most: number): number {
  for (let d = Math.min(most, length); d > 1; d--) if (length % d === 0) return d
  return 1
}

/** ONNX's `Scan`, some steps a turn. What the body takes from outside it reads by name. */
function scanned(
  l: Lowering,
  loop: Loop,
  init: readonly Value[],
  sequences: readonly Value[],
  captured: readonly Value[],
  used: (index: number) => boolean,
): Turned {
  const { carries, length, reverse, unroll } = loop
  const turn = divisor(length, unroll)
  const turns = length / turn
  const inner = new Lowering(new OnnxGraph(l.graph), l.target, l.rules)
  const state = init.map(({ shape, type }) => inner.graph.argument(shape, type))
  const parts = sequences.map(({ shape, type }) => {
    const part = inner.graph.argument(turn === 1 ? shape.slice(1) : [turn, ...shape.slice(1)], type)
    return turn === 1 ? inner.reshape(part, [1, ...part.shape]) : part
  })
  const once = unrolled(inner, { ...loop, length: turn }, state, parts, captured, used)
  for (const value of once.carry) inner.graph.result(value)
  const results = once.stacked.flatMap((value, i) => (value === undefined ? [] : [{ value, i }]))
  for (const { value } of results) inner.graph.result(turn === 1 ? inner.reshape(value, value.shape.slice(1)) : value)
  const direction = reverse ? 1 : 0
  const values = l.graph.emitTyped(
    'Scan',
    [...init, ...sequences.map((x) => (turn === 1 ? x : l.reshape(x, [turns, turn, ...x.shape.slice(1)])))],
    [
      ...init.map(({ shape, type }) => ({ shape, type })),
      ...results.map(({ value: { shape, type } }) => ({
        shape: [turns, ...(turn === 1 ? shape.slice(1) : shape)],
        type,
      })),
    ],
    {
      attributes: {
        body: { graph: inner.graph },
        num_scan_inputs: sequences.length,
        ...(sequences.length === 0 ? {} : { scan_input_directions: sequences.map(() => direction) }),
        ...(results.length === 0 ? {} : { scan_output_directions: results.map(() => direction) }),
      },
    },
  )
  const stacked: (Value | undefined)[] = once.stacked.map(() => undefined)
  results.forEach(({ value, i }, k) => {
    const whole = values[carries + k]!
    stacked[i] = l.reshape(whole, [length, ...value.shape.slice(1)])
  })
  return { carry: values.slice(0, carries), stacked }
}

export const lowerScan: LowerTuple<'scan'> = (l, inputs, { attributes: loop }, used) => {
  const { carries, sequences, length } = loop
  const form = length <= SHORT || sequences === 0 || l.target.controlFlow === false ? unrolled : scanned
  const { carry, stacked } = form(
    l,
    loop,
    inputs.slice(0, carries),
    inputs.slice(carries, carries + sequences),
    inputs.slice(carries + sequences),
    used,
  )
  return [...carry, ...stacked]
}
