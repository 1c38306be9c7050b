/**
 * How openEO processes within a callback become cells: one rule per process id. A rule answers undefined where its
 * arguments cannot be compiled (texts, arrays of unknown length, what has to raise an error); the callback is then
 * interpreted.
 */
import type { CellArgument, CellArray, ProcessGraph } from '../process/row.ts'
import {
  call,
  cellOf,
  constant,
  elementAt,
  elementsOf,
  isCell,
  isCellArray,
  MISSING_CELL,
  normalizedDifference,
  numberOf,
  type ReduceOptions,
  reduceArray,
  reduceList,
} from './build.ts'
import type { Cell, Reducer } from './cell.ts'
import type { OperationName } from './operations.ts'

export type RuleArguments = Readonly<Record<string, CellArgument>>

/** Compiles a callback within the callback (of `count`, `array_apply`). */
export type CompileNested = (
  graph: ProcessGraph,
  bindings: Readonly<Record<string, CellArgument>>,
) => CellArgument | undefined

export type CellRule = (args: RuleArguments, nested?: CompileNested) => CellArgument | undefined

/** A nested callback among arguments: `{ process_graph }` as it stands. */
const graphOf = (argument: unknown): ProcessGraph | undefined =>
  typeof argument === 'object' && argument !== null && 'process_graph' in argument
    ? (argument.process_graph as ProcessGraph)
    : undefined

/** All as cells, or undefined. */
function cellsOf(...args: readonly CellArgument[]): Cell[] | undefined {
  const cells = args.map((arg) => (arg === undefined || Array.isArray(arg) ? undefined : cellOf(arg)))
  return cells.every((cell) => cell !== undefined) ? cells : undefined
}

const elementwise =
  (operation: OperationName, ...parameters: readonly string[]): CellRule =>
  (args) => {
    const cells = cellsOf(...parameters.map((name) => args[name]))
    return cells && call(operation, ...cells)
  }

/** Equality of numbers; of other types only the interpreter knows. */
function equality(args: RuleArguments): Cell | undefined {
  const { x, y, delta } = args
  if (typeof x === 'boolean' || typeof y === 'boolean') return undefined
  const cells = cellsOf(x, y)
  if (cells === undefined) return undefined
  const tolerance = numberOf(delta)
  if (delta !== undefined && delta !== null && tolerance === undefined) return undefined
  if (tolerance === undefined || tolerance <= 0) return call('eq', ...cells)
  return call('lte', call('absolute', call('subtract', ...cells)), constant(tolerance))
}

/** Limits have to be constants in order, else the process raises an error that a kernel cannot. */
function orderedLimits(low: CellArgument, high: CellArgument): [Cell, Cell] | undefined {
  const [least, greatest] = [numberOf(low), numberOf(high)]
  if (least === undefined || greatest === undefined || least > greatest) return undefined
  return [constant(least), constant(greatest)]
}

function linearScaleRange(args: RuleArguments): Cell | undefined {
  const x = cellOf(args.x)
  const limits = orderedLimits(args.inputMin, args.inputMax)
  const low = args.outputMin === undefined ? 0 : numberOf(args.outputMin)
  const high = args.outputMax === undefined ? 1 : numberOf(args.outputMax)
  if (x === undefined || limits === undefined || low === undefined || high === undefined) return undefined
  const share = call(
    'divide',
    call('subtract', call('clip', x, ...limits), limits[0]),
    call('subtract', limits[1], limits[0]),
  )
  return call('add', call('multiply', share, constant(high - low)), constant(low))
}

/** Rounds to `p` digits after the point, of negative p before it. */
function round(args: RuleArguments): Cell | undefined {
  const x = cellOf(args.x)
  const digits = args.p === undefined ? 0 : numberOf(args.p)
  if (x === undefined || digits === undefined) return undefined
  if (digits === 0) return call('round', x)
  const unit = constant(10 ** Math.abs(digits))
  return digits > 0
    ? call('divide', call('round', call('multiply', x, unit)), unit)
    : call('multiply', call('round', call('divide', x, unit)), unit)
}

function between(args: RuleArguments): Cell | undefined {
  const cells = cellsOf(args.x, args.min, args.max)
  if (cells === undefined || typeof (args.exclude_max ?? false) !== 'boolean') return undefined
  const [x, low, high] = cells as [Cell, Cell, Cell]
  return call('and', call('gte', x, low), call(args.exclude_max === true ? 'lt' : 'lte', x, high))
}

