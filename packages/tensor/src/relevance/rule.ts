/** What the relevance rules are made of. All are linear in the relevance that arrives, as gradients are. */

import { InputError } from '@ecotope/core'
import { apply, constant } from '../apply.ts'
import { add, addAll, div, equal, greaterEqual, maximum, minimum, mul, sub, where } from '../ops/plain.ts'
import type { Primitive, Tensor } from '../primitive.ts'
import { unbroadcast } from '../vjp/plain.ts'

/** How a layer with weights shares its relevance among its inputs. */
export type LayerRule =
  /** In proportion to x w, the denominator moved away from 0 by `epsilon` (Bach et al. 2015, equation 58). */
  | { readonly kind: 'epsilon'; readonly epsilon: number }
  /** As epsilon, with what agrees with the output's sign counted 1 + gamma times (Montavon et al. 2019; any input). */
  | { readonly kind: 'gamma'; readonly gamma: number; readonly epsilon: number }
  /** alpha times the positive contributions less alpha - 1 times the negative ones (Bach et al. 2015, equation 60). */
  | { readonly kind: 'alphaBeta'; readonly alpha: number; readonly epsilon: number }
  /** For first layers on inputs in [low, high] (Montavon et al. 2017, "z^B"). */
  | { readonly kind: 'zB'; readonly low: number; readonly high: number; readonly epsilon: number }

export interface RelevanceContext {
  /** Whether a node depends on what relevance is asked of; other operands are weights. */
  readonly depends: (node: Tensor) => boolean
  readonly ruleOf: (node: Tensor) => LayerRule
  readonly epsilon: number
  readonly attention: 'detached' | 'halves'
  readonly normalisation: 'identity' | 'detached'
  readonly pullback: (
    outputs: readonly Tensor[],
    cotangents: readonly (Tensor | null)[],
    wrt: readonly Tensor[],
  ) => (Tensor | null)[]
  /** Relevance through a graph of its own: of its outputs among some of its nodes. */
  readonly within: (
    outputs: readonly Tensor[],
    relevances: readonly (Tensor | null)[],
    of: readonly Tensor[],
  ) => (Tensor | null)[]
}

/** The relevance of a node's inputs from that of its value; null where none flows. */
export type RelevanceRule<P extends Primitive> = (
  node: Tensor<P>,
  r: Tensor,
  context: RelevanceContext,
) => readonly (Tensor | null)[]

const separate = (x: Tensor): Tensor => apply('identity', [x], {})

/** r / z, z moved away from 0; nothing where z is 0 and nothing moves it. */
export function ratio(r: Tensor, z: Tensor, epsilon: number): Tensor {
  if (epsilon > 0) return div(r, add(z, where(greaterEqual(z, 0), epsilon, -epsilon)))
  const none = equal(z, 0)
  return where(none, 0, div(r, where(none, 1, z)))
}

/** All operands that depend on the data share in proportion to what they contribute to a linear value. */
export const proportional: RelevanceRule<Primitive> = (node, r, { depends, epsilon, pullback }) => {
  const inputs = node.inputs.map((x) => (depends(x) ? separate(x) : x))
  const y = apply(node.op, inputs, node.attributes)
  const data = inputs.filter((x, i) => x !== node.inputs[i])
  const parts = pullback([y], [ratio(r, y, epsilon)], data)
  return inputs.map((x) => {
    const g = data.includes(x) ? parts[data.indexOf(x)]! : null
    return g === null ? null : mul(x, g)
  })
}

/** Elementwise functions: the operand takes all. */
export const passing: RelevanceRule<Primitive> = (node, r, { depends }) =>
  node.inputs.map((x) => (depends(x) ? unbroadcast(r, x.shape) : null))

/** Values that only move, are copied or win: relevance goes back where they came from, as gradients do. */
export const moving: RelevanceRule<Primitive> = (node, r, { depends, pullback }) => {
  const inputs = node.inputs.map((x) => (x.dtype === 'float32' && depends(x) ? separate(x) : x))
  const found = pullback([apply(node.op, inputs, node.attributes)], [r], inputs)
  return inputs.map((x, i) => (x === node.inputs[i] ? null : found[i]!))
}

/** Decisions: nothing flows. */
export const deciding: RelevanceRule<Primitive> = (node) => node.inputs.map(() => null)

/** There is no rule for it. */
export const refusing: RelevanceRule<Primitive> = (node) => {
  const where = node.scope === '' ? '' : ` in ${node.scope}`
  throw new InputError('NoRelevance', `relevance: there is no rule for ${node.op}${where}`, {
    hint: 'Take the relevance of an earlier value, or among nodes that lie behind it.',
    data: { primitive: node.op, scope: node.scope },
  })
}

