/**
 * Elementwise expressions over images. A step that reads an image evaluates one as it reads, so that norms, activations
 * and sums cost no pass over memory of their own.
 */
import { broadcastView, cropView, type Extent, reversedView, sameView, type View } from './layout.ts'

/** Operations on numbers; comparisons and their kin give and take masks. */
export type Elementary =
  | 'neg'
  | 'abs'
  | 'sqrt'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'sigmoid'
  | 'tanh'
  | 'softplus'
  | 'erf'
  | 'relu'
  | 'silu'
  | 'power'
  | 'clip'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'minimum'
  | 'maximum'
  | 'greater'
  | 'greaterEqual'
  | 'less'
  | 'equal'
  /** Of masks. */
  | 'same'
  | 'and'
  | 'or'
  | 'not'
  | 'toFloat'
  | 'where'
  /** a * b + c. */
  | 'affine'

/** A graph of operations; what is shared is evaluated once. */
export type Expression =
  | { readonly kind: 'read'; readonly view: View }
  | { readonly kind: 'number'; readonly value: number }
  | {
      readonly kind: 'apply'
      readonly op: Elementary
      readonly operands: readonly Expression[]
      readonly numbers: readonly number[]
    }

export const read = (view: View): Expression => ({ kind: 'read', view })

export const applied = (
  op: Elementary,
  operands: readonly Expression[],
  numbers: readonly number[] = [],
): Expression => ({ kind: 'apply', op, operands, numbers })

/** One operation of a formula; operands are places of earlier ones. */
export type Operation =
  | { readonly kind: 'read'; readonly leaf: number }
  | { readonly kind: 'number'; readonly value: number }
  | {
      readonly kind: 'apply'
      readonly op: Elementary
      readonly operands: readonly number[]
      readonly numbers: readonly number[]
    }

/** An expression as a list, the result last; plain data that goes to other threads. */
export interface Formula {
  readonly leaves: readonly View[]
  readonly operations: readonly Operation[]
}

export function formulaOf(expression: Expression): Formula {
  const leaves: View[] = []
  const operations: Operation[] = []
  const places = new Map<Expression, number>()
  const leafOf = (view: View): number => {
    const known = leaves.findIndex((other) => sameView(other, view))
    return known >= 0 ? known : leaves.push(view) - 1
  }
  const operation = (e: Expression): Operation => {
    if (e.kind === 'read') return { kind: 'read', leaf: leafOf(e.view) }
    if (e.kind === 'number') return e
    return { kind: 'apply', op: e.op, operands: e.operands.map(place), numbers: e.numbers }
  }
  const place = (e: Expression): number => {
    const known = places.get(e)
    if (known !== undefined) return known
    const made = operation(e)
    const at = operations.push(made) - 1
    places.set(e, at)
    return at
  }
  place(expression)
  return { leaves, operations }
}

/** The expression with each of its reads replaced. */
function mapReads(expression: Expression, change: (view: View) => View): Expression {
  const done = new Map<Expression, Expression>()
  const visit = (e: Expression): Expression => {
    const known = done.get(e)
    if (known !== undefined) return known
    const made: Expression =
      e.kind === 'read'
        ? read(change(e.view))
        : e.kind === 'number'
          ? e
          : applied(e.op, e.operands.map(visit), e.numbers)
    done.set(e, made)
    return made
  }
  return visit(expression)
}

/** Reads repeated to an extent. */
export const broadcastTo = (expression: Expression, extent: Extent): Expression =>
  mapReads(expression, (view) => broadcastView(view, extent))

/** Part of the image that an expression is. */
export const cropped = (expression: Expression, start: Extent, extent: Extent): Expression =>
  mapReads(expression, (view) => cropView(view, start, extent))

/** The image that an expression is, with axes in reverse order. */
export const reversed = (expression: Expression, axes: Parameters<typeof reversedView>[1]): Expression =>
  mapReads(expression, (view) => reversedView(view, axes))

export interface Weight {
  /** Different images of more than one pixel that are read. */
  readonly images: number
  readonly leaves: number
  readonly operations: number
}

/** What evaluating an expression costs. */
export function weightOf(expression: Expression): Weight {
  const { leaves, operations } = formulaOf(expression)
  const images = leaves.filter(({ strides }) => strides.w !== 0 || strides.h !== 0).length
  return { images, leaves: leaves.length, operations: operations.length }
}