function arrayElement(args: RuleArguments): CellArgument | undefined {
  const { data, label } = args
  const otherwise = args.return_nodata === true ? MISSING_CELL : undefined
  const index = args.index === null ? undefined : numberOf(args.index)
  if (args.index !== undefined && args.index !== null && index === undefined) return undefined
  const named = label !== undefined && label !== null
  if ((index === undefined) === !named) return undefined
  if (isCellArray(data)) {
    const wanted = numberOf(label) ?? label
    const at = index ?? data.labels.indexOf(wanted as string | number)
    return Number.isInteger(at) && at >= 0 && at < data.labels.length ? elementAt(data, at) : otherwise
  }
  if (!Array.isArray(data) || index === undefined) return undefined
  return index >= 0 && index < data.length ? (data[index] as CellArgument) : otherwise
}

/** Reduces an array or a list; undefined where `data` is neither. */
function reduced(reducer: Reducer, data: CellArgument, options: ReduceOptions): Cell | undefined {
  if (isCellArray(data)) return reduceArray(reducer, data, options)
  const cells = elementsOf(data)
  return cells && reduceList(reducer, cells, options)
}

function ignoresNodata(args: RuleArguments): boolean | undefined {
  const flag = args.ignore_nodata ?? true
  return typeof flag === 'boolean' ? flag : undefined
}

const reduction =
  (reducer: Reducer): CellRule =>
  (args) => {
    const ignoreNodata = ignoresNodata(args)
    return ignoreNodata === undefined ? undefined : reduced(reducer, args.data, { ignoreNodata })
  }

/** Probabilities as given, or those that cut into `q` equal parts. */
function probabilitiesOf(args: RuleArguments): readonly number[] | undefined {
  const { probabilities, q } = args
  if (Array.isArray(probabilities)) {
    if (q !== undefined && q !== null) return undefined
    const list = probabilities.map((probability: CellArgument) => numberOf(probability) ?? Number.NaN)
    return list.every((p, i) => p >= 0 && p <= 1 && (i === 0 || p >= list[i - 1]!)) ? list : undefined
  }
  const parts = numberOf(probabilities ?? undefined) ?? numberOf(q ?? undefined)
  if (parts === undefined || !Number.isInteger(parts) || parts < 2) return undefined
  if (probabilities !== undefined && probabilities !== null && q !== undefined && q !== null) return undefined
  return Array.from({ length: parts - 1 }, (_, i) => (i + 1) / parts)
}

function quantiles(args: RuleArguments): CellArgument | undefined {
  const probabilities = probabilitiesOf(args)
  const ignoreNodata = ignoresNodata(args)
  if (probabilities === undefined || ignoreNodata === undefined) return undefined
  const cells = probabilities.map((probability) => reduced('quantile', args.data, { ignoreNodata, probability }))
  return cells.every((cell) => cell !== undefined) ? cells : undefined
}

function extrema(args: RuleArguments): CellArgument | undefined {
  const ignoreNodata = ignoresNodata(args)
  if (ignoreNodata === undefined) return undefined
  const cells = (['min', 'max'] as const).map((reducer) => reduced(reducer, args.data, { ignoreNodata }))
  return cells.every((cell) => cell !== undefined) ? cells : undefined
}

/** What a nested callback makes of each element. */
function applied(data: CellArgument, graph: ProcessGraph, args: RuleArguments, nested: CompileNested): CellArgument {
  const context = { context: args.context ?? null }
  if (isCellArray(data)) {
    const of = cellOf(nested(graph, { ...context, ...elementBindings(data) }))
    return of && { ...data, of }
  }
  const results = elementsOf(data)?.map((x, index) => cellOf(nested(graph, { ...context, x, index: constant(index) })))
  return results?.every((cell) => cell !== undefined) ? results : undefined
}

/** The element of an array, its index, and its label where that is a number or where all are texts (undefined). */
function elementBindings(data: CellArray): Record<string, CellArgument> {
  const label = data.labels.every((value) => typeof value === 'number')
    ? ({ kind: 'label', dim: data.dim, values: data.labels } as const)
    : undefined
  const index: Cell = { kind: 'label', dim: data.dim, values: data.labels.map((_, i) => i) }
  return { x: data.of, index, ...(label && { label }) }
}

function count(args: RuleArguments, nested?: CompileNested): CellArgument | undefined {
  const { data, condition } = args
  if (condition === undefined || condition === null) return reduced('countValid', data, {})
  if (condition === true) {
    const length = isCellArray(data) ? data.labels.length : Array.isArray(data) ? data.length : undefined
    return length === undefined ? undefined : constant(length)
  }
  const graph = graphOf(condition)
  return graph && nested && reduced('count', applied(data, graph, args, nested), {})
}

function arrayApply(args: RuleArguments, nested?: CompileNested): CellArgument | undefined {
  const graph = graphOf(args.process)
  return graph && nested && applied(args.data, graph, args, nested)
}

