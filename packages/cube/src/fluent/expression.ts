/** Callbacks written in TypeScript: a function over expressions becomes an openEO process graph. Computes nothing. */
import { InputError } from '@ecotope/core'
import { registry } from '../process/registry.ts'
import type { GraphNode, ProcessGraph } from '../process/row.ts'
import { Operand } from './operand.ts'
import { isDerived, uniqueName, writtenNumber } from './plain.ts'

interface Call {
  readonly process: string
  readonly args: Readonly<Record<string, unknown>>
}

/** A value inside a callback: a parameter, or what a process makes of other values. */
export class Expression extends Operand<Expression> {
  readonly #origin: Call | { readonly parameter: string }

  private constructor(origin: Call | { readonly parameter: string }) {
    super()
    this.#origin = origin
  }

  static parameter(name: string): Expression {
    return new Expression({ parameter: name })
  }

  /** Any process; arguments may be expressions, numbers, texts, lists of these. */
  static process(process: string, args: Readonly<Record<string, unknown>>): Expression {
    return new Expression({ process, args })
  }

  protected override elementwise(process: string, args: Readonly<Record<string, unknown>> = {}): Expression {
    return Expression.process(process, { [valueParameter(process)]: this, ...args })
  }

  /** The element at an index, counted from 0, of an array such as the `data` of a reducer. */
  at(index: number): Expression {
    return Expression.process('array_element', { data: this, index })
  }
  /** The element with a label: `data.label('B04')`. */
  label(label: string | number): Expression {
    return Expression.process('array_element', { data: this, label })
  }
  /** Whether the value is one of these. */
  in(values: readonly number[]): Expression {
    return Expression.process('array_contains', { data: values, value: this })
  }
  /** `this` where it is a true condition: one value or the other. */
  select(accept: Expression | number, reject: Expression | number | null = null): Expression {
    return Expression.process('if', { value: this, accept, reject })
  }
  /** An array by a reducer: `data.reduce('mean')`. */
  reduce(reducer: string, options: Readonly<Record<string, unknown>> = {}): Expression {
    return Expression.process(reducer, { data: this, ...options })
  }

  /** Thrown by `x + 1`, `x > 3` and `Math.sqrt(x)`: there is no number yet. */
  [Symbol.toPrimitive](): never {
    throw new InputError(
      'NotTraced',
      'a value inside a callback is no number yet, so JavaScript cannot compute with it',
      {
        hint: 'use its methods: x.add(1) for x + 1, x.gt(3).select(x, 0) for x > 3 ? x : 0, x.sqrt() for Math.sqrt(x)',
      },
    )
  }

  /** What this is made of; for `graphOf`. */
  get origin(): Call | { readonly parameter: string } {
    return this.#origin
  }
}

/** The parameter of an elementwise process that takes the value itself: its first one, `x` as a rule. */
export function valueParameter(process: string): string {
  return registry.get(process)?.parameters[0]?.name ?? 'x'
}

/** A callback as users give it: a function, the name of a process, or openEO JSON. */
export type CallbackInput = ((...parameters: Expression[]) => Expression) | string | ProcessGraph

/**
 * The process graph of a callback with these parameters. A name such as `median` stands for that process on them. Throws
 * InputError `NotTraced`, `BadCallback` where a function computes with values that are not there yet, or gives none, and
 * `CubeInCallback` where it computes with a cube.
 */
export function graphOf(callback: CallbackInput, parameters: readonly string[]): ProcessGraph {
  if (typeof callback === 'object') return callback
  const values = parameters.map((name) => Expression.parameter(name))
  const made: unknown =
    typeof callback === 'function' ? callback(...values) : Expression.process(callback, named(callback, parameters))
  if (made instanceof Expression) return flatten(made)
  if (made === null || typeof made === 'number' || typeof made === 'boolean')
    return flatten(Expression.process('constant', { x: made }))
  throw new InputError('BadCallback', `the callback gives ${made === undefined ? 'nothing' : typeof made}`, {
    hint: 'let it return what is made of its parameters, such as (x) => x.add(1)',
  })
}

/** Parameters of a callback as arguments of a process: by their names, else the first; both `x` and `y` as an array. */
function named(process: string, parameters: readonly string[]): Readonly<Record<string, unknown>> {
  const own = parameters.filter((name) => name !== 'context')
  const takes = registry.get(process)?.parameters.map(({ name }) => name) ?? own
  const shared = own.filter((name) => takes.includes(name))
  if (shared.length > 0) return Object.fromEntries(shared.map((name) => [name, Expression.parameter(name)]))
  const values = own.map((name) => Expression.parameter(name))
  return { [takes[0] ?? own[0]!]: values.length === 1 ? values[0] : values }
}

function flatten(result: Expression): ProcessGraph {
  const nodes: Record<string, GraphNode> = {}
  const names = new Map<Expression, string>()
  const write = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(write)
    if (typeof value === 'number') return writtenNumber(value, nodes)
    if (isDerived(value)) throw cubeInCallback()
    if (!(value instanceof Expression)) return value
    const { origin } = value
    return 'parameter' in origin ? { from_parameter: origin.parameter } : { from_node: nameOf(value, origin) }
  }
  const nameOf = (value: Expression, { process, args }: Call): string => {
    const known = names.get(value)
    if (known !== undefined) return known
    const written = Object.fromEntries(Object.entries(args).map(([key, item]) => [key, write(item)]))
    const name = uniqueName(process, nodes)
    names.set(value, name)
    nodes[name] = { process_id: process, arguments: written }
    return name
  }
  // A graph needs a node, also where the callback gives a parameter back as it is.
  const last = 'parameter' in result.origin ? Expression.process('constant', { x: result }) : result
  const name = nameOf(last, last.origin as Call)
  return { ...nodes, [name]: { ...nodes[name]!, result: true } }
}

const cubeInCallback = (): InputError =>
  new InputError('CubeInCallback', 'a callback computes on the values of its own cube, not on those of another cube', {
    hint: 'put the cubes together outside of the callback: a.subtract(b), a.mask(b), a.merge(b, (x, y) => x.add(y))',
  })
