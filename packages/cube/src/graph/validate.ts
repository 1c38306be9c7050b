/** Checks of process graphs before anything runs: processes, arguments, references, the result, circles. */
import { InputError, nearest } from '@ecotope/core'
import { FORMER_NAMES } from '../process/former.ts'
import type { ParameterRow, ProcessGraph, ProcessRow } from '../process/row.ts'
import { checkerOf, show } from '../process/schema.ts'
import { callbackParameters } from './callbacks.ts'
import { callbackGraph, callbacksIn, isGraph, isObject, type Reference, referencesIn } from './references.ts'

export type Registry = ReadonlyMap<string, ProcessRow>

/** One thing that is wrong with a graph. `node` has the path of nodes down to it, such as `reduce1/mean1`. */
export interface Problem {
  readonly tag: string
  readonly message: string
  readonly hint?: string
  readonly node?: string
  readonly data?: Readonly<Record<string, unknown>>
}

export interface ValidateOptions {
  /** Parameters that the graph may refer to; without it any name passes. */
  readonly parameters?: readonly string[]
}

interface Place {
  /** Path of the graph: empty, or the ids of the nodes around it with a slash. */
  readonly path: string
  readonly parameters: readonly string[] | undefined
  /** Ids of the nodes of the graphs around it, which it cannot refer to. */
  readonly outer: readonly string[]
}

/** Everything that is wrong with a graph, callbacks included; empty where it can run. */
export function validateGraph(graph: ProcessGraph, registry: Registry, options: ValidateOptions = {}): Problem[] {
  return problemsOf(graph, registry, { path: '', parameters: options.parameters, outer: [] })
}

/** Throws the first problem as an InputError whose data holds all of them. */
export function assertValid(problems: readonly Problem[]): void {
  const [first] = problems
  if (first === undefined) return
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  throw new InputError(first.tag, `${first.message}${more}`, {
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    data: { ...first.data, node: first.node, problems },
  })
}

function problemsOf(graph: ProcessGraph, registry: Registry, place: Place): Problem[] {
  if (!isObject(graph) || !isGraph(graph)) {
    const where = place.path === '' ? 'the process graph' : `the process graph of ${place.path.slice(0, -1)}`
    return [
      {
        tag: 'ProcessGraphInvalid',
        message: `${where} is not an object of nodes with a process_id each`,
        hint: 'Write { "name": { "process_id": "...", "arguments": {...}, "result": true } }.',
      },
    ]
  }
  const problems = Object.entries(graph).flatMap(([id, node]) => [
    ...nodeProblems(id, graph, registry, place),
    ...referenceProblems(id, node.arguments ?? {}, graph, place),
  ])
  return [...problems, ...circleProblems(graph, place), ...resultProblems(graph, place)]
}

/** Processes of all of these are in one registry. */
const NAMESPACES: readonly string[] = ['backend', 'user', 'ecotope']

function nodeProblems(id: string, graph: ProcessGraph, registry: Registry, place: Place): Problem[] {
  const node = graph[id]!
  const path = `${place.path}${id}`
  const row = registry.get(node.process_id)
  const { namespace } = node
  if (namespace !== undefined && namespace !== null && !NAMESPACES.includes(namespace))
    return [
      {
        tag: 'ProcessUnsupported',
        message: `node ${path}: there is no namespace ${show(namespace)}`,
        hint: `Leave it out, or write one of: ${NAMESPACES.join(', ')}.`,
        node: path,
        data: { process: node.process_id, namespace },
      },
    ]
  if (row === undefined) {
    const near = formerName(node.process_id, registry) ?? nearest(node.process_id, registry.keys())
    return [
      {
        tag: 'ProcessUnsupported',
        message: `node ${path}: there is no process ${node.process_id}`,
        hint: near === undefined ? 'See the list of processes in docs/openeo-processes.md.' : `Did you mean ${near}?`,
        node: path,
        data: { process: node.process_id, nearest: near },
      },
    ]
  }
  const args = node.arguments ?? {}
  if (!isObject(args))
    return [{ tag: 'ProcessGraphInvalid', message: `node ${path}: arguments are not an object`, node: path }]
  return [
    ...argumentProblems(path, row, args),
    ...row.parameters.flatMap((parameter) =>
      callbackProblems(path, parameter, args[parameter.name], registry, {
        ...place,
        outer: [...place.outer, ...Object.keys(graph)],
      }),
    ),
  ]
}

/** What a process is called today, where a table knows its former name. */
function formerName(id: string, registry: Registry): string | undefined {
  const name = Object.hasOwn(FORMER_NAMES, id) ? FORMER_NAMES[id]! : undefined
  return name !== undefined && registry.has(name) ? name : undefined
}

