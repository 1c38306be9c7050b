/** Loops over time whose body is traced once. */

import { InputError } from '@ecotope/core'
import { apply, reapply } from '../apply.ts'
import type { Loop } from '../attributes/control.ts'
import type { Attributes, Tensor, TensorSpec } from '../primitive.ts'
import { sameShape, showShape } from '../shape.ts'
import { type closeOver, pick, traceBody } from './body.ts'
import { leavesOf, type Tree, withLeaves } from './tree.ts'

export interface ScanOptions {
  /** From the last element to the first. Results stay at the places of their elements. Default false. */
  readonly reverse?: boolean
  /**
   * Steps of a long loop that become one turn. Default 1: in ONNX Runtime a turn costs less than a node, so that more
   * only pays where constants or fusions span steps. Loops of up to 16 steps are always unrolled.
   */
  readonly unroll?: number
  /** Number of steps; needed only where `xs` is null. */
  readonly length?: number
}

/**
 * `carry, ys[t] = step(carry, xs[t])` for every t, as jax.lax.scan: `init` is the first carry, the leaves of `xs` have
 * time as their first axis, and the leaves of `ys` get it. The step is traced once; its carry must keep its shapes.
 * A random leaf in the step is drawn anew at every step. Gradients keep the carries of all steps (not what is inside
 * a step, which is computed again). Raises `InputError` where extents differ or the carry changes its shape.
 */
export function scan<C extends Tree, X extends Tree, Y extends Tree | undefined>(
  step: (carry: C, x: X) => { readonly carry: C; readonly y?: Y },
  init: C,
  xs: X,
  options: ScanOptions = {},
): { readonly carry: C; readonly ys: Y } {
  const [first, sequences] = [leavesOf(init, 'scan'), leavesOf(xs, 'scan')]
  const length = lengthOf(sequences, options.length)
  const elements = sequences.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype }))
  let form: { y?: Y } = {}
  const closed = traceBody([...first, ...elements], (inputs) => {
    const result = step(withLeaves(init, inputs.slice(0, first.length)), withLeaves(xs, inputs.slice(first.length)))
    form = result
    return [...checkCarry(first, leavesOf(result.carry, 'scan')), ...leavesOf(result.y, 'scan')]
  })
  const outputs = loop(closed, first, sequences, {
    length,
    reverse: options.reverse ?? false,
    unroll: options.unroll ?? 1,
  })
  return {
    carry: withLeaves(init, outputs.slice(0, first.length)),
    ys: withLeaves(form.y, outputs.slice(first.length)) as Y,
  }
}

function loop(
  { body, draws, captured }: ReturnType<typeof closeOver>,
  init: readonly Tensor[],
  xs: readonly Tensor[],
  how: Pick<Loop, 'length' | 'reverse' | 'unroll'>,
): Tensor[] {
  const drawn = draws.map((leaf) => reapply({ ...leaf, shape: [how.length, ...leaf.shape] }, []))
  const attributes = { ...how, body, carries: init.length, sequences: xs.length + drawn.length }
  return loopValues(apply('scan', [...init, ...xs, ...drawn, ...captured], attributes))
}

/** What the values of a loop are, the carries before every step included. */
export function loopSpecs({ body, carries, length }: Attributes['scan']): TensorSpec[] {
  const stacked = ({ shape, dtype }: Tensor): TensorSpec => ({ shape: [length, ...shape], dtype })
  return [
    ...body.outputs.slice(0, carries),
    ...body.outputs.slice(carries).map(stacked),
    ...body.inputs.slice(0, carries).map(stacked),
  ]
}

/** The last carries and the stacked results. */
export function loopValues(node: Tensor<'scan'>): Tensor[] {
  const specs = loopSpecs(node.attributes).slice(0, node.attributes.body.outputs.length)
  return specs.map((spec, i) => pick(node, i, spec))
}

function lengthOf(sequences: readonly Tensor[], length: number | undefined): number {
  const lengths = [...sequences.map(({ shape }) => shape[0] ?? 0), ...(length === undefined ? [] : [length])]
  if (lengths.length === 0 || !lengths.every((n) => n > 0 && n === lengths[0])) {
    throw new InputError('ShapeMismatch', `scan: sequences of one length are needed, not of ${lengths.join(', ')}`, {
      hint: 'The first axis of every leaf of xs is time; with xs null, give options.length.',
      data: { lengths },
    })
  }
  return lengths[0]!
}

function checkCarry(before: readonly Tensor[], after: readonly Tensor[]): readonly Tensor[] {
  const fits = before.length === after.length && before.every((x, i) => sameSpec(x, after[i]!))
  if (!fits) {
    const show = (leaves: readonly Tensor[]): string =>
      leaves.map(({ shape, dtype }) => `${dtype} ${showShape(shape)}`).join(' ')
    throw new InputError('ShapeMismatch', `scan: the carry was ${show(before)} and becomes ${show(after)}`)
  }
  return after
}

const sameSpec = (a: Tensor, b: Tensor): boolean => sameShape(a.shape, b.shape) && a.dtype === b.dtype