interface Term {
  readonly x: Tensor
  readonly w: Tensor
}

/** A value that is linear in x and in w, with the rest of its operands fixed. */
export interface Linear {
  readonly x: Tensor
  readonly w: Tensor
  /** Added to the value; broadcasts to it. */
  readonly bias: Tensor | null
  readonly make: (x: Tensor, w: Tensor) => Tensor
}

const positive = (x: Tensor): Tensor => maximum(x, 0)
const negative = (x: Tensor): Tensor => minimum(x, 0)

/** Shares r among the terms' x in proportion to what they contribute to the sum of all terms and the bias. */
function share(
  terms: readonly Term[],
  bias: Tensor | null,
  r: Tensor,
  { make }: Linear,
  epsilon: number,
  pullback: RelevanceContext['pullback'],
): Tensor {
  const xs = terms.map(({ x }) => separate(x))
  const ys = terms.map(({ w }, i) => make(xs[i]!, w))
  const z = addAll(bias === null ? ys : [...ys, bias])
  const s = ratio(r, z, epsilon)
  const found = pullback(
    ys,
    ys.map(() => s),
    xs,
  )
  return addAll(xs.map((x, i) => mul(x, found[i] ?? constant(0, x.shape))))
}

/** The relevance of a linear layer's input by the layer's rule. */
export function linear(layer: Linear, y: Tensor, r: Tensor, rule: LayerRule, context: RelevanceContext): Tensor {
  const { x, w, bias } = layer
  const { epsilon } = rule
  const among = (terms: readonly Term[], b: Tensor | null, part: Tensor): Tensor =>
    share(terms, b, part, layer, epsilon, context.pullback)
  const like = (plus: Tensor, minus: Tensor): Term[] => [
    { x: positive(x), w: plus },
    { x: negative(x), w: minus },
  ]
  if (rule.kind === 'epsilon') return among([{ x, w }], bias, r)
  if (rule.kind === 'zB') {
    const filled = (value: number): Tensor => constant(value, x.shape)
    const terms = [
      { x, w },
      { x: filled(-rule.low), w: positive(w) },
      { x: filled(-rule.high), w: negative(w) },
    ]
    return among(terms, null, r)
  }
  if (rule.kind === 'alphaBeta') {
    const agreeing = among(like(positive(w), negative(w)), bias && positive(bias), mul(r, rule.alpha))
    if (rule.alpha === 1) return agreeing
    const opposing = among(like(negative(w), positive(w)), bias && negative(bias), mul(r, rule.alpha - 1))
    return sub(agreeing, opposing)
  }
  const more = (v: Tensor, part: Tensor): Tensor => add(v, mul(part, rule.gamma))
  const [up, down] = [more(w, positive(w)), more(w, negative(w))]
  const above = greaterEqual(y, 0)
  return add(
    among(like(up, down), bias && more(bias, positive(bias)), where(above, r, 0)),
    among(like(down, up), bias && more(bias, negative(bias)), where(above, 0, r)),
  )
}

/** Statistics and gates: how much of a signal passes, not what. */
const gates: ReadonlySet<Primitive> = new Set<Primitive>(['sigmoid', 'softmax', 'erf', 'clip', 'cast', 'powConstant'])
const carriers: ReadonlySet<Primitive> = new Set<Primitive>([
  'add',
  'sub',
  'mul',
  'neg',
  'reshape',
  'transpose',
  'expand',
  'slice',
  'identity',
])

/** Whether a factor is a gate: bounded functions, statistics (x^-0.5), and what constants make of them. */
export function isGate(node: Tensor, depends: (node: Tensor) => boolean): boolean {
  if (node.op === 'powConstant') return (node as Tensor<'powConstant'>).attributes.exponent < 0
  if (gates.has(node.op)) return true
  const data = node.inputs.filter(depends)
  return carriers.has(node.op) && data.length === 1 && isGate(data[0]!, depends)
}

/**
 * A product of two tensors that both depend on the data: the signal takes all where the other is a gate (Arras et al.
 * 2019), else each takes half (Achtibat et al. 2024, equation 15).
 */
export function product(node: Tensor, r: Tensor, depends: RelevanceContext['depends']): (Tensor | null)[] {
  const [a, b] = node.inputs as [Tensor, Tensor]
  const [left, right] = [isGate(a, depends), isGate(b, depends)]
  const to = (x: Tensor, factor: number): Tensor => unbroadcast(mul(r, factor), x.shape)
  if (left && !right) return [null, to(b, 1)]
  if (right && !left) return [to(a, 1), null]
  return [to(a, 0.5), to(b, 0.5)]
}
