/** Runs one process of the registry on plain arguments, as a graph of one node. */
import { expect } from 'vitest'
import { evaluateGraph } from '../../src/graph/evaluate.ts'
import type { LabeledArray, ProcessGraph, Value } from '../../src/process/row.ts'

/** Arguments named in `graphs` are callbacks and stand in the graph; the others come as parameters. */
export async function run(
  process: string,
  args: Readonly<Record<string, Value>>,
  graphs: Readonly<Record<string, ProcessGraph>> = {},
): Promise<Value> {
  const references = Object.keys(args).map((name) => [name, { from_parameter: name }])
  const callbacks = Object.entries(graphs).map(([name, graph]) => [name, { process_graph: graph }])
  const node = { process_id: process, arguments: Object.fromEntries([...references, ...callbacks]), result: true }
  const { value, close } = await evaluateGraph({ node }, { parameters: args })
  await close()
  return value
}

/** The tag of the error that a process ends with. */
export async function tagOf(process: string, args: Readonly<Record<string, Value>>): Promise<string> {
  const error = await run(process, args).then(
    () => undefined,
    (reason: unknown) => reason as { tag: string; message: string },
  )
  expect(error, `${process} has to end with an error`).toBeDefined()
  expect(error!.message).toMatch(/^node node[: ]/)
  return error!.tag
}

export const labeled = (entries: Readonly<Record<string, Value>>): LabeledArray => ({
  kind: 'labeled-array',
  labels: Object.keys(entries),
  values: Object.values(entries),
})
