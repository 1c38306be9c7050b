/** Sums of products in Einstein's notation, as transposes, matrix products and sums. */

import { InputError } from '@ecotope/core'
import type { Tensor } from '../primitive.ts'
import { showShape, sizeOf } from '../shape.ts'
import { expand, matmul, mul, reshape, sum, transpose } from './plain.ts'

/** A tensor with one label per axis. */
interface Labelled {
  readonly x: Tensor
  readonly labels: readonly string[]
}

type Extents = ReadonlyMap<string, number>

function fail(spec: string, message: string): never {
  throw new InputError('EinsumSpec', `einsum '${spec}': ${message}`, { data: { spec } })
}

/** The labels of a term, with `...` as one label per axis that no letter takes, counted from the last: `.0`, `.1`. */
function labelsOf(term: string, hidden: number, spec: string): string[] {
  const labels = [...term.replace('...', '.')].flatMap((letter) => {
    if (letter === '.') return Array.from({ length: hidden }, (_, i) => `.${hidden - 1 - i}`)
    return /[A-Za-z]/.test(letter) ? [letter] : fail(spec, `'${letter}' is not a letter`)
  })
  const twice = labels.find((label, i) => labels.indexOf(label) !== i)
  if (twice !== undefined) fail(spec, `'${term}' repeats ${twice}; take a diagonal first, and name an output axis once`)
  return labels
}

function parse(spec: string, operands: readonly Tensor[]): { terms: Labelled[]; output: string[] } {
  const [left = '', right, ...more] = spec.replace(/\s/g, '').split('->')
  if (more.length > 0) fail(spec, 'has more than one arrow')
  const names = left.split(',')
  if (names.length !== operands.length) fail(spec, `names ${names.length} operands, ${operands.length} are given`)
  const terms = names.map((term, i) => {
    const { shape } = operands[i]!
    const letters = term.replace('...', '').length
    const hidden = shape.length - letters
    if (hidden < 0 || (hidden > 0 && !term.includes('...'))) {
      fail(spec, `'${term}' does not label the axes of ${showShape(shape)}`)
    }
    return { x: operands[i]!, labels: labelsOf(term, hidden, spec) }
  })
  const all = terms.flatMap(({ labels }) => labels)
  const hidden = new Set(all.filter((label) => label.startsWith('.'))).size
  if (right !== undefined) {
    const output = labelsOf(right, hidden, spec)
    const unknown = output.find((label) => !all.includes(label))
    if (unknown !== undefined) fail(spec, `no operand has the output's ${unknown}`)
    return { terms, output }
  }
  const once = [...new Set(all)].filter(
    (label) => !label.startsWith('.') && all.indexOf(label) === all.lastIndexOf(label),
  )
  return { terms, output: [...labelsOf('...', hidden, spec), ...once.sort((a, b) => (a < b ? -1 : 1))] }
}

/** The extent of every label. Axes of `...` broadcast, letters do not. */
function extentsOf(terms: readonly Labelled[], spec: string): Extents {
  const extents = new Map<string, number>()
  for (const { x, labels } of terms) {
    labels.forEach((label, axis) => {
      const [extent, before] = [x.shape[axis]!, extents.get(label) ?? 1]
      const broadcasts = label.startsWith('.') && (extent === 1 || before === 1)
      if (extents.has(label) && extent !== before && !broadcasts) fail(spec, `${label} is both ${before} and ${extent}`)
      extents.set(label, Math.max(extent, before))
    })
  }
  return extents
}

/** Axes in the order of `labels`, which it must have; hidden axes of extent 1 reach their full extent. */
function arranged({ x, labels }: Labelled, order: readonly string[], extents: Extents): Tensor {
  const moved = transpose(
    x,
    order.map((label) => labels.indexOf(label)),
  )
  return expand(
    moved,
    order.map((label) => extents.get(label)!),
  )
}

/** Sums over the labels that nothing else needs. */
function reduced({ x, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (needed.has(label) ? [] : [axis]))
  return { x: axes.length === 0 ? x : sum(x, axes), labels: labels.filter((label) => needed.has(label)) }
}

function product(a: Labelled, b: Labelled, needed: ReadonlySet<string>, extents: Extents): Labelled {
  const left = reduced(a, new Set([...needed, ...b.labels]))
  const right = reduced(b, new Set([...needed, ...a.labels]))
  const shared = left.labels.filter((label) => right.labels.includes(label))
  const batch = shared.filter((label) => needed.has(label))
  const contracted = shared.filter((label) => !needed.has(label))
  const rows = left.labels.filter((label) => !shared.includes(label))
  const columns = right.labels.filter((label) => !shared.includes(label))
  const size = (labels: readonly string[]): number => sizeOf(labels.map((label) => extents.get(label)!))
  const labels = [...batch, ...rows, ...columns]
  const full = labels.map((label) => extents.get(label)!)
  const lead = batch.map((label) => extents.get(label)!)
  const x = arranged(left, [...batch, ...rows, ...contracted], extents)
  const y = arranged(right, [...batch, ...contracted, ...columns], extents)
  const stacked = (t: Tensor, m: number, n: number): Tensor => reshape(t, [...lead, m, n])
  const [m, k, n] = [size(rows), size(contracted), size(columns)]
  // Without a sum a broadcast product does, without copies.
  if (contracted.length === 0) return { x: reshape(mul(stacked(x, m, 1), stacked(y, 1, n)), full), labels }
  return { x: reshape(matmul(stacked(x, m, k), stacked(y, k, n)), full), labels }
}

/**
 * Einstein summation, as `numpy.einsum`: `einsum('bij,bjk->bik', a, b)`. Letters name axes; letters missing from the
 * output are summed; `...` stands for leading or trailing axes that broadcast; without an arrow the output has the
 * letters that occur once, in alphabetical order. Several operands are multiplied from the left. A letter twice in one
 * operand is an error (see `diagonal`).
 */
export function einsum(spec: string, ...operands: Tensor[]): Tensor {
  const { terms, output } = parse(spec, operands)
  const extents = extentsOf(terms, spec)
  const [first, ...rest] = terms
  const total = rest.reduce<Labelled>((sum, term, i) => {
    const later = rest.slice(i + 1).flatMap(({ labels }) => labels)
    return product(sum, term, new Set([...output, ...later]), extents)
  }, first!)
  return arranged(reduced(total, new Set(output)), output, extents)
}
