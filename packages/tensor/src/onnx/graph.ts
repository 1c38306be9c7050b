/**
 * An ONNX graph under construction. Equal nodes are emitted once (value numbering), so that a gradient's lowering may
 * simply ask again for what the forward pass computed. Knows operators only by name.
 */

import { InputError } from '@ecotope/core'
import { type Shape, sizeOf } from '../shape.ts'

/** `TensorProto.DataType`. */
export const elementType = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10 } as const

export type ElementType = keyof typeof elementType

/** Bytes of one element. */
const elementBytes: Readonly<Record<ElementType, number>> = { float32: 4, int32: 4, int64: 8, bool: 1, float16: 2 }

export interface Value {
  readonly name: string
  readonly shape: Shape
  readonly type: ElementType
}

/** Integers and lists of integers as they are; floats and sub-graphs wrapped, since ONNX tells them apart. */
export type Attribute = number | string | readonly number[] | { readonly float: number } | { readonly graph: OnnxGraph }

export type Domain = '' | 'com.microsoft' | 'com.microsoft.nchwc'

export interface OnnxNode {
  readonly op: string
  readonly domain: Domain
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly scope: string
}

/** Numbers of binary16 are bit patterns. */
export type Data = Float32Array | Int32Array | BigInt64Array | Uint16Array

export interface Initialiser {
  readonly value: Value
  readonly data: Data
}

export interface EmitOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>
  readonly domain?: Domain
  readonly type?: ElementType
}

export class OnnxGraph {
  readonly nodes: OnnxNode[] = []
  readonly initialisers: Initialiser[] = []
  readonly inputs: Value[] = []
  readonly outputs: Value[] = []
  /** The layer to which emitted nodes belong. */
  scope = ''
  readonly #known = new Map<string, readonly Value[]>()
  readonly #names = new Set<string>()
  readonly #producers = new Map<string, OnnxNode>()
  readonly #values = new Map<string, Value>()
  readonly #parent: OnnxGraph | undefined
  readonly #prefix: string
  /** Of a sub-graph: what is known only inside. */
  readonly #own = new Set<string>()
  #count = 0

  /** A graph, or a sub-graph of `parent` (the body of a loop), which may read whatever the parent knows. */
  constructor(parent?: OnnxGraph) {
    this.#parent = parent
    this.#prefix = parent === undefined ? '_' : `${parent.#prefix}${parent.#count++}_`
  }

  /** An input of a sub-graph, under a name of its own. */
  argument(shape: Shape, type: ElementType): Value {
    const value = { name: this.#fresh('a'), shape, type }
    this.#own.add(value.name)
    this.#values.set(value.name, value)
    this.inputs.push(value)
    return value
  }

  /** An output of a sub-graph: the value itself where it is computed inside and not an output yet. */
  result(value: Value): void {
    const direct = this.#producers.has(value.name) && !this.outputs.some(({ name }) => name === value.name)
    const name = direct ? value.name : this.#fresh('r')
    if (!direct)
      this.nodes.push({ op: 'Identity', domain: '', inputs: [value.name], outputs: [name], attributes: {}, scope: '' })
    this.outputs.push({ ...value, name })
  }

  #fresh(kind: string): string {
    return `${this.#prefix}${kind}${this.#count++}`
  }

  input(name: string, shape: Shape, type: ElementType): Value {
    this.#claim(name, 'input')
    const value = { name, shape, type }
    this.#values.set(name, value)
    this.inputs.push(value)
    return value
  }

  output(name: string, value: Value): void {
    this.#claim(name, 'output')
    this.nodes.push({ op: 'Identity', domain: '', inputs: [value.name], outputs: [name], attributes: {}, scope: '' })
    this.outputs.push({ ...value, name })
  }

  /** Emits a node of one output, or gives the value of an equal one. Absent optional inputs are null. */
  emit(op: string, inputs: readonly (Value | null)[], shape: Shape, options: EmitOptions = {}): Value {
    return this.emitAll(op, inputs, [shape], options)[0]!
  }

