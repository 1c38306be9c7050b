/** Compiles openEO callbacks (plain JSON graphs) to cells by the rules. Knows no process itself. */
import type { Callback, CellArgument, GraphNode, ProcessGraph } from '../process/row.ts'
import { constant } from './build.ts'
import { cellRules } from './rules.ts'

/** Thrown inside this file only: something in the graph cannot become cells. */
const IMPOSSIBLE = Symbol('cannot be compiled')

type Bindings = Readonly<Record<string, CellArgument>>

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One graph with what its parameters are; every node is compiled once. */
class GraphCompiler {
  readonly #graph: ProcessGraph
  readonly #bindings: Bindings
  readonly #done = new Map<string, CellArgument>()
  readonly #open = new Set<string>()

  constructor(graph: ProcessGraph, bindings: Bindings) {
    this.#graph = graph
    this.#bindings = bindings
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
    const rule = node.namespace === undefined || node.namespace === null ? cellRules.get(node.process_id) : undefined
    if (rule === undefined) return impossible()
    const args = Object.fromEntries(
      Object.entries(node.arguments ?? {}).map(([name, argument]) => [name, this.#argument(argument)]),
    )
    // A nested callback sees the parameters around it; its own go before them.
    const value = rule(args, (graph, bindings) => compileGraph(graph, { ...this.#bindings, ...bindings }))
    return value === undefined ? impossible() : value
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

function compileGraph(graph: ProcessGraph, bindings: Bindings): CellArgument | undefined {
  try {
    return new GraphCompiler(graph, bindings).result()
  } catch (error) {
    if (error === IMPOSSIBLE) return undefined
    throw error
  }
}

/**
 * The cell (or array, or list of cells) that a callback computes from its parameters; undefined where it cannot be
 * compiled, so that it has to be interpreted. `cellOf` makes one cell of a result that should be one.
 */
export function compileCallback(callback: Pick<Callback, 'graph'>, bindings: Bindings): CellArgument | undefined {
  return compileGraph(callback.graph, bindings)
}
