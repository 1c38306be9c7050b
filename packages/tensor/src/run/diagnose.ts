/**
 * Where a number that is not finite comes from: the program runs again with a flag for every node, and the flags are
 * followed back from the result. Slow; for the moment when training has gone wrong.
 */

import { constant } from '../apply.ts'
import { concat, mul, reshape, sum } from '../ops/plain.ts'
import { type Tensor, topological } from '../primitive.ts'
import type { Shape } from '../shape.ts'
import { shortLine, userLine } from '../source.ts'
import type { Program } from '../trace.ts'
import { tupleVjps } from '../vjp/control.ts'

/** The primitive that made the first number that is not finite out of finite ones. */
export interface NonFinite {
  readonly primitive: string
  /** Whether it belongs to the loss or to its gradient. */
  readonly pass: 'loss' | 'gradient'
  /** For an input its name, for a parameter its path; else empty. */
  readonly name: string
  /** The layer in which it was traced; empty outside any. */
  readonly layer: string
  readonly shape: Shape
  /** The line of user code, as `path:line`, where known. */
  readonly line: string | undefined
}

const FLAGS = 'flags'

/** Nodes of several values hold no numbers themselves; constants are the user's own. */
const isWatched = (node: Tensor): boolean => {
  return node.dtype === 'float32' && node.op !== 'constant' && !(node.op in tupleVjps)
}

/** A program that reports, for each node of the outputs' graphs, 0 where it is finite and NaN where it is not. */
export function flagged(
  program: Program,
  ends: readonly Tensor[],
): { readonly program: Program; readonly nodes: readonly Tensor[] } {
  const nodes = topological(ends).filter(isWatched)
  // 0 times anything finite is 0, times the rest NaN, and NaN survives a sum.
  const flags = nodes.map((node) => reshape(sum(mul(node, 0)), [1]))
  return { program: { ...program, outputs: { [FLAGS]: concat([...flags, constant(0, [1])], 0) } }, nodes }
}

/** Follows what is not finite from the first of `ends` that is so to a node whose operands are all finite. */
export function culprit(
  nodes: readonly Tensor[],
  flags: ArrayLike<number>,
  ends: readonly Tensor[],
): Tensor | undefined {
  const bad = new Set(nodes.filter((_, i) => Number.isNaN(flags[i])))
  let at = ends.find((end) => bad.has(end))
  for (;;) {
    const from: Tensor | undefined = at?.inputs.flatMap(operandsOf).find((input) => bad.has(input))
    if (from === undefined) return at
    at = from
  }
}

/** What stands for a node with several values are its operands. */
const operandsOf = (node: Tensor): readonly Tensor[] =>
  node.op === 'output' ? [node, ...node.inputs[0]!.inputs] : [node]

export function describeCulprit(node: Tensor, pass: NonFinite['pass']): NonFinite {
  const { name = '', path = '' } = node.attributes as { readonly name?: string; readonly path?: string }
  const line = userLine(node.source)
  return { primitive: node.op, pass, name: name || path, layer: node.scope, shape: node.shape, line }
}

/** `log in head (network.ts:41), in the gradient`. */
export function showNonFinite({ primitive, pass, name, layer, line }: NonFinite): string {
  const what = name === '' ? primitive : `${primitive} ${name}`
  const inLayer = layer === '' ? '' : ` in ${layer}`
  const at = line === undefined ? '' : ` (${shortLine(line)})`
  return `${what}${inLayer}${at}${pass === 'gradient' ? ', in the gradient' : ''}`
}
