/** Adding up the gradients that reach one node; those of disjoint slices are laid side by side instead. */

import { constant } from '../apply.ts'
import { add, concat, sub } from '../ops/plain.ts'
import type { Tensor } from '../primitive.ts'

/** A gradient of a slice along one axis: `part` begins at `start`, all else is 0. */
interface Strip {
  readonly axis: number
  readonly start: number
  readonly end: number
  readonly part: Tensor
  /** The whole gradient that the strip stands for. */
  readonly whole: Tensor
}

function stripOf(g: Tensor): Strip | undefined {
  if (g.op !== 'pad') return undefined
  const { before, after, value } = (g as Tensor<'pad'>).attributes
  const axes = before.flatMap((n, axis) => (n > 0 || after[axis]! > 0 ? [axis] : []))
  const [axis] = axes
  if (value !== 0 || axes.length !== 1 || axis === undefined) return undefined
  const part = g.inputs[0]!
  return { axis, start: before[axis]!, end: before[axis]! + part.shape[axis]!, part, whole: g }
}

/** Strips that lie along the first one's axis and do not overlap, in order; undefined where there are not two. */
function sideBySide(strips: readonly Strip[]): Strip[] | undefined {
  const [first] = strips
  const sorted = strips.filter(({ axis }) => axis === first?.axis).sort((a, b) => a.start - b.start)
  const apart = sorted.every(({ start }, i) => i === 0 || start >= sorted[i - 1]!.end)
  return sorted.length > 1 && apart ? sorted : undefined
}

/** One array out of strips, with zeros between them: one pass where adding them takes one for each. */
function lay(strips: readonly Strip[], whole: Tensor): Tensor {
  const { axis } = strips[0]!
  const zeros = (extent: number): Tensor[] => {
    return extent === 0
      ? []
      : [
          constant(
            0,
            whole.shape.map((n, i) => (i === axis ? extent : n)),
          ),
        ]
  }
  const parts = strips.flatMap(({ start, part }, i) => [...zeros(start - (strips[i - 1]?.end ?? 0)), part])
  return concat([...parts, ...zeros(whole.shape[axis]! - strips.at(-1)!.end)], axis)
}

/** The sum of gradients of one node, in the order in which they came. */
export function total(parts: readonly Tensor[]): Tensor {
  const strips = parts.flatMap((part) => stripOf(part) ?? [])
  const joined = sideBySide(strips)
  if (joined === undefined) return plainTotal(parts)
  const taken = new Set(joined.map(({ whole }) => whole))
  const rest = parts.filter((g) => !taken.has(g))
  return plainTotal([lay(joined, parts[0]!), ...rest])
}

/** What was negated is subtracted: a pass less. One tensor may come several times, as for x + x. */
function plainTotal(parts: readonly Tensor[]): Tensor {
  const first = Math.max(
    parts.findIndex(({ op }) => op !== 'neg'),
    0,
  )
  return parts
    .toSpliced(first, 1)
    .reduce((sum, part) => (part.op === 'neg' ? sub(sum, part.inputs[0]!) : add(sum, part)), parts[first]!)
}
