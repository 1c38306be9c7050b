/** A graph made ready to run: nodes in order, arguments as functions of what is known by then. Runs nothing itself. */
import { InputError } from '@ecotope/core'
import type { Callback, ParameterRow, ProcessContext, ProcessGraph, ProcessRow, Value } from '../process/row.ts'
import { isCallback } from '../process/schema.ts'
import { callbackParameters, closeGraph } from './callbacks.ts'
import { inlineUserProcesses } from './inline.ts'
import { callbackGraph, isObject, referenceOf, referencesIn } from './references.ts'
import { definitionOf } from './user.ts'
import { argumentProblem, assertValid, orderOf, type Registry, validateGraph } from './validate.ts'

/** What a reference or an argument stands for. */
export type Resolved = Value | Callback | undefined

/** Parameters at hand, those of the surrounding graphs included. */
export interface Scope {
  readonly values: Readonly<Record<string, Resolved>>
  /** Names that exist here, whether or not the caller gave them a value. */
  readonly names: readonly string[]
  readonly outer?: Scope
}

/** What all graphs of one evaluation share. */
export interface Runtime {
  readonly registry: Registry
  readonly context: Omit<ProcessContext, 'node'>
  readonly plans: WeakMap<ProcessGraph, Plan>
}

export interface Step {
  readonly id: string
  readonly row: ProcessRow
  readonly context: ProcessContext
  readonly args: readonly Argument[]
}

export interface Argument {
  readonly parameter: ParameterRow
  /** Undefined where the value may need a check once it is known. */
  readonly resolve: Resolver
  readonly isKnown: boolean
}

export interface Frame {
  readonly results: Resolved[]
  readonly scope: Scope
  readonly runtime: Runtime
}

export type Resolver = (frame: Frame) => Resolved

export interface Plan {
  readonly steps: readonly Step[]
  /** Index of the step whose value is the graph's. */
  readonly result: number
}

/** Runs a callback's graph; given by the executing side, so that plans need not know it. */
export type RunGraph = (graph: ProcessGraph, scope: Scope, runtime: Runtime, path: string) => Value | Promise<Value>

/** The plan of a graph, made and checked once per evaluation. `path` is that of the nodes around it, with a slash. */
export function planGraph(graph: ProcessGraph, runtime: Runtime, path: string, run: RunGraph): Plan {
  const known = runtime.plans.get(graph)
  if (known !== undefined) return known
  assertValid(validateGraph(graph, runtime.registry))
  const { order } = orderOf(graph)
  const index = new Map(order.map((id, i) => [id, i]))
  const steps = order.map((id): Step => {
    const node = graph[id]!
    const row = runtime.registry.get(node.process_id)!
    const context = { ...runtime.context, node: `${path}${id}` }
    const args = row.parameters.map((parameter) => {
      const written = node.arguments?.[parameter.name]
      return argumentOf(parameter, written, index, `${path}${id}/`, run)
    })
    return { id, row, context, args }
  })
  const plan = { steps, result: order.findIndex((id) => graph[id]!.result === true) }
  runtime.plans.set(graph, plan)
  return plan
}

/** Whether null stands for the default: not where null is a value of its own, as the schema says. */
function isDefaulted({ optional, schema, ...rest }: ParameterRow): boolean {
  const isValue = isObject(schema) && Array.isArray(schema.type) && schema.type.includes('null')
  return optional === true && 'default' in rest && !(isValue && rest.default !== null)
}

function argumentOf(
  parameter: ParameterRow,
  written: unknown,
  index: ReadonlyMap<string, number>,
  path: string,
  run: RunGraph,
): Argument {
  const own = callbackParameters(parameter)
  const graph = own === undefined ? undefined : callbackGraph(written)
  if (graph !== undefined)
    return { parameter, isKnown: true, resolve: (frame) => makeCallback(graph, own!, frame, path, run) }
  if (written === undefined || (written === null && isDefaulted(parameter)))
    return { parameter, isKnown: true, resolve: () => parameter.default }
  if (referencesIn(written).length === 0) return { parameter, isKnown: true, resolve: () => written as Value }
  const resolve = resolverOf(written, index)
  return {
    parameter,
    isKnown: false,
    resolve: (frame) => {
      const value = resolve(frame) ?? null
      if (value === null && parameter.optional === true) return isDefaulted(parameter) ? parameter.default : null
      const late = own === undefined || isCallback(value) ? undefined : callbackGraph(value)
      return late === undefined ? value : makeCallback(late, own!, frame, path, run)
    },
  }
}

