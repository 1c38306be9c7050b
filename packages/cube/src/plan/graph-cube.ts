/** Opens the cube that a process graph describes: what workers do with the graph that they are sent. */
import { InputError } from '@ecotope/core'
import { evaluateGraph } from '../graph/evaluate.ts'
import type { CubeNode } from '../model/node.ts'
import type { CubeValue, ProcessGraph, Value } from '../process/row.ts'

export interface OpenedCube {
  readonly node: CubeNode
  /** Closes the sources. */
  close(): Promise<void>
}

/** Plain data by which any thread or machine that has the inputs makes the same cube. */
export interface GraphContext {
  readonly graph: ProcessGraph
  readonly parameters?: Readonly<Record<string, Value>>
  /** Where relative paths start. */
  readonly folder?: string
  /** `skip`: sources have a value for cells of damaged chunks. Default `fail`. */
  readonly onError?: 'fail' | 'skip'
}

const isCube = (value: Value): value is CubeValue =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'cube'

/** Throws what evaluating throws, and InputError `NotACube` where the graph gives another value. */
export async function openCube(context: GraphContext): Promise<OpenedCube> {
  const { graph, ...options } = context
  const evaluation = await evaluateGraph(graph, options)
  const { value } = evaluation
  if (isCube(value)) return { node: value.node, close: () => evaluation.close() }
  await evaluation.close()
  throw new InputError('NotACube', 'the graph gives no cube, so there is nothing to cut into chunks', {
    hint: 'let the node with result: true be a cube',
  })
}
