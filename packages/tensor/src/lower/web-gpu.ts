/** What the WebGPU provider lacks or computes too coarsely, in terms of what it does well; the rest is portable. */

import { InputError } from '@ecotope/core'
import { constant } from '../apply.ts'
import type { Value } from '../onnx/graph.ts'
import { add, and, cast, div, equal, greater, less, max, mul, neg, not, reshape, sub, sum } from '../ops/plain.ts'
import { asin, floor } from '../ops/special.ts'
import type { Attributes, Stencil, Tensor } from '../primitive.ts'
import { sizeOf } from '../shape.ts'
import { lowerFunction } from './special.ts'
import { type Lower, type Lowering, type LoweringTarget, portable } from './target.ts'

/** Loops are unrolled: the provider would keep their counters on the processor. */
export const webGpu: LoweringTarget = { ...portable, webgpu: true, controlFlow: false }

/** pi / 2 in three parts whose products with small integers are exact in float32 (Cody and Waite 1980). */
const HALF_PI = [1.5703125, 4.837512969970703e-4, 7.549789948768648e-8] as const

/** Coefficients of the Cephes library's `sinf` and `cosf` (Moshier 1989), for |r| <= pi / 4, in powers of r^2. */
const SINE = [-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4] as const
const COSINE = [4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5] as const

const quadratic = (x: Tensor, [a, b, c]: readonly [number, number, number]): Tensor => add(mul(add(mul(x, c), b), x), a)

/** sin(x + quarters pi / 2). WGSL's own may be off by 2^-11; this form is good to 1e-7 up to some 10^4 radians. */
function sine(x: Tensor, quarters: number): Tensor {
  const k = floor(add(mul(x, 2 / Math.PI), 0.5))
  const r = HALF_PI.reduce<Tensor>((rest, part) => sub(rest, mul(k, part)), x)
  const r2 = mul(r, r)
  const sin = add(r, mul(mul(r, r2), quadratic(r2, SINE)))
  const cos = add(sub(1, mul(r2, 0.5)), mul(mul(r2, r2), quadratic(r2, COSINE)))
  const turn = add(k, quarters)
  const half = floor(mul(turn, 0.5))
  const odd = sub(turn, mul(half, 2))
  const sign = sub(1, mul(sub(half, mul(floor(mul(half, 0.5)), 2)), 2))
  return mul(sign, add(sin, mul(odd, sub(cos, sin))))
}

const form =
  (fn: (x: Tensor) => Tensor): Lower<'acos' | 'sin' | 'cos' | 'tan'> =>
  (l, [x]) =>
    lowerFunction(l, [x!], fn)

/** Comparisons that one ranking may take: a quarter of a gigabyte as float32. */
const MOST_COMPARISONS = 2 ** 26

/** The provider has no `TopK`: every element is ranked by how many come before it, ties by place. */
function placesByRank(x: Tensor, { axis, k, largest }: Attributes['argTopK']): Tensor {
  const n = x.shape[axis]!
  const [outer, inner] = [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis + 1))]
  if (outer * n * n * inner > MOST_COMPARISONS) {
    throw new InputError('NotOnDevice', `sorting ${outer * inner} runs of ${n} needs too many comparisons on WebGPU`, {
      hint: "Sort along shorter axes, take only the largest (k = 1), or use the device 'cpu' or 'wasm'.",
    })
  }
  const places = Array.from({ length: n }, (_, i) => i)
  const own = reshape(x, [outer, n, 1, inner])
  const other = reshape(x, [outer, 1, n, inner])
  const [ownPlace, otherPlace] = [constant(places, [1, n, 1, 1]), constant(places, [1, 1, n, 1])]
  const better = cast(largest ? greater(other, own) : less(other, own), 'float32')
  const tied = cast(and(equal(other, own), less(otherPlace, ownPlace)), 'float32')
  const rank = sum(add(better, tied), 2, { keepDims: true })
  const hit = cast(equal(rank, constant(places.slice(0, k), [1, 1, k, 1])), 'float32')
  return cast(reshape(sum(mul(hit, ownPlace), 1), x.shape.with(axis, k)), 'int32')
}

/** The place of the extreme; of equal ones the first. (`ArgMax` there gives integers of 64 bits, which nothing casts.) */
function placeOfExtreme(x: Tensor, { axis, largest }: Attributes['argTopK']): Tensor {
  const signed = largest ? x : neg(x)
  const fromEnd = Array.from({ length: x.shape[axis]! }, (_, i) => x.shape[axis]! - i)
  const weights = constant(
    fromEnd,
    x.shape.map((extent, i) => (i === axis ? extent : 1)),
  )
  const hit = cast(equal(signed, max(signed, axis, { keepDims: true })), 'float32')
  return cast(sub(fromEnd.length, max(mul(hit, weights), axis, { keepDims: true })), 'int32')
}

const argTopK: Lower<'argTopK'> = (l, inputs, { attributes }) =>
  lowerFunction(l, inputs, (x) => (attributes.k === 1 ? placeOfExtreme : placesByRank)(x, attributes))

export const webGpuRules = {
  argTopK,
  // No `Or` either.
  or: ((l, inputs) => lowerFunction(l, inputs, (a, b) => not(and(not(a), not(b))))) satisfies Lower<'or'>,
  // Its own is off by 2e-5 near 1.
  acos: form((x) => sub(Math.PI / 2, asin(x))),
  sin: form((x) => sine(x, 0)),
  cos: form((x) => sine(x, 1)),
  tan: form((x) => div(sine(x, 0), sine(x, 1))),
} as const

/** Convolutions over three axes know no groups there: one convolution per group. */
export function convByGroup(
  l: Lowering,
  [x, w, bias]: readonly Value[],
  stencil: Stencil,
  conv: (inputs: readonly Value[], stencil: Stencil) => Value,
): Value {
  const { groups } = stencil
  const part = (value: Value, axis: number, i: number): Value => {
    const each = value.shape[axis]! / groups
    return l.slice(value, [axis], [i * each], [(i + 1) * each])
  }
  const parts = Array.from({ length: groups }, (_, i) => {
    const inputs = [part(x!, 1, i), part(w!, 0, i), ...(bias === undefined ? [] : [part(bias, 0, i)])]
    return conv(inputs, { ...stencil, groups: 1 })
  })
  return l.concat(parts, 1)
}
