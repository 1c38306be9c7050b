/** What an operator's rule sees of its node: operands, which are symbolic or known while importing, and attributes. */

import { InputError } from '@ecotope/core'
import { constant } from '../apply.ts'
import { add, cast, less, where } from '../ops/plain.ts'
import type { Tensor } from '../primitive.ts'
import { evaluateNodes } from '../reference/evaluate.ts'
import { type Shape, sizeOf } from '../shape.ts'
import type { AttributeData, GraphData, NodeData } from './decode.ts'

/** ONNX's element types as far as they matter: integers of any width, floats of any width. */
export type Kind = 'float' | 'int' | 'bool'

/** Numbers that are known while importing: shapes and what is computed from them, constants. Row-major. */
export interface Known {
  readonly kind: Kind
  readonly shape: Shape
  readonly data: ArrayLike<number>
}

export type Item = Tensor | Known

export const isKnown = (item: Item): item is Known => 'kind' in item

const kinds = { float32: 'float', int32: 'int', bool: 'bool' } as const
export const dtypes = { float: 'float32', int: 'int32', bool: 'bool' } as const

export const kindOf = (item: Item): Kind => (isKnown(item) ? item.kind : kinds[item.dtype])

export const known = (kind: Kind, shape: Shape, data: ArrayLike<number>): Known => ({ kind, shape, data })
export const knownIntegers = (data: readonly number[]): Known => known('int', [data.length], data)

/** The operator's meaning in primitives; items in the order of the node's outputs. */
export type Rule = (c: Call) => Item | readonly Item[]

/** What a call may need of the walk over the graph. */
export interface Surroundings {
  readonly opset: number
  readonly training: boolean
  /** New values for parameters that no gradient reaches, such as running statistics. */
  readonly update: (leaf: Tensor, next: Tensor) => void
  /** Values that one node alone reads. */
  readonly readOnce: ReadonlySet<string>
  /** The outputs of a sub-graph for its inputs; it sees the values around it. */
  readonly run: (graph: GraphData, inputs: readonly Item[]) => readonly Item[]
}

/** One node with its operands. */
export class Call {
  readonly node: NodeData
  readonly items: readonly (Item | undefined)[]
  readonly around: Surroundings

  constructor(node: NodeData, items: readonly (Item | undefined)[], around: Surroundings) {
    this.node = node
    this.items = items
    this.around = around
  }

  /** All operands are known, so that the result is too. */
  get folds(): boolean {
    return this.items.every((item) => item === undefined || isKnown(item))
  }

  fail(message: string, hint = 'Export the network without it, or write this layer as a Program.'): InputError {
    return new InputError('OnnxUnsupported', `${describe(this.node, this.around.opset)}: ${message}`, {
      hint,
      data: { operator: this.node.op, node: this.node.name, opset: this.around.opset },
    })
  }

  has(i: number): boolean {
    return this.items[i] !== undefined
  }

  item(i: number): Item {
    const item = this.items[i]
    if (item === undefined) throw this.fail(`operand ${i} is missing`)
    return item
  }

  shape(i: number): Shape {
    return this.item(i).shape
  }

  rank(i: number): number {
    return this.shape(i).length
  }

  /** Operand i as numbers to calculate with. */
  tensor(i: number): Tensor {
    const item = this.item(i)
    return isKnown(item) ? constant(item.data, item.shape) : cast(item, 'float32')
  }

  optional(i: number): Tensor | undefined {
    return this.has(i) ? this.tensor(i) : undefined
  }

  /** All operands as numbers. */
  tensors(): Tensor[] {
    return this.items.map((_, i) => this.tensor(i))
  }

  /** Operand i as conditions. */
  bool(i: number): Tensor {
    return toBool(this.item(i))
  }

  /** Operand i to be moved, not calculated with: in its own element type, where it is not about to be folded. */
  raw(i: number): Tensor {
    const item = this.item(i)
    if (!isKnown(item)) return item
    return constant(item.data, item.shape, this.folds ? 'float32' : dtypes[item.kind])
  }

