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

export const scanVjp: TupleVjp<'scan'> = (node, gs, needed, pullback) => {
  const loop = node.attributes
  const { body, carries, sequences } = loop
  const flags = varying(loop, needed)
  const { carried, given, gradients } = backwardStep(loop, gs, flags, pullback)
  const live = carried.flatMap((leaf, i) => (leaf === null ? [] : [i]))
  const summed = gradients.flatMap((g, i) => (g !== null && i >= carries + sequences ? [i] : []))
  const stacked = gradients.flatMap((g, i) => (g !== null && i >= carries && i < carries + sequences ? [i] : []))
  const sums = summed.map((i) => placeholder(`sum.${i}`, body.inputs[i]!))
  const outputs = [
    ...live.map((i) => gradients[i] ?? zeros(body.inputs[i]!)),
    ...summed.map((i, k) => add(sums[k]!, gradients[i]!)),
    ...stacked.map((i) => gradients[i]!),
  ]
  const used = new Set(topological(outputs))
  const reads = body.inputs.flatMap((leaf, i) => (used.has(leaf) ? [i] : []))
  const [before, after] = [reads.filter((i) => i < carries + sequences), reads.filter((i) => i >= carries + sequences)]
  const arriving = given.flatMap((leaf, i) => (leaf !== null && used.has(leaf) ? [i] : []))
  const specs = loopSpecs(loop)
  const trajectory = (i: number): Tensor => pick(node, body.outputs.length + i, specs[body.outputs.length + i]!)
  const firsts = [...live.map((i) => gs[i] ?? zeros(body.inputs[i]!)), ...summed.map((i) => zeros(body.inputs[i]!))]
  const history = [
    ...before.map((i) => (i < carries ? trajectory(i) : node.inputs[i]!)),
    ...arriving.map((i) => gs[carries + i]!),
  ]
  const leaves = [
    ...live.map((i) => carried[i]!),
    ...sums,
    ...before.map((i) => body.inputs[i]!),
    ...arriving.map((i) => given[i]!),
    ...after.map((i) => body.inputs[i]!),
  ]
  const closed = closeOver(leaves, outputs, 0)
  const backward = apply('scan', [...firsts, ...history, ...after.map((i) => node.inputs[i]!), ...closed.captured], {
    body: closed.body,
    carries: firsts.length,
    sequences: history.length,
    length: loop.length,
    reverse: !loop.reverse,
    unroll: loop.unroll,
  })
  const values = loopValues(backward)
  const order = [...live, ...summed, ...stacked]
  return node.inputs.map((_, i) => {
    const at = order.indexOf(i)
    return at === -1 ? null : values[at]!
  })
}
