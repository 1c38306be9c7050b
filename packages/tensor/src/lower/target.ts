/** What a lowering may rely on, and the context in which the rules of a target emit nodes. */

import type { TuplePrimitive } from '../attributes/control.ts'
import {
  type Attribute,
  type Domain,
  type ElementType,
  elementType,
  type OnnxGraph,
  type Value,
} from '../onnx/graph.ts'
import type { Primitive, Tensor } from '../primitive.ts'
import { broadcastShapes, reducedShape, type Shape, sameShape, sizeOf } from '../shape.ts'

export interface LoweringTarget {
  /** `portable`: standard operators only, nothing that depends on extents which may vary. */
  readonly name: 'node-cpu' | 'portable'
  /** Channels per block of ONNX Runtime's blocked layout on this processor; 0 where it has none. */
  readonly nchwcBlock: number
  /** Winograd F(4, 3): faster, and some 10 times the rounding of a direct convolution. */
  readonly winograd: boolean
  /** The weights are constants of the graph, so that arranging them in blocks costs nothing when it runs. */
  readonly fixedWeights: boolean
  /**
   * From this many elements on, ONNX Runtime does not learn a reshaped value's extents before it runs. Its planner keeps
   * a dead value's memory for a later one of the same shape, however much later; what it cannot foresee is freed at
   * once. Halves the memory of large training graphs. Default never.
   */
  readonly hidesShapesFrom?: number
  /** Loops may run as sub-graphs; otherwise they are unrolled. Default true. */
  readonly controlFlow?: boolean
  /** Only what ONNX Runtime's WebGPU provider has, see `web-gpu.ts`. Default false. */
  readonly webgpu?: boolean
}

export const portable: LoweringTarget = { name: 'portable', nchwcBlock: 0, winograd: false, fixedWeights: true }

/** Leaves, and picks from several values, are bound by the walk over a program, not by a rule. */
export type LoweredPrimitive = Exclude<Primitive, 'input' | 'parameter' | 'random' | 'output' | TuplePrimitive>

/** A target's complete table. */
export type LowerRules = { readonly [P in LoweredPrimitive]: Lower<P> }

/** As `Lower`, for a node with several values; those that are not `used` may be left out. */
export type LowerTuple<P extends Primitive> = (
  l: Lowering,
  inputs: readonly Value[],
  node: Tensor<P>,
  used: (index: number) => boolean,
) => (Value | undefined)[]

/** How a target emits one primitive. */
export type Lower<P extends Primitive> = (l: Lowering, inputs: readonly Value[], node: Tensor<P>) => Value

/** Emission of single operators with the shapes worked out. */
export class Lowering {
  readonly graph: OnnxGraph
  readonly target: LoweringTarget
  readonly rules: LowerRules
  /** Images that came out of the blocked layout, and what they were in it. */
  readonly blocks = new Map<Value, Value>()
  /** How to compute a value again, for gradients: cheaper than to keep it from the forward pass on. */
  readonly #again = new Map<Value, () => Value>()
  /** Means and inverse standard deviations that layer normalisations gave, by operand and eps. */
  readonly moments = new Map<string, readonly [Value, Value]>()
  /** Results that unrolled loops stacked over time, by name, and their parts. */
  readonly stacks = new Map<string, readonly Value[]>()

  constructor(graph: OnnxGraph, target: LoweringTarget, rules: LowerRules) {
    this.graph = graph
    this.target = target
    this.rules = rules
  }

  /** A number as a scalar of an element type. */
  scalar(x: number, type: ElementType): Value {
    return type === 'int32' ? this.graph.constant(Int32Array.of(x), []) : this.graph.scalar(x)
  }

  /** Tells how a gradient gets a value that nothing keeps for it. */
  forget(value: Value, again: () => Value): Value {
    this.#again.set(value, again)
    return value
  }

  /** A value of the forward pass for use in a gradient. */
  recall(value: Value): Value {
    return this.#again.get(value)?.() ?? value
  }

  unary(op: string, x: Value, attributes: Readonly<Record<string, Attribute>> = {}, domain: Domain = ''): Value {
    return this.graph.emit(op, [x], x.shape, { attributes, domain, type: x.type })
  }

  binary(op: string, a: Value, b: Value): Value {
    return this.graph.emit(op, [a, b], broadcastShapes(a.shape, b.shape, op), { type: a.type })
  }

  add = (a: Value, b: Value): Value => this.binary('Add', a, b)
  sub = (a: Value, b: Value): Value => this.binary('Sub', a, b)
  mul = (a: Value, b: Value): Value => this.binary('Mul', a, b)
  div = (a: Value, b: Value): Value => this.binary('Div', a, b)
  scale = (a: Value, factor: number): Value => this.mul(a, this.graph.scalar(factor))

