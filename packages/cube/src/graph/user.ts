/** User-defined processes as rows of a registry, and the parameters of programs. */
import { InputError } from '@ecotope/core'
import type { ParameterRow, ProcessContext, ProcessRow, Value } from '../process/row.ts'
import { checkerOf } from '../process/schema.ts'
import type { Resolved, RunGraph, Runtime } from './plan.ts'
import type { UserParameter, UserProcess } from './program.ts'
import { callbacksIn, isGraph } from './references.ts'
import type { Registry } from './validate.ts'

/**
 * A registry with user-defined processes added; those of the same id as a given process hide it. Errors (InputError):
 * ProcessGraphInvalid where a definition is none, or where definitions use each other in a circle.
 */
export function withUserProcesses(registry: Registry, processes: readonly UserProcess[], run: RunGraph): Registry {
  if (processes.length === 0) return registry
  const all = new Map(registry)
  const byId = new Map(processes.map((process) => [process.id, process]))
  for (const process of processes) {
    if (typeof process.id !== 'string' || !isGraph(process.process_graph))
      throw new InputError(
        'ProcessGraphInvalid',
        `the user-defined process ${String(process.id)} has no process graph`,
        {
          hint: 'Give it the fields id, parameters and process_graph.',
        },
      )
    refuseCircle(process.id, byId, [])
  }
  for (const process of processes) all.set(process.id, userRow(process, all, run))
  return all
}

function refuseCircle(id: string, processes: ReadonlyMap<string, UserProcess>, trail: readonly string[]): void {
  const process = processes.get(id)
  if (process === undefined) return
  if (trail.includes(id)) {
    const text = [...trail.slice(trail.indexOf(id)), id].join(' → ')
    throw new InputError('ProcessGraphInvalid', `user-defined processes use each other in a circle: ${text}`, {
      hint: 'A process cannot use itself.',
      data: { cycle: text },
    })
  }
  for (const used of processIds(process.process_graph)) refuseCircle(used, processes, [...trail, id])
}

function processIds(graph: UserProcess['process_graph']): string[] {
  const nodes = Object.values(graph)
  const inner = nodes.flatMap((node) => Object.values(node.arguments ?? {}).flatMap((value) => callbacksIn(value)))
  return [...new Set([...nodes.map((node) => node.process_id), ...inner.flatMap(processIds)])]
}

const definitions = new WeakMap<ProcessRow, UserProcess>()

/** The definition of a row of a user-defined process; undefined of all others. */
export const definitionOf = (row: ProcessRow | undefined): UserProcess | undefined =>
  row === undefined ? undefined : definitions.get(row)

function userRow(process: UserProcess, registry: Registry, run: RunGraph): ProcessRow {
  const parameters = (process.parameters ?? []).map(rowOf)
  const names = parameters.map(({ name }) => name)
  const runtimes = new WeakMap<ProcessContext, Runtime>()
  const row: ProcessRow = {
    id: process.id,
    category: 'development',
    summary: process.summary ?? process.description ?? 'A user-defined process.',
    parameters,
    returns: { summary: process.returns?.description ?? 'Its result.', schema: process.returns?.schema ?? {} },
    chunks: 'value',
    evaluate(args, context) {
      let runtime = runtimes.get(context)
      if (runtime === undefined) {
        runtime = { registry, context, plans: new WeakMap() }
        runtimes.set(context, runtime)
      }
      return run(
        process.process_graph,
        { values: args as Record<string, Resolved>, names },
        runtime,
        `${context.node}/`,
      )
    },
  }
  definitions.set(row, process)
  return row
}

function rowOf(parameter: UserParameter): ParameterRow {
  return {
    name: parameter.name,
    summary: parameter.description ?? '',
    schema: parameter.schema ?? {},
    ...(parameter.optional === true || 'default' in parameter
      ? { optional: true, default: parameter.default ?? null }
      : {}),
  }
}

/**
 * Values of declared parameters: those given, checked, and defaults. Names that are not declared pass as they are.
 * Errors (InputError): ProcessParameterMissing, ProcessParameterInvalid.
 */
export function parameterValues(
  declared: readonly UserParameter[],
  given: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const values: Record<string, Value> = { ...given }
  for (const parameter of declared) {
    const { name } = parameter
    const value = given[name]
    if (value === undefined) {
      if (parameter.optional !== true && !('default' in parameter))
        throw new InputError('ProcessParameterMissing', `the process graph needs a value for its parameter ${name}`, {
          hint: `Give it, on the command line by --param ${name}=VALUE.`,
          data: { parameter: name },
        })
      values[name] = parameter.default ?? null
      continue
    }
    const problem = checkerOf(parameter.schema ?? {})(value)
    if (problem !== undefined)
      throw new InputError('ProcessParameterInvalid', `parameter ${name}: ${problem}`, { data: { parameter: name } })
  }
  return values
}