  /** As `emit`, for a node of several outputs of one element type. */
  emitAll(
    op: string,
    inputs: readonly (Value | null)[],
    shapes: readonly Shape[],
    options: EmitOptions = {},
  ): readonly Value[] {
    // What does not depend on a loop's step is computed once, outside.
    if (this.#parent !== undefined && !inputs.some((input) => input !== null && this.#own.has(input.name))) {
      this.#parent.scope = this.scope
      return this.#parent.emitAll(op, inputs, shapes, options)
    }
    const { attributes = {}, domain = '', type = 'float32' } = options
    const names = inputs.map((input) => input?.name ?? '')
    const key = `${domain}|${op}|${names.join()}|${JSON.stringify(attributes)}|${shapes.join(';')}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const values = this.emitTyped(
      op,
      inputs,
      shapes.map((shape) => ({ shape, type })),
      options,
    )
    this.#known.set(key, values)
    return values
  }

  /** As `emitAll`, for outputs of several types; never merged with an equal node. */
  emitTyped(
    op: string,
    inputs: readonly (Value | null)[],
    specs: readonly Omit<Value, 'name'>[],
    { attributes = {}, domain = '' }: EmitOptions,
  ): readonly Value[] {
    const values = specs.map((spec) => ({ ...spec, name: this.#fresh('v') }))
    const outputs = values.map(({ name }) => name)
    const names = inputs.map((input) => input?.name ?? '')
    const node: OnnxNode = { op, domain, inputs: names, outputs, attributes, scope: this.scope }
    this.nodes.push(node)
    for (const value of values) {
      this.#producers.set(value.name, node)
      this.#own.add(value.name)
      this.#values.set(value.name, value)
    }
    return values
  }

  /** The node that emitted a value; undefined for inputs and constants. */
  producer(value: Value): OnnxNode | undefined {
    return this.#producers.get(value.name) ?? this.#parent?.producer(value)
  }

  /** The value of a name: an input's, a constant's, or one that a node gives. */
  named(name: string): Value {
    return this.#values.get(name) ?? this.#parent!.named(name)
  }

  /** What the value of a name takes in memory; 0 for the graph's outputs, which are other values under a new name. */
  bytesOf(name: string): number {
    const value = this.#values.get(name)
    return value === undefined ? 0 : sizeOf(value.shape) * elementBytes[value.type]
  }

  /** Drops the nodes and constants that no output needs. */
  prune(): void {
    const needed = new Set(this.outputs.map(({ name }) => name))
    const kept = this.nodes.toReversed().filter((node) => {
      if (!node.outputs.some((output) => needed.has(output))) return false
      for (const input of readsOf(node)) needed.add(input)
      return true
    })
    this.nodes.splice(0, this.nodes.length, ...kept.reverse())
    const constants = this.initialisers.filter(({ value }) => needed.has(value.name))
    this.initialisers.splice(0, this.initialisers.length, ...constants)
  }

  /** A constant of the graph; short ones are shared. */
  constant(data: Data, shape: Shape, name?: string): Value {
    if (this.#parent !== undefined) return this.#parent.constant(data, shape, name)
    const type = typeOf(data)
    const key = data.length <= 1024 ? `const|${type}|${shape.join()}|${data.join()}` : undefined
    const known = key === undefined || name !== undefined ? undefined : this.#known.get(key)
    if (known !== undefined) return known[0]!
    if (name !== undefined) this.#claim(name, 'parameter')
    const value: Value = { name: name ?? this.#fresh('c'), shape, type }
    this.initialisers.push({ value, data })
    this.#values.set(value.name, value)
    if (key !== undefined && name === undefined) this.#known.set(key, [value])
    return value
  }

  /** Inputs, outputs and named constants share one name space. */
  #claim(name: string, kind: string): void {
    if (this.#names.has(name)) {
      throw new InputError('DuplicateName', `the ${kind} ${name} has the name of another input, output or parameter`, {
        hint: 'Rename it, or export it under another name.',
        data: { name },
      })
    }
    this.#names.add(name)
  }

  scalar(x: number): Value {
    return this.constant(Float32Array.of(x), [])
  }

  integers(list: readonly number[]): Value {
    return this.constant(BigInt64Array.from(list, BigInt), [list.length])
  }

  /** An initialiser filled with one number. */
  filled(x: number, shape: Shape): Value {
    return this.constant(new Float32Array(sizeOf(shape)).fill(x), shape)
  }
}

function typeOf(data: Data): ElementType {
  if (data instanceof Float32Array) return 'float32'
  if (data instanceof Int32Array) return 'int32'
  return data instanceof Uint16Array ? 'float16' : 'int64'
}

/** Names that a node reads: its inputs, and what its sub-graphs read. */
export function readsOf({ inputs, attributes }: OnnxNode): string[] {
  const bodies = Object.values(attributes).flatMap((attribute) =>
    typeof attribute === 'object' && 'graph' in attribute ? [attribute.graph] : [],
  )
  return [
    ...inputs,
    ...bodies.flatMap(({ nodes, outputs }) => [...nodes.flatMap(readsOf), ...outputs.map((o) => o.name)]),
  ]
}