  reshape(x: Value, shape: Shape): Value {
    if (sameShape(x.shape, shape)) return x
    return this.graph.emit('Reshape', [x, this.#extents(shape)], shape, { type: x.type })
  }

  /** A shape as an operand; that of a large value is only known once the graph runs. */
  #extents(shape: Shape): Value {
    const sizes = this.graph.integers(shape)
    const hidden = shape.length > 0 && sizeOf(shape) >= (this.target.hidesShapesFrom ?? Number.POSITIVE_INFINITY)
    const source = hidden ? this.graph.inputs.find((v) => v.type === 'float32' && v.shape.length === 1) : undefined
    if (source === undefined) return sizes
    const never = this.graph.emit(
      'Greater',
      [this.slice(source, [0], [0], [1]), this.graph.scalar(Number.POSITIVE_INFINITY)],
      [1],
      {
        type: 'bool',
      },
    )
    const zero = this.graph.emit('Cast', [never], [1], { attributes: { to: elementType.int64 }, type: 'int64' })
    return this.graph.emit('Add', [sizes, zero], [shape.length], { type: 'int64' })
  }

  transpose(x: Value, perm: readonly number[]): Value {
    const shape = perm.map((axis) => x.shape[axis]!)
    return this.graph.emit('Transpose', [x], shape, { attributes: { perm }, type: x.type })
  }

  expand(x: Value, shape: Shape): Value {
    if (sameShape(x.shape, shape)) return x
    return this.graph.emit('Expand', [x, this.graph.integers(shape)], shape, { type: x.type })
  }

  slice(
    x: Value,
    axes: readonly number[],
    starts: readonly number[],
    ends: readonly number[],
    steps?: readonly number[],
  ): Value {
    const whole = axes.every((axis, i) => starts[i] === 0 && ends[i] === x.shape[axis])
    if (whole && steps === undefined) return x
    const shape = [...x.shape]
    axes.forEach((axis, i) => {
      shape[axis] = Math.ceil((ends[i]! - starts[i]!) / (steps?.[i] ?? 1))
    })
    const list = [starts, ends, axes, ...(steps === undefined ? [] : [steps])]
    return this.graph.emit('Slice', [x, ...list.map((l) => this.graph.integers(l))], shape, { type: x.type })
  }

  reverse(x: Value, axes: readonly number[]): Value {
    const every = (n: number): Value => this.graph.integers(axes.map(() => n))
    const inputs = [x, every(-1), every(-1_000_000_000), this.graph.integers(axes), every(-1)]
    return this.graph.emit('Slice', inputs, x.shape, { type: x.type })
  }

  /** Zeros (or `value`) around x; negative counts crop. */
  pad(x: Value, before: readonly number[], after: readonly number[], value = 0): Value {
    if ([...before, ...after].every((n) => n === 0)) return x
    const shape = x.shape.map((extent, i) => extent + before[i]! + after[i]!)
    const inputs = [x, this.graph.integers([...before, ...after])]
    return this.graph.emit('Pad', value === 0 ? inputs : [...inputs, this.scalar(value, x.type)], shape, {
      type: x.type,
    })
  }

  concat(parts: readonly Value[], axis: number): Value {
    const total = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0)
    const shape = parts[0]!.shape.map((n, i) => (i === axis ? total : n))
    return parts.length === 1
      ? parts[0]!
      : this.graph.emit('Concat', parts, shape, { attributes: { axis }, type: parts[0]!.type })
  }

  reduce(op: 'ReduceSum' | 'ReduceMean' | 'ReduceMax', x: Value, axes: readonly number[], keepDims: boolean): Value {
    const options = { attributes: { keepdims: keepDims ? 1 : 0 }, type: x.type }
    return this.graph.emit(op, [x, this.graph.integers(axes)], reducedShape(x.shape, axes, keepDims), options)
  }

  /** Matrix product; transposes cost nothing on the node CPU target. */
  matmul(a: Value, b: Value, transposeA = false, transposeB = false): Value {
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matmul')
    const shape = [...batch, a.shape.at(transposeA ? -1 : -2)!, b.shape.at(transposeB ? -2 : -1)!]
    if (!transposeA && !transposeB) return this.graph.emit('MatMul', [a, b], shape)
    if (this.target.name === 'node-cpu') {
      const attributes = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0, alpha: { float: 1 } }
      return this.graph.emit('FusedMatMul', [a, b], shape, { attributes, domain: 'com.microsoft' })
    }
    return this.graph.emit('MatMul', [transposeA ? this.#swap(a) : a, transposeB ? this.#swap(b) : b], shape)
  }

  #swap(x: Value): Value {
    const rank = x.shape.length
    return this.transpose(
      x,
      x.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i)),
    )
  }
}
