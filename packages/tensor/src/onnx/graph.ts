/**
 * An ONNX graph under construction. Equal nodes are emitted once (value numbering), so that a gradient's lowering may
 * simply ask again for what the forward pass computed. Knows operators only by name.
 */

import { InputError } from '@ecotope/core'
import { type Shape, sizeOf } from '../shape.ts'

/** `TensorProto.DataType`. */
export const elementType = { float32: 1, int32: 6, int64: 7, bool: 9 } as const

export type ElementType = keyof typeof elementType

export interface Value {
  readonly name: string
  readonly shape: Shape
  readonly type: ElementType
}

/** Integers and lists of integers as they are; floats wrapped, since ONNX tells them apart. */
export type Attribute = number | string | readonly number[] | { readonly float: number }

export type Domain = '' | 'com.microsoft' | 'com.microsoft.nchwc'

export interface OnnxNode {
  readonly op: string
  readonly domain: Domain
  readonly inputs: readonly string[]
  readonly output: string
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly scope: string
}

export type Data = Float32Array | Int32Array | BigInt64Array

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
  readonly #known = new Map<string, Value>()
  readonly #names = new Set<string>()
  readonly #producers = new Map<string, OnnxNode>()
  readonly #values = new Map<string, Value>()
  #count = 0

  input(name: string, shape: Shape, type: ElementType): Value {
    this.#claim(name, 'input')
    const value = { name, shape, type }
    this.inputs.push(value)
    return value
  }

  output(name: string, value: Value): void {
    this.#claim(name, 'output')
    this.nodes.push({ op: 'Identity', domain: '', inputs: [value.name], output: name, attributes: {}, scope: '' })
    this.outputs.push({ ...value, name })
  }

  /** Emits a node of one output, or gives the value of an equal one. Absent optional inputs are null. */
  emit(op: string, inputs: readonly (Value | null)[], shape: Shape, options: EmitOptions = {}): Value {
    const { attributes = {}, domain = '', type = 'float32' } = options
    const names = inputs.map((input) => input?.name ?? '')
    const key = `${domain}|${op}|${names.join()}|${JSON.stringify(attributes)}|${shape.join()}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const value = { name: `_v${this.#count++}`, shape, type }
    const node: OnnxNode = { op, domain, inputs: names, output: value.name, attributes, scope: this.scope }
    this.nodes.push(node)
    this.#producers.set(value.name, node)
    for (const input of inputs) if (input !== null) this.#values.set(input.name, input)
    this.#known.set(key, value)
    return value
  }

  /** The node that emitted a value; undefined for inputs and constants. */
  producer(value: Value): OnnxNode | undefined {
    return this.#producers.get(value.name)
  }

  /** The value of a name that some node reads. */
  named(name: string): Value {
    return this.#values.get(name)!
  }

  /** Drops the nodes and constants that no output needs. */
  prune(): void {
    const needed = new Set(this.outputs.map(({ name }) => name))
    const kept = this.nodes.toReversed().filter(({ output, inputs }) => {
      if (!needed.has(output)) return false
      for (const input of inputs) needed.add(input)
      return true
    })
    this.nodes.splice(0, this.nodes.length, ...kept.reverse())
    const constants = this.initialisers.filter(({ value }) => needed.has(value.name))
    this.initialisers.splice(0, this.initialisers.length, ...constants)
  }

  /** A constant of the graph; short ones are shared. */
  constant(data: Data, shape: Shape, name?: string): Value {
    const type = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'int64'
    const key = data.length <= 1024 ? `const|${type}|${shape.join()}|${data.join()}` : undefined
    const known = key === undefined || name !== undefined ? undefined : this.#known.get(key)
    if (known !== undefined) return known
    if (name !== undefined) this.#claim(name, 'parameter')
    const value: Value = { name: name ?? `_c${this.#count++}`, shape, type }
    this.initialisers.push({ value, data })
    if (key !== undefined && name === undefined) this.#known.set(key, value)
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
