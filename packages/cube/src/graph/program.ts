/** Process graphs as files hold them: a bare graph, or a process with id, parameters and processes of its own. */
import { InputError } from '@ecotope/core'
import type { ParameterRow, ProcessGraph } from '../process/row.ts'
import { isGraph, isObject } from './references.ts'

/** A user-defined process: what openEO stores under `/process_graphs`. */
export interface UserProcess {
  readonly id: string
  readonly summary?: string
  readonly description?: string
  readonly process_graph: ProcessGraph
  readonly parameters?: readonly UserParameter[]
  readonly returns?: { readonly description?: string; readonly schema?: unknown }
}

export interface UserParameter {
  readonly name: string
  readonly description?: string
  readonly schema?: unknown
  readonly optional?: boolean
  readonly default?: ParameterRow['default']
}

export interface Program {
  readonly id?: string
  readonly graph: ProcessGraph
  readonly parameters: readonly UserParameter[]
  /** User-defined processes that come with the graph. */
  readonly processes: readonly UserProcess[]
}

/**
 * Reads a program: a bare graph, `{ process_graph, parameters }`, or a job `{ process: { process_graph } }`; `processes`
 * beside it are user-defined ones. Errors (InputError): ProcessGraphMissing, ProcessGraphInvalid.
 */
export function parseProgram(json: unknown): Program {
  if (isGraph(json)) return { graph: json, parameters: [], processes: [] }
  refuseNodes(json)
  const holder = isObject(json) && isObject(json.process) ? json.process : json
  if (!isObject(holder) || !isObject(holder.process_graph))
    throw new InputError('ProcessGraphMissing', 'there is no process graph in this JSON', {
      hint: 'Give an object of nodes, or one with the field "process_graph".',
    })
  const processes = (holder.processes ?? (isObject(json) ? json.processes : undefined)) as UserProcess[] | undefined
  return {
    ...(typeof holder.id === 'string' ? { id: holder.id } : {}),
    graph: holder.process_graph as ProcessGraph,
    parameters: Array.isArray(holder.parameters) ? (holder.parameters as UserParameter[]) : [],
    processes: Array.isArray(processes) ? processes : [],
  }
}

/** Throws where JSON looks like a graph, but for nodes without a process. */
function refuseNodes(json: unknown): void {
  if (!isObject(json) || 'process_graph' in json || 'process' in json) return
  const nodes = Object.entries(json)
  if (!nodes.some(([, node]) => isObject(node) && ('process_id' in node || 'arguments' in node))) return
  const [id] = nodes.find(([, node]) => !isObject(node) || typeof node.process_id !== 'string')!
  throw new InputError('ProcessGraphInvalid', `node ${id} names no process`, {
    hint: 'Give every node a process_id, such as "add".',
    data: { node: id },
  })
}
