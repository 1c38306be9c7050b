/** The gradient of a loop: the loop backwards, whose steps compute the forward step again from its carry. */

import { apply, constant } from '../apply.ts'
import type { Loop } from '../attributes/control.ts'
import { add } from '../ops/plain.ts'
import { type Tensor, topological } from '../primitive.ts'
import { range } from '../shape.ts'
import { closeOver, pick, placeholder } from '../transform/body.ts'
import { loopSpecs, loopValues } from '../transform/scan.ts'
import type { SparsePullback, TupleVjp } from './index.ts'

/** Which inputs of the body depend on inputs of the loop that ask for a gradient: carries hand it on. */
function varying({ body, carries }: Loop, needed: readonly boolean[]): boolean[] {
  const flags = body.inputs.map(({ dtype }, i) => needed[i]! && dtype === 'float32')
  const order = topological(body.outputs)
  for (;;) {
    const depends = new Set(body.inputs.filter((_, i) => flags[i]))
    for (const node of order) if (node.inputs.some((from) => depends.has(from))) depends.add(node)
    const more = range(0, carries).filter(
      (i) => !flags[i] && body.inputs[i]!.dtype === 'float32' && depends.has(body.outputs[i]!),
    )
    if (more.length === 0) return flags
    for (const i of more) flags[i] = true
  }
}

interface Backward {
  /** Cotangents of the carries after the step, where there are any. */
  readonly carried: readonly (Tensor | null)[]
  /** Cotangents of this step's results, and of the carries before it. */
  readonly given: readonly (Tensor | null)[]
  /** Gradients of the body's inputs. */
  readonly gradients: readonly (Tensor | null)[]
}

/** One step backwards for the carries that have a cotangent, which is found out by trying. */
function backwardStep(
  loop: Loop,
  gs: readonly (Tensor | null)[],
  flags: readonly boolean[],
  pullback: SparsePullback,
): Backward {
  const { body, carries } = loop
  const results = body.outputs.length - carries
  const wanted = body.inputs.filter((_, i) => flags[i])
  const given = Array.from({ length: results + carries }, (_, i) => {
    const g = gs[carries + i] ?? null
    return g === null ? null : placeholder(`given.${i}`, { shape: g.shape.slice(1) })
  })
  let live = body.inputs.slice(0, carries).map((_, i) => flags[i]! && (gs[i] ?? null) !== null)
  for (;;) {
    const carried = live.map((on, i) => (on ? placeholder(`carried.${i}`, body.inputs[i]!) : null))
    const found = pullback(body.outputs, [...carried, ...given.slice(0, results)], wanted)
    const gradients = body.inputs.map((leaf, i) => {
      const g = flags[i] ? found[wanted.indexOf(leaf)]! : null
      const direct = i < carries && flags[i] ? given[results + i]! : null
      return g !== null && direct !== null ? add(g, direct) : (g ?? direct)
    })
    const next = live.map((on, i) => on || gradients[i] !== null)
    if (next.every((on, i) => on === live[i])) return { carried, given, gradients }
    live = next
  }
}

const zeros = (like: Tensor): Tensor => constant(0, like.shape)

/** What the backward loop is made of: a leaf of its body beside the node that feeds it. */
interface Feed {
  readonly leaf: Tensor
  readonly from: Tensor
}

/** Carries of the backward loop: cotangents of carries, and sums of the gradients of what comes from outside. */
interface Summed {
  /** The inputs of the forward body whose gradient a last carry is. */
  readonly of: readonly number[]
  readonly feeds: readonly Feed[]
  readonly next: readonly Tensor[]
}

function sums(loop: Loop, { carried, gradients }: Backward, gs: readonly (Tensor | null)[]): Summed {
  const { body, carries, sequences } = loop
  const live = carried.flatMap((leaf, i) => (leaf === null ? [] : [{ leaf, i }]))
  const outside = gradients.flatMap((g, i) => (g !== null && i >= carries + sequences ? [{ g, i }] : []))
  const totals = outside.map(({ i }) => ({
    leaf: placeholder(`sum.${i}`, body.inputs[i]!),
    from: zeros(body.inputs[i]!),
  }))
  return {
    of: [...live, ...outside].map(({ i }) => i),
    feeds: [...live.map(({ leaf, i }) => ({ leaf, from: gs[i] ?? zeros(leaf) })), ...totals],
    next: [
      ...live.map(({ leaf, i }) => gradients[i] ?? zeros(leaf)),
      ...outside.map(({ g }, k) => add(totals[k]!.leaf, g)),
    ],
  }
}

/** Sequences of the backward loop: those of the forward loop, its carries and the cotangents, as far as they are read. */
function histories(node: Tensor<'scan'>, { given }: Backward, gs: readonly (Tensor | null)[]): Feed[] {
  const { body, carries, sequences } = node.attributes
  const specs = loopSpecs(node.attributes)
  const trajectory = (i: number): Tensor => pick(node, body.outputs.length + i, specs[body.outputs.length + i]!)
  return [
    ...range(0, carries + sequences).map((i) => ({
      leaf: body.inputs[i]!,
      from: i < carries ? trajectory(i) : node.inputs[i]!,
    })),
    ...given.flatMap((leaf, i) => (leaf === null ? [] : [{ leaf, from: gs[carries + i]! }])),
  ]
}

export const scanVjp: TupleVjp<'scan'> = (node, gs, needed, pullback) => {
  const loop = node.attributes
  const { body, carries, sequences } = loop
  const backward = backwardStep(loop, gs, varying(loop, needed), pullback)
  const carry = sums(loop, backward, gs)
  const stacked = range(carries, carries + sequences).filter((i) => backward.gradients[i] !== null)
  const outputs = [...carry.next, ...stacked.map((i) => backward.gradients[i]!)]
  const read = new Set(topological(outputs))
  const over = histories(node, backward, gs).filter(({ leaf }) => read.has(leaf))
  const outside = range(carries + sequences, body.inputs.length)
    .map((i) => ({ leaf: body.inputs[i]!, from: node.inputs[i]! }))
    .filter(({ leaf }) => read.has(leaf))
  const feeds = [...carry.feeds, ...over, ...outside]
  const leaves = feeds.map(({ leaf }) => leaf)
  const closed = closeOver(leaves, outputs, 0)
  const values = loopValues(
    apply('scan', [...feeds.map(({ from }) => from), ...closed.captured], {
      ...loop,
      body: closed.body,
      carries: carry.feeds.length,
      sequences: over.length,
      reverse: !loop.reverse,
    }),
  )
  const order = [...carry.of, ...stacked]
  return node.inputs.map((_, i) => values[order.indexOf(i)] ?? null)
}
