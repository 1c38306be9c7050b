/** Making nodes of the graph. Checks shapes while tracing; computes nothing. */

import { InputError } from '@ecotope/core'
import type { Attributes, DType, Primitive, Tensor, TensorSpec } from './primitive.ts'
import { checkShape, type Shape, sizeOf } from './shape.ts'
import { inferShape } from './shapes/index.ts'
import { captureSource, shortLine, userLine } from './source.ts'

const scopes: string[] = []

/** Names the layer that `fn` traces, so that errors and the exported graph can tell where they are. */
export function scope<T>(name: string, fn: () => T): T {
  scopes.push(name)
  try {
    return locating(fn)
  } finally {
    scopes.pop()
  }
}

/** What a node of a gradient belongs to: the node whose rule made it. */
let origin: Pick<Tensor, 'scope' | 'source'> | undefined

/** Nodes that `fn` makes count as made where `node` was. */
export function onBehalf<T>(node: Pick<Tensor, 'scope' | 'source'>, fn: () => T): T {
  const before = origin
  origin = { scope: node.scope, source: node.source }
  try {
    return fn()
  } finally {
    origin = before
  }
}

const place = (): Pick<Tensor, 'scope' | 'source'> => origin ?? { scope: scopes.join('.'), source: captureSource() }

/** Errors that `fn` raises tell the layer and the line of user code. */
export function locating<T>(fn: () => T): T {
  try {
    return fn()
  } catch (error) {
    throw located(error)
  }
}

/** The error with the layer and the line of user code in its message; others as they are. */
function located(error: unknown): unknown {
  if (!(error instanceof InputError) || 'line' in error.data) return error
  const line = userLine(error)
  const layer = scopes.join('.')
  const inLayer = layer === '' || error.message.includes(layer) ? '' : ` in ${layer}`
  const atLine = line === undefined ? '' : ` (${shortLine(line)})`
  return new InputError(error.tag, `${error.message}${inLayer}${atLine}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    data: { ...error.data, layer, line },
    cause: error.cause,
  })
}

let created = 0

/** The number that the next node will have: nodes with a smaller one were made before. */
export const nextId = (): number => created

/** What most functions accept where a tensor is meant: a number stands for a scalar constant. */
export type Operand = Tensor | number

/** One application of a primitive. */
export function apply<P extends Primitive>(op: P, inputs: readonly Tensor[], attributes: Attributes[P]): Tensor<P> {
  const at = place()
  const { shape, dtype } = locating(() => inferShape(op, inputs, attributes, at.scope))
  return { id: created++, op, inputs, attributes, shape, dtype, ...at }
}

/** The same application to other operands of the same shapes and dtypes. */
export function reapply<P extends Primitive>(node: Tensor<P>, inputs: readonly Tensor[]): Tensor<P> {
  return { ...node, id: created++, inputs }
}

const dtypes: ReadonlySet<string> = new Set<DType>(['float32', 'int32', 'bool'])

function leaf<P extends Primitive>(op: P, attributes: Attributes[P], shape: Shape, dtype: DType): Tensor<P> {
  checkShape(shape)
  if (!dtypes.has(dtype)) {
    throw new InputError('DTypeMismatch', `${op}: the element types are ${[...dtypes].join(', ')}, not ${dtype}`)
  }
  return { id: created++, op, inputs: [], attributes, shape, dtype, ...place() }
}

/** A named input of a program. */
export function input(name: string, spec: TensorSpec): Tensor<'input'> {
  return leaf('input', { name }, spec.shape, spec.dtype ?? 'float32')
}

/** One leaf of the parameter tree: `offset` counts elements of the flat vector. */
export function parameterLeaf(path: string, offset: number, shape: Shape): Tensor<'parameter'> {
  return leaf('parameter', { path, offset }, shape, 'float32')
}

/** A leaf of random numbers; see `ops/random.ts`. */
export function randomLeaf(distribution: 'uniform' | 'normal', key: string, shape: Shape): Tensor<'random'> {
  return leaf('random', { distribution, key }, shape, 'float32')
}

/**
 * Fixed numbers. A single number fills any `shape`; an array must have its size (default: a vector). For `int32` they
 * must be integers, for `bool` 0 and 1.
 */
export function constant(data: number | ArrayLike<number>, shape?: Shape, dtype: DType = 'float32'): Tensor {
  const fits = dtype === 'float32' ? () => true : dtype === 'bool' ? isBit : Number.isInteger
  if (!Array.prototype.every.call(typeof data === 'number' ? [data] : data, fits)) {
    throw new InputError('DTypeMismatch', `constant: not all numbers are ${dtype}`)
  }
  if (typeof data === 'number') {
    const scalar = leaf('constant', { data: Float64Array.of(data) }, [], dtype)
    return shape === undefined || shape.length === 0 ? scalar : apply('expand', [scalar], { shape })
  }
  const values = Float64Array.from(data)
  const full = shape ?? [values.length]
  if (sizeOf(full) !== values.length) {
    throw new InputError('ShapeMismatch', `constant: ${values.length} numbers do not fill [${full.join(', ')}]`)
  }
  return leaf('constant', { data: values }, full, dtype)
}

const isBit = (value: unknown): boolean => value === 0 || value === 1

export function operand(x: Operand): Tensor {
  return typeof x === 'number' ? constant(x) : x
}

/** Two operands that meet: a number takes the dtype of a tensor beside it. */
export function operands(a: Operand, b: Operand): [Tensor, Tensor] {
  if (typeof a === 'number') return typeof b === 'number' ? [constant(a), constant(b)] : [constant(a, [], b?.dtype), b]
  return [a, typeof b === 'number' ? constant(b, [], a?.dtype) : b]
}