/** Only of arrays of constants: whether one equals the value; false where the value is missing. */
function arrayContains(args: RuleArguments): Cell | undefined {
  const { data, value } = args
  if (!Array.isArray(data) || typeof value === 'boolean' || !isCell(value)) return undefined
  const numbers = data.map((element: CellArgument) => numberOf(element) ?? Number.NaN)
  if (numbers.some(Number.isNaN)) return undefined
  return call('coalesce', call('or', ...numbers.map((number) => call('eq', value, constant(number)))), constant(0))
}

function arrayConcat(args: RuleArguments): CellArgument | undefined {
  const [first, second] = [elementsOf(args.array1), elementsOf(args.array2)]
  return first && second && [...first, ...second]
}

function arrayAppend(args: RuleArguments): CellArgument | undefined {
  const [data, value] = [elementsOf(args.data), cellOf(args.value)]
  return data && value && [...data, value]
}

function arrayCreate(args: RuleArguments): CellArgument | undefined {
  const data = args.data === undefined ? [] : Array.isArray(args.data) ? args.data : [args.data]
  const times = args.repeat === undefined ? 1 : numberOf(args.repeat)
  if (times === undefined || !Number.isInteger(times) || times < 1 || data.length * times > 256) return undefined
  return Array.from({ length: times }, () => data).flat()
}

function ndvi(args: RuleArguments): Cell | undefined {
  const { data } = args
  if (!isCellArray(data) || (args.target_band ?? null) !== null) return undefined
  const [nir, red] = [args.nir ?? 'nir', args.red ?? 'red'].map((name) => data.labels.indexOf(name as string))
  return nir! < 0 || red! < 0 ? undefined : normalizedDifference(elementAt(data, nir!), elementAt(data, red!))
}

function clip(args: RuleArguments): Cell | undefined {
  const x = cellOf(args.x)
  const limits = orderedLimits(args.min, args.max)
  return x && limits && call('clip', x, ...limits)
}

const ifRule: CellRule = (args) => {
  const cells = cellsOf(args.value, args.accept, args.reject ?? null)
  return cells && call('if', ...cells)
}

const neqRule: CellRule = (args) => {
  const equal = equality(args)
  return equal && call('not', equal)
}

/** Process ids that are elementwise operations of the same name, and the names of their parameters. */
const SAME_NAME: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(['add', 'subtract', 'multiply', 'divide', 'mod'].map((id) => [id, ['x', 'y']])),
  ...Object.fromEntries(['gt', 'gte', 'lt', 'lte', 'and', 'or', 'xor'].map((id) => [id, ['x', 'y']])),
  ...Object.fromEntries(['sin', 'cos', 'tan', 'sinh', 'cosh', 'tanh'].map((id) => [id, ['x']])),
  ...Object.fromEntries(['arcsin', 'arccos', 'arctan', 'arsinh', 'arcosh', 'artanh'].map((id) => [id, ['x']])),
  ...Object.fromEntries(['absolute', 'sqrt', 'ln', 'floor', 'ceil', 'int', 'sgn', 'not'].map((id) => [id, ['x']])),
  ...Object.fromEntries(['is_nodata', 'is_nan', 'is_valid', 'is_infinite'].map((id) => [id, ['x']])),
  power: ['base', 'p'],
  exp: ['p'],
  log: ['x', 'base'],
  arctan2: ['y', 'x'],
}

const REDUCTIONS: readonly Reducer[] = [
  ...(['sum', 'mean', 'product', 'min', 'max', 'variance', 'sd', 'median', 'first', 'last', 'any', 'all'] as const),
]

export const cellRules: ReadonlyMap<string, CellRule> = new Map<string, CellRule>([
  ...Object.entries(SAME_NAME).map(([id, parameters]): [string, CellRule] => [
    id,
    elementwise(id as OperationName, ...parameters),
  ]),
  ...REDUCTIONS.map((reducer): [string, CellRule] => [reducer, reduction(reducer)]),
  ['eq', equality],
  ['neq', neqRule],
  ['between', between],
  ['if', ifRule],
  ['round', round],
  ['clip', clip],
  ['linear_scale_range', linearScaleRange],
  [
    'normalized_difference',
    (args) => {
      const cells = cellsOf(args.x, args.y)
      return cells && normalizedDifference(cells[0]!, cells[1]!)
    },
  ],
  ['ndvi', ndvi],
  ['count', count],
  ['quantiles', quantiles],
  ['extrema', extrema],
  ['array_element', arrayElement],
  ['array_apply', arrayApply],
  ['array_contains', arrayContains],
  ['array_create', arrayCreate],
  ['array_concat', arrayConcat],
  ['array_append', arrayAppend],
  ['constant', (args) => args.x],
  ['e', () => constant(Math.E)],
  ['pi', () => constant(Math.PI)],
  ['nan', () => MISSING_CELL],
])
