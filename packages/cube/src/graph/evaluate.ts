/** Evaluation of process graphs: each node once, in order, callbacks as values that can be run or compiled later. */
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { registry as everyProcess } from '../process/registry.ts'
import type { ProcessContext, ProcessGraph, Value } from '../process/row.ts'
import { argumentsOf, type Frame, type Plan, planGraph, type Runtime, type Scope, type Step } from './plan.ts'
import type { Program } from './program.ts'
import { parameterValues, withUserProcesses } from './user.ts'
import { assertValid, type Problem, type Registry, validateGraph } from './validate.ts'

export type InspectEntry = Parameters<ProcessContext['onInspect']>[0]

export interface EvaluateOptions extends WorkOptions {
  /** Values of the parameters that the graph refers to. */
  readonly parameters?: Readonly<Record<string, Value>>
  /** Where relative paths of the graph start; default the working folder. */
  readonly folder?: string
  readonly registry?: Registry
  readonly onInspect?: (entry: InspectEntry) => void
  /** What is done about files that are too damaged to be opened, where there are others; default `fail`. */
  readonly onError?: 'fail' | 'skip'
  /** Limits of user-defined functions. */
  readonly udfLimits?: NonNullable<ProcessContext['udfLimits']>
}

export interface Evaluation {
  readonly value: Value
  /** Closes the files that the value still reads from. */
  close(): Promise<void>
}

/**
 * Evaluates a graph. Cubes are lazy: nothing of them is read yet. Errors (InputError): what `validateGraph` finds, what
 * processes throw, with the path of the node in the message and in `data.node`.
 */
export async function evaluateGraph(graph: ProcessGraph, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { parameters = {}, folder = '.', registry = everyProcess, onInspect, ...work } = options
  assertValid(validateGraph(graph, registry, { parameters: Object.keys(parameters) }))
  const kept: { close(): Promise<void> }[] = []
  const close = async (): Promise<void> => {
    for (const resource of kept.splice(0).reverse()) await resource.close()
  }
  const context = {
    ...work,
    folder,
    onInspect: onInspect ?? (() => undefined),
    keep: (resource: { close(): Promise<void> }) => void kept.push(resource),
  }
  const scope: Scope = { values: parameters, names: Object.keys(parameters) }
  try {
    const value = await runGraph(graph, scope, { registry, context, plans: new WeakMap() }, '')
    return { value, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Evaluates a program: its own user-defined processes are known, its parameters checked and defaults filled in. */
export async function evaluateProgram(program: Program, options: EvaluateOptions = {}): Promise<Evaluation> {
  const registry = withUserProcesses(options.registry ?? everyProcess, program.processes, runGraph)
  const parameters = parameterValues(program.parameters, options.parameters ?? {})
  return evaluateGraph(program.graph, { ...options, registry, parameters })
}

/**
 * Everything that is wrong with a program, the graphs of its user-defined processes included. `given` are names of
 * parameters beyond those that it declares.
 */
export function validateProgram(
  program: Program,
  given: readonly string[] = [],
  known: Registry = everyProcess,
): Problem[] {
  let registry: Registry
  try {
    registry = withUserProcesses(known, program.processes, runGraph)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const { tag, message, hint, data } = error
    return [{ tag, message, data, ...(hint === undefined ? {} : { hint }) }]
  }
  const names = program.parameters.map(({ name }) => name)
  const inner = program.processes.flatMap(({ id, process_graph: graph, parameters = [] }) =>
    validateGraph(graph, registry, { parameters: parameters.map(({ name }) => name) }).map((problem) => ({
      ...problem,
      message: `process ${id}: ${problem.message}`,
    })),
  )
  return [...validateGraph(program.graph, registry, { parameters: [...names, ...given] }), ...inner]
}

/** Runs a graph within an evaluation; gives a promise only where a process does. */
export function runGraph(graph: ProcessGraph, scope: Scope, runtime: Runtime, path: string): Value | Promise<Value> {
  const plan = planGraph(graph, runtime, path, runGraph)
  const frame: Frame = { results: new Array(plan.steps.length), scope, runtime }
  return runFrom(0, plan, frame)
}

function runFrom(first: number, plan: Plan, frame: Frame): Value | Promise<Value> {
  for (let i = first; i < plan.steps.length; i++) {
    const value = runStep(plan.steps[i]!, frame)
    if (value instanceof Promise)
      return value.then((settled) => {
        frame.results[i] = settled
        return runFrom(i + 1, plan, frame)
      })
    frame.results[i] = value
  }
  return frame.results[plan.result] as Value
}

function runStep(step: Step, frame: Frame): Value | Promise<Value> {
  try {
    throwIfAborted(step.context.signal)
    const value = step.row.evaluate(argumentsOf(step, frame), step.context)
    return value instanceof Promise ? value.catch((error: unknown) => fail(error, step)) : value
  } catch (error) {
    return fail(error, step)
  }
}

/** The same error with the node in it; errors that name their node already stay as they are. */
function fail(error: unknown, step: Step): never {
  if (!(error instanceof InputError) || error.data.node !== undefined) throw error
  const { node } = step.context
  const again = new InputError(error.tag, `node ${node} (${step.row.id}): ${error.message}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    data: { ...error.data, node, process: step.row.id },
    cause: error.cause ?? error,
  })
  throw again
}