function resolverOf(written: unknown, index: ReadonlyMap<string, number>): Resolver {
  const reference = referenceOf(written)
  if (reference !== undefined) {
    if (!('node' in reference)) return (frame) => lookUp(reference.parameter, frame.scope)
    const i = index.get(reference.node)!
    return (frame) => frame.results[i]
  }
  if (Array.isArray(written)) {
    const items = written.map((item) => resolverOf(item, index))
    return (frame) => items.map((item) => item(frame) ?? null) as readonly Value[]
  }
  if (isObject(written) && callbackGraph(written) === undefined) {
    const fields = Object.entries(written).map(([key, item]) => [key, resolverOf(item, index)] as const)
    return (frame) => Object.fromEntries(fields.map(([key, item]) => [key, (item(frame) ?? null) as Value]))
  }
  return () => written as Value
}

function lookUp(name: string, scope: Scope): Resolved {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const value = at.values[name]
    if (value !== undefined) return value
    if (at.names.includes(name)) return undefined
  }
  throw new InputError('UnknownParameter', `there is no parameter ${name} here`, {
    hint: 'Refer to parameters of the process that the callback belongs to, or to those of the whole graph.',
    data: { name },
  })
}

/**
 * A callback with the parameters around it. Its `graph` has those of them filled in that are
 * plain JSON, and user-defined processes written out.
 */
function makeCallback(
  graph: ProcessGraph,
  own: readonly string[],
  frame: Frame,
  path: string,
  runGraph: RunGraph,
): Callback {
  const { scope: outer, runtime } = frame
  let closed: ProcessGraph | undefined
  const run = (values: Readonly<Record<string, Value>>): Value | Promise<Value> =>
    runGraph(graph, { values, names: own, outer }, runtime, path)
  return {
    get graph() {
      if (closed !== undefined) return closed
      const plain = inlineUserProcesses(graph, (id) => definitionOf(runtime.registry.get(id)))
      closed = closeGraph(plain, own, (name) => {
        const value = isReachable(name, outer) ? lookUp(name, outer) : undefined
        return isJson(value) ? value : undefined
      })
      return closed
    },
    run,
    runSync: (values) => {
      const value = run(values)
      if (!(value instanceof Promise)) return value
      value.catch(() => undefined)
      throw new InputError(
        'AsynchronousProcess',
        `the process graph of ${path.slice(0, -1)} has to wait for a process`,
        {
          hint: 'Use processes here that compute on values only.',
          data: { node: path.slice(0, -1) },
        },
      )
    },
  }
}

function isReachable(name: string, scope: Scope | undefined): boolean {
  for (let at = scope; at !== undefined; at = at.outer) if (at.names.includes(name)) return true
  return false
}

function isJson(value: Resolved): boolean {
  if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) return true
  if (Array.isArray(value)) return value.every(isJson)
  if (!isObject(value) || typeof value.kind === 'string' || isCallback(value)) return false
  return Object.values(value as { readonly [key: string]: Value }).every(isJson)
}

/** Arguments of a step by name, checked; absent ones are left out. */
export function argumentsOf(step: Step, frame: Frame): Record<string, Resolved> {
  const args: Record<string, Resolved> = {}
  for (const { parameter, resolve, isKnown } of step.args) {
    const value = resolve(frame)
    if (value === undefined) continue
    const problem = isKnown ? undefined : argumentProblem(value, parameter)
    if (problem !== undefined)
      throw new InputError('ProcessParameterInvalid', `argument ${parameter.name}: ${problem}`, {
        data: { parameter: parameter.name },
      })
    args[parameter.name] = value
  }
  return args
}