  /** An item as a tensor of its own element type. */
  symbolic(item: Item): Tensor {
    return isKnown(item) ? constant(item.data, item.shape, dtypes[item.kind]) : item
  }

  /** Operand i as indices into an axis of `extent`; negative ones count from its end. */
  index(i: number, extent: number): Tensor {
    const item = this.item(i)
    if (!isKnown(item))
      return cast(where(less(item, 0), add(cast(item, 'float32'), extent), cast(item, 'float32')), 'int32')
    const data = Array.from(item.data, (v) => (v < 0 ? v + extent : v))
    if (data.some((v) => v < 0 || v >= extent)) throw this.fail(`an index is outside an axis of ${extent}`)
    return constant(data, item.shape, 'int32')
  }

  kind(i: number): Kind {
    return kindOf(this.item(i))
  }

  /** The result as an element type: known where all operands are. Integers are cut off towards 0. */
  as(kind: Kind, result: Tensor): Item {
    if (!this.folds) return cast(result, dtypes[kind])
    const [value] = evaluateNodes([result], new Map())
    return known(kind, result.shape, kind === 'int' ? value!.data.map(Math.trunc) : value!.data)
  }

  /** The numbers of operand i, which the rule must know; `fallback` where it is absent. */
  values(i: number, fallback?: readonly number[]): number[] {
    const item = this.items[i]
    if (item === undefined && fallback !== undefined) return [...fallback]
    if (item === undefined || !isKnown(item)) {
      throw this.fail(`operand ${i} (${this.node.inputs[i] ?? 'absent'}) depends on the data, and must not`)
    }
    return Array.from(item.data)
  }

  /** The one number of operand i. */
  value(i: number, fallback: number): number {
    return this.values(i, [fallback])[0] ?? fallback
  }

  attribute(name: string): AttributeData | undefined {
    return this.node.attributes.get(name)
  }

  integer(name: string, fallback: number): number {
    return this.attribute(name)?.integer ?? fallback
  }

  float(name: string, fallback: number): number {
    return this.attribute(name)?.float ?? fallback
  }

  text(name: string, fallback: string): string {
    return this.attribute(name)?.text ?? fallback
  }

  integers(name: string): readonly number[] | undefined {
    return this.attribute(name)?.integers
  }

  /** An axis attribute, counted from the front. */
  axis(name: string, fallback: number, rank = this.rank(0)): number {
    return this.front(this.integer(name, fallback), rank)
  }

  /** An axis counted from the front. */
  front(axis: number, rank: number): number {
    const at = axis < 0 ? axis + rank : axis
    if (!Number.isInteger(at) || at < 0 || at >= Math.max(rank, 1)) {
      throw this.fail(`axis ${axis} is not one of the ${rank} axes`)
    }
    return at
  }

  /** Axes that are an attribute in old opsets and an operand in new ones; undefined where neither is given. */
  axes(name: string, i: number, rank = this.rank(0)): number[] | undefined {
    const list = this.integers(name) ?? (this.has(i) ? this.values(i) : undefined)
    return list?.map((axis) => this.front(axis, rank))
  }

  /** The attribute must have this value, if it is there. */
  require(name: string, value: number | string): void {
    const a = this.attribute(name)
    if (a === undefined) return
    const actual = typeof value === 'string' ? a.text : a.integer
    if (actual !== value) throw this.fail(`${name} = ${actual} is not supported, only ${value}`)
  }
}

const toBool = (item: Item): Tensor => {
  if (!isKnown(item)) return cast(item, 'bool')
  return constant(
    Array.from(item.data, (v) => (v === 0 ? 0 : 1)),
    item.shape,
    'bool',
  )
}

/** `Resize (node /up/Resize, opset 18)`. */
export function describe(node: NodeData, opset: number): string {
  const domain = node.domain === '' ? '' : `${node.domain}.`
  return `${domain}${node.op} (node ${node.name === '' ? `of ${node.outputs[0]}` : node.name}, opset ${opset})`
}

/** Elements of an item. */
export const countOf = (item: Item): number => sizeOf(item.shape)
