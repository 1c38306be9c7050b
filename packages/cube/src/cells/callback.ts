/** Compiles openEO callbacks (plain JSON graphs) to cells by the rules. Knows no process itself. */
import type { Callback, CellArgument, GraphNode, ProcessGraph, Value } from '../process/row.ts'
import { constant, isCell } from './build.ts'
import type { MakeLine } from './rule.ts'
import { cellRules } from './rules.ts'

/** Thrown inside this file only: something in the graph cannot become cells. */
const IMPOSSIBLE = Symbol('cannot be compiled')

/** What compiling may use of the processes around it. */
export interface CompileMeans {
  readonly line?: MakeLine
  /** The value of a process of plain arguments; undefined where it has none, or fails. */
  readonly evaluate?: (id: string, args: Readonly<Record<string, Value>>) => Value | undefined
}

type Bindings = Readonly<Record<string, CellArgument>>

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One graph with what its parameters are; every node is compiled once. */
class GraphCompiler {
  readonly #graph: ProcessGraph
  readonly #bindings: Bindings
  readonly #means: CompileMeans
  readonly #done = new Map<string, CellArgument>()
  readonly #open = new Set<string>()

  constructor(graph: ProcessGraph, bindings: Bindings, means: CompileMeans) {
    this.#graph = graph
    this.#bindings = bindings
    this.#means = means
  }

  result(): CellArgument {
    const id = Object.keys(this.#graph).find((key) => this.#graph[key]!.result === true)
    return this.#node(id ?? impossible())
  }

  #node(id: string): CellArgument {
    if (this.#done.has(id)) return this.#done.get(id)
    const node = this.#graph[id]
    if (node === undefined || this.#open.has(id)) return impossible()
    this.#open.add(id)
    const value = this.#call(node)
    this.#open.delete(id)
    this.#done.set(id, value)
    return value
  }

  #call(node: GraphNode): CellArgument {
    if (node.namespace !== undefined && node.namespace !== null) return impossible()
    const args = Object.fromEntries(
      Object.entries(node.arguments ?? {}).map(([name, argument]) => [name, this.#argument(argument)]),
    )
    // A nested callback sees the parameters around it; its own go before them.
    const nested = (graph: ProcessGraph, bindings: Bindings): CellArgument | undefined =>
      compileGraph(graph, { ...this.#bindings, ...bindings }, this.#means)
    const { line } = this.#means
    const value = cellRules.get(node.process_id)?.(args, { nested, ...(line && { line }) })
    if (value !== undefined && !isOfConstants(value)) return value
    const known = this.#constant(node.process_id, args)
    if (value === undefined) return known === undefined ? impossible() : argumentOf(known)
    // Rules that want a limit or a base want a number, be it one that is computed, such as infinity by 1 / 0.
    return typeof known === 'number' ? constant(known) : value
  }

  /** The result of a process whose arguments are all known. */
  #constant(id: string, args: Readonly<Record<string, CellArgument>>): Value | undefined {
    const entries = Object.entries(args).map(([name, argument]) => [name, plainOf(argument)] as const)
    if (entries.some(([, value]) => value === undefined)) return undefined
    return this.#means.evaluate?.(id, Object.fromEntries(entries) as Record<string, Value>)
  }

  #argument(argument: unknown): CellArgument {
    if (typeof argument === 'number') return constant(argument)
    if (argument === null || typeof argument === 'boolean' || typeof argument === 'string') return argument
    if (Array.isArray(argument)) return argument.map((element) => this.#argument(element))
    if (!isRecord(argument)) return impossible()
    if (typeof argument.from_node === 'string') return this.#node(argument.from_node)
    if (typeof argument.from_parameter === 'string') return this.#parameter(argument.from_parameter)
    // Nested callbacks and option objects go to the rule as they stand.
    return argument as unknown as CellArgument
  }

  #parameter(name: string): CellArgument {
    const value = this.#bindings[name]
    return value === undefined ? impossible() : value
  }
}

function impossible(): never {
  throw IMPOSSIBLE
}

const isOfConstants = (value: CellArgument): boolean =>
  isCell(value) && value.kind === 'call' && value.args.every(({ kind }) => kind === 'constant')

/** The value of an argument that is the same for all cells; undefined of others. */
function plainOf(argument: CellArgument): Value | undefined {
  if (Array.isArray(argument)) {
    const values = argument.map((element: CellArgument) => plainOf(element))
    return values.every((value) => value !== undefined) ? values : undefined
  }
  if (isCell(argument)) {
    if (argument.kind !== 'constant') return undefined
    return Number.isNaN(argument.value) ? null : argument.value
  }
  const isPlain = argument === null || typeof argument === 'boolean' || typeof argument === 'string'
  return isPlain ? argument : undefined
}

/** A plain value as an argument of rules: numbers are constants, lists element by element. */
function argumentOf(value: Value): CellArgument {
  if (typeof value === 'number') return constant(value)
  if (Array.isArray(value)) return value.map((element: Value) => argumentOf(element))
  return value === null || typeof value === 'boolean' || typeof value === 'string' ? value : impossible()
}

function compileGraph(graph: ProcessGraph, bindings: Bindings, means: CompileMeans): CellArgument | undefined {
  try {
    return new GraphCompiler(graph, bindings, means).result()
  } catch (error) {
    if (error === IMPOSSIBLE) return undefined
    throw error
  }
}

/**
 * The cell (or array, or list of cells) that a callback computes from its parameters; undefined where it cannot be
 * compiled, so that it has to be interpreted. `cellOf` makes one cell of a result that should be one.
 */
export function compileCallback(
  callback: Pick<Callback, 'graph'>,
  bindings: Bindings,
  means: CompileMeans = {},
): CellArgument | undefined {
  return compileGraph(callback.graph, bindings, means)
}