function argumentProblems(path: string, row: ProcessRow, args: Readonly<Record<string, unknown>>): Problem[] {
  const names = row.parameters.map(({ name }) => name)
  const takes = `${row.id} takes: ${row.parameters.map((p) => (p.optional ? `[${p.name}]` : p.name)).join(', ') || 'no arguments'}.`
  const fault = (tag: string, what: string, name: string, hint = takes): Problem => ({
    tag,
    message: `node ${path}: process ${row.id} ${what}`,
    hint,
    node: path,
    data: { process: row.id, parameter: name },
  })
  const problems: Problem[] = []
  for (const [name, value] of Object.entries(args)) {
    const parameter = row.parameters.find((one) => one.name === name)
    if (parameter === undefined) {
      const near = nearest(name, names)
      const hint = near === undefined ? takes : `Did you mean ${near}?`
      problems.push(fault('ProcessParameterUnsupported', `has no argument ${name}`, name, hint))
    } else if (isPlain(value, parameter)) {
      const problem = argumentProblem(value, parameter)
      if (problem !== undefined) problems.push(fault('ProcessParameterInvalid', `argument ${name}: ${problem}`, name))
    }
  }
  for (const { name, optional } of row.parameters)
    if (optional !== true && args[name] === undefined)
      problems.push(fault('ProcessParameterMissing', `lacks the argument ${name}`, name))
  return problems
}

/** What is wrong with a resolved argument. Optional arguments may be given as null, which counts as absent. */
export function argumentProblem(value: unknown, parameter: ParameterRow): string | undefined {
  if (value === undefined || (value === null && parameter.optional === true)) return undefined
  return checkerOf(parameter.schema)(value)
}

/** Whether the value of an argument is known before the graph runs. */
export function isPlain(value: unknown, parameter: ParameterRow): boolean {
  if (referencesIn(value).length > 0) return false
  return callbackParameters(parameter) === undefined || callbackGraph(value) === undefined
}

function callbackProblems(
  path: string,
  parameter: ParameterRow,
  value: unknown,
  registry: Registry,
  place: Place,
): Problem[] {
  const own = callbackParameters(parameter)
  if (own === undefined || referencesIn(value).length > 0) return []
  const parameters = place.parameters === undefined ? undefined : [...place.parameters, ...own, 'element']
  return callbacksIn(value).flatMap((graph) => problemsOf(graph, registry, { ...place, path: `${path}/`, parameters }))
}

function referenceProblems(id: string, args: unknown, graph: ProcessGraph, place: Place): Problem[] {
  const path = `${place.path}${id}`
  return referencesIn(args).flatMap((reference) => {
    const [kind, name, candidates] = sought(reference, graph, place)
    if (candidates === undefined || candidates.includes(name)) return []
    const near = nearest(name, candidates)
    return [
      {
        tag: kind === 'node' ? 'UnknownNode' : 'UnknownParameter',
        message: `node ${path} refers to the ${kind} ${name}, which its graph does not have`,
        hint: hintOf(kind, name, candidates, near, place),
        node: path,
        data: { name, nearest: near },
      },
    ]
  })
}

/** A graph without declared parameters takes any that is given. */
function hintOf(
  kind: 'node' | 'parameter',
  name: string,
  candidates: readonly string[],
  near: string | undefined,
  place: Place,
): string {
  if (kind === 'node' && place.outer.includes(name))
    return 'A callback sees its own nodes only; hand the value over in the argument context of its process.'
  if (near !== undefined) return `Did you mean ${near}?`
  const listed = candidates.length > 0 ? `It has: ${candidates.join(', ')}.` : ''
  if (kind === 'node') return listed
  return `${listed}${listed && ' '}Give the parameter a value: --param ${name}=VALUE.`
}

function sought(
  reference: Reference,
  graph: ProcessGraph,
  place: Place,
): readonly ['node' | 'parameter', string, readonly string[] | undefined] {
  if ('node' in reference) return ['node', reference.node, Object.keys(graph)]
  return ['parameter', reference.parameter, place.parameters]
}

function resultProblems(graph: ProcessGraph, place: Place): Problem[] {
  const marked = Object.keys(graph).filter((id) => graph[id]!.result === true)
  if (marked.length === 1) return []
  const where = place.path === '' ? 'the process graph' : `the process graph of node ${place.path.slice(0, -1)}`
  return [
    {
      tag: 'NoResult',
      message: `${where} marks ${marked.length} nodes as its result; it has to mark one`,
      hint: 'Set "result": true on the one node whose value is the answer.',
      data: { marked },
    },
  ]
}

function circleProblems(graph: ProcessGraph, place: Place): Problem[] {
  const cycle = orderOf(graph).cycle
  if (cycle === undefined) return []
  const text = cycle.join(' → ')
  return [
    {
      tag: 'CyclicGraph',
      message: `the process graph runs in a circle: ${text}`,
      hint: 'Each node may only use nodes that do not depend on it.',
      node: `${place.path}${cycle[0]}`,
      data: { cycle },
    },
  ]
}

/** Ids with every node after those it needs, in the order of the graph otherwise; or a circle. */
export function orderOf(graph: ProcessGraph): {
  readonly order: readonly string[]
  readonly cycle?: readonly string[]
} {
  const order: string[] = []
  const state = new Map<string, 'open' | 'done'>()
  let cycle: readonly string[] | undefined
  const visit = (id: string, trail: readonly string[]): void => {
    if (cycle !== undefined || state.get(id) === 'done' || graph[id] === undefined) return
    if (state.get(id) === 'open') {
      cycle = [...trail.slice(trail.indexOf(id)), id]
      return
    }
    state.set(id, 'open')
    for (const reference of referencesIn(graph[id].arguments ?? {}))
      if ('node' in reference) visit(reference.node, [...trail, id])
    state.set(id, 'done')
    order.push(id)
  }
  for (const id of Object.keys(graph)) visit(id, [])
  return cycle === undefined ? { order } : { order, cycle }
}
