/** Runs openEO test cases: arguments become values, the process is evaluated as a graph, the result is compared. */
import { EcotopeError } from '@ecotope/core'
import { evaluateGraph } from '../../packages/cube/src/graph/evaluate.ts'
import { callbackGraph } from '../../packages/cube/src/graph/references.ts'
import { computeCube } from '../../packages/cube/src/plan/compute.ts'
import { timestampOf } from '../../packages/cube/src/process/instants.ts'
import { registry } from '../../packages/cube/src/process/registry.ts'
import type { LabeledArray, Value } from '../../packages/cube/src/process/row.ts'
import { isCube, isFeatures, isLabeled } from '../../packages/cube/src/process/schema.ts'
import { compareCube, cubeOf, isCubeJson, sameNumber } from './cubes.ts'
import { type Case, isJson, type Json } from './suite.ts'

export type Verdict = { readonly state: 'passed' } | { readonly state: 'failed' | 'skipped'; readonly reason: string }

const passed: Verdict = { state: 'passed' }
const failed = (reason: string): Verdict => ({ state: 'failed', reason })

/** Argument names that files of the suite use although the process has another. */
const argumentNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  array_filter: { process: 'condition' },
}

/** Runs a case, unless `skips` has a reason not to. Never throws. */
export async function runCase(test: Case, skips: Readonly<Record<string, string>>): Promise<Verdict> {
  const reason = skips[test.id]
  if (reason !== undefined) return { state: 'skipped', reason }
  const unknown = [test.process, ...test.required].find((id) => !registry.has(id))
  if (unknown !== undefined) return failed(`there is no process ${unknown}`)
  try {
    const { value, close } = await evaluateGraph(...graphOf(test))
    try {
      return await judge(value, test)
    } finally {
      await close()
    }
  } catch (error) {
    return judgeError(error, test)
  }
}

/** A graph of one node whose values come as parameters; callbacks stand in it as they are. */
function graphOf(test: Case): Parameters<typeof evaluateGraph> {
  const parameters: Record<string, Value> = {}
  const args: Record<string, unknown> = {}
  for (const [written, value] of Object.entries(test.arguments)) {
    const name = argumentNames[test.process]?.[written] ?? written
    if (callbackGraph(value) !== undefined) args[name] = unwrapped(value)
    else {
      parameters[name] = toValue(value, `${test.id} ${name}`)
      args[name] = { from_parameter: name }
    }
  }
  return [{ [test.process]: { process_id: test.process, arguments: args, result: true } }, { parameters }]
}

/** A process graph with missing values and dates written as openEO writes them. */
function unwrapped(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(unwrapped)
  if (!isJson(json)) return json
  if (json.type === 'nodata') return null
  if (json.type === 'datetime') return json.value
  return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, unwrapped(item)]))
}

interface Entry {
  readonly key: string | number
  readonly value: unknown
}

function entriesOf(json: unknown): readonly Entry[] | undefined {
  const list = isJson(json) && json.type === 'labeled-array' ? json.data : json
  const isEntry = (item: unknown): item is Entry => isJson(item) && 'key' in item && 'value' in item
  return Array.isArray(list) && (list !== json || list.length > 0) && list.every(isEntry) ? list : undefined
}

/** The value that a case means: null for no data, dates as text, labelled arrays, cubes. */
function toValue(json: unknown, label: string): Value {
  if (Array.isArray(json)) return json.map((item) => toValue(item, label))
  if (!isJson(json)) return json as Value
  if (isCubeJson(json)) return cubeOf(json, label)
  if (json.type === 'nodata') return null
  if (json.type === 'datetime') return json.value as string
  const entries = json.type === 'labeled-array' ? entriesOf(json) : undefined
  if (entries === undefined)
    return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, toValue(item, label)]))
  const values = entries.map((entry) => toValue(entry.value, label))
  return { kind: 'labeled-array', labels: entries.map(({ key }) => key), values }
}

async function judge(value: Value, test: Case): Promise<Verdict> {
  if (test.returns === undefined) {
    // Cubes are lazy: what their cells end with shows when they are computed.
    if (isCube(value)) await computeCube(value.node)
    return failed(`gives ${text(value)} instead of the error ${codeOf(test)}`)
  }
  const difference = await differenceOf(value, test.returns.value, test.delta)
  return difference === undefined ? passed : failed(difference)
}

const codeOf = (test: Case): string => (test.throws === true ? 'that is due' : String(test.throws))

function judgeError(error: unknown, test: Case): Verdict {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  // Faults of ours are never what a case asks for.
  if (!(error instanceof EcotopeError)) return failed(`fault of the program, ${message}`)
  if (test.throws === true || test.throws === error.tag) return passed
  const wanted = test.throws === undefined ? text(test.returns?.value) : `the error ${test.throws}`
  return failed(`throws ${message} instead of ${wanted}`)
}

/** What differs between a result and what the case expects; undefined where nothing does. */
export async function differenceOf(actual: Value, expected: unknown, delta: number): Promise<string | undefined> {
  if (isCubeJson(expected)) {
    if (!isCube(actual)) return `gives ${text(actual)} instead of a cube`
    return compareCube(actual.node, expected, (a, b) => same(a as Value, b, delta), delta)
  }
  return same(actual, expected, delta) ? undefined : `gives ${text(actual)} instead of ${text(expected)}`
}

function same(actual: Value, expected: unknown, delta: number): boolean {
  if (expected === null || (isJson(expected) && expected.type === 'nodata')) return actual === null
  if (typeof expected === 'number') return typeof actual === 'number' && sameNumber(actual, expected, delta)
  if (isJson(expected) && expected.type === 'datetime')
    return typeof actual === 'string' && timestampOf(actual) === timestampOf(String(expected.value))
  const entries = entriesOf(expected)
  if (entries !== undefined) return isLabeled(actual) && sameLabeled(actual, entries, delta)
  if (Array.isArray(expected)) return sameList(isLabeled(actual) ? actual.values : actual, expected, delta)
  if (!isJson(expected)) return actual === expected
  return isJson(actual) && sameObject(actual as { readonly [key: string]: Value }, expected, delta)
}

function sameLabeled(actual: LabeledArray, entries: readonly Entry[], delta: number): boolean {
  if (actual.labels.length !== entries.length) return false
  return entries.every((entry, i) => actual.labels[i] === entry.key && same(actual.values[i]!, entry.value, delta))
}

function sameList(actual: Value, expected: readonly unknown[], delta: number): boolean {
  if (!Array.isArray(actual) || actual.length !== expected.length) return false
  return expected.every((item, i) => same(actual[i] as Value, item, delta))
}

function sameObject(actual: { readonly [key: string]: Value }, expected: Json, delta: number): boolean {
  const keys = Object.keys(expected)
  return keys.length === Object.keys(actual).length && keys.every((key) => same(actual[key]!, expected[key], delta))
}

/** A value for people, in one line. */
function text(value: unknown): string {
  if (isCube(value)) return `a cube of ${value.node.schema.dims.map(({ name }) => name).join(', ')}`
  if (isFeatures(value)) return 'geometries'
  const written = JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item,
  )
  return (written ?? String(value)).slice(0, 300)
}
