/** Trees of parameters and their flat vector: one `Float32Array` in a stable order, addressed by paths. */

import { InputError, type Random } from '@ecotope/core'
import { parameterLeaf } from './apply.ts'
import { draw, type Initialiser } from './initialisers.ts'
import type { Tensor } from './primitive.ts'
import { checkShape, type Shape, showShape, sizeOf } from './shape.ts'

export interface ParameterSpec {
  readonly kind: 'parameter'
  readonly shape: Shape
  readonly init: Initialiser
  /** Whether weight decay applies: by default to leaves of two or more axes, not to norms and biases. */
  readonly decay: boolean
  /** False for buffers such as running statistics: no gradient reaches them and no optimiser changes them. */
  readonly trainable: boolean
}

/** Plain nested objects and arrays of `ParameterSpec`. */
export type ParameterTree = ParameterSpec | { readonly [name: string]: ParameterTree } | ParameterList

/** An interface, not an alias: the compiler expands those lazily, and `Traced` of a generic tree ends. */
export interface ParameterList extends ReadonlyArray<ParameterTree> {}

/** The same tree with a `Tensor` for each `ParameterSpec`. */
export type Traced<T> = T extends ParameterSpec
  ? Tensor
  : T extends object
    ? { readonly [K in keyof T]: Traced<T[K]> }
    : never

export interface ParameterOptions {
  /** Default: for leaves of two or more axes that are trainable. */
  readonly decay?: boolean
  /** Default true. */
  readonly trainable?: boolean
}

/** A leaf of a parameter tree: its shape, how it begins, and how it is trained. */
export function parameter(shape: Shape, init: Initialiser, options: ParameterOptions = {}): ParameterSpec {
  checkShape(shape)
  const { trainable = true, decay = shape.length >= 2 } = options
  return { kind: 'parameter', shape, init, decay: decay && trainable, trainable }
}

/** One leaf in the flat vector. */
export interface ParameterLeaf {
  /** Keys from the root joined with dots, such as `encoder.0.weight`. */
  readonly path: string
  readonly shape: Shape
  readonly offset: number
  readonly size: number
  readonly init: Initialiser
  readonly decay: boolean
  readonly trainable: boolean
}

export interface ParameterLayout {
  readonly leaves: readonly ParameterLeaf[]
  /** Length of the flat vector. */
  readonly size: number
}

function isSpec(tree: ParameterTree): tree is ParameterSpec {
  return 'kind' in tree && tree.kind === 'parameter'
}

function childrenOf(tree: ParameterTree): [string, ParameterTree][] {
  return Object.entries(tree as Readonly<Record<string, ParameterTree>>)
}

/** Where each leaf lies in the flat vector: in the order of the tree's keys. */
export function layoutOf(tree: ParameterTree): ParameterLayout {
  const leaves: ParameterLeaf[] = []
  let offset = 0
  const visit = (node: ParameterTree, path: string): void => {
    if (!isSpec(node)) {
      for (const [name, child] of childrenOf(node)) visit(child, path === '' ? name : `${path}.${name}`)
      return
    }
    const size = sizeOf(node.shape)
    const { shape, init, decay, trainable } = node
    leaves.push({ path, shape, offset, size, init, decay, trainable })
    offset += size
  }
  visit(tree, '')
  return { leaves, size: offset }
}

/**
 * The leaves as symbolic tensors, in the tree's own form. That form is `Traced<T>`; it is left to the caller to say so,
 * because for a generic tree the compiler would expand it without end.
 */
export function traceParameters(tree: ParameterTree): { readonly traced: unknown; readonly leaves: Tensor[] } {
  const leaves: Tensor[] = []
  let offset = 0
  const visit = (node: ParameterTree, path: string): unknown => {
    if (isSpec(node)) {
      const leaf = parameterLeaf(path, offset, node.shape)
      offset += sizeOf(node.shape)
      leaves.push(leaf)
      return leaf
    }
    const mapped = childrenOf(node).map(
      ([name, child]) => [name, visit(child, path === '' ? name : `${path}.${name}`)] as const,
    )
    return Array.isArray(node) ? mapped.map(([, child]) => child) : Object.fromEntries(mapped)
  }
  return { traced: visit(tree, ''), leaves }
}

/** First values. Each leaf draws from a stream of its own (by path), so that adding a layer changes no other. */
export function initialise(tree: ParameterTree, random: Random): Float32Array<ArrayBuffer> {
  const { leaves, size } = layoutOf(tree)
  const flat = new Float32Array(size)
  for (const { path, shape, offset, init } of leaves) flat.set(draw(init, shape, random.split(path)), offset)
  return flat
}

/**
 * The same tree with the leaves whose paths match (as `/^encoder/` does all of an encoder) no longer trainable: no
 * gradient reaches them and no optimiser changes them.
 */
export function freeze<T extends ParameterTree>(tree: T, which: RegExp | ((path: string) => boolean)): T {
  const matches = typeof which === 'function' ? which : (path: string): boolean => path.search(which) >= 0
  const visit = (node: ParameterTree, path: string): ParameterTree => {
    if (isSpec(node)) return matches(path) ? { ...node, trainable: false, decay: false } : node
    const children = childrenOf(node).map(
      ([name, child]) => [name, visit(child, path === '' ? name : `${path}.${name}`)] as const,
    )
    return Array.isArray(node) ? children.map(([, child]) => child) : Object.fromEntries(children)
  }
  return visit(tree, '') as T
}

/** Views into the flat vector by path. */
export function unflatten(tree: ParameterTree, flat: Float32Array): Map<string, { shape: Shape; data: Float32Array }> {
  const { leaves, size } = layoutOf(tree)
  checkSize(flat, size)
  return new Map(
    leaves.map(({ path, shape, offset, size: n }) => [path, { shape, data: flat.subarray(offset, offset + n) }]),
  )
}

/** The flat vector of named arrays; every leaf must be there in its size. */
export function flatten(tree: ParameterTree, named: ReadonlyMap<string, ArrayLike<number>>): Float32Array<ArrayBuffer> {
  const { leaves, size } = layoutOf(tree)
  const flat = new Float32Array(size)
  for (const { path, shape, offset, size: count } of leaves) {
    const data = named.get(path)
    if (data?.length !== count) {
      throw new InputError(
        'ParameterMismatch',
        `parameter ${path} needs ${count} numbers ${showShape(shape)}, not ${data?.length ?? 'none'}`,
        {
          data: { path, expected: count, actual: data?.length },
        },
      )
    }
    flat.set(data, offset)
  }
  return flat
}

/** Raises `InputError` when a flat vector has another length than its layout. */
export function checkSize(flat: ArrayLike<number>, size: number): void {
  if (flat.length !== size) {
    throw new InputError('ParameterMismatch', `the program has ${size} parameters, not ${flat.length}`, {
      hint: 'Use parameters that were saved with this very network.',
      data: { expected: size, actual: flat.length },
    })
  }
}
