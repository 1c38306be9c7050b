/**
 * How openEO processes within a callback become cells: one rule per process id. A rule answers undefined where its
 * arguments cannot be compiled (texts, arrays of unknown length, what has to raise an error); the callback is then
 * interpreted.
 */
import type { CellArgument } from '../process/row.ts'
import { arrayRules } from './array-rules.ts'
import { call, cellOf, constant, elementAt, MISSING_CELL, normalizedDifference, numberOf } from './build.ts'
import type { Cell } from './cell.ts'
import { lineRules } from './line-rules.ts'
import { nestedRules } from './nested-rules.ts'
import type { OperationName } from './operations.ts'
import { reduceRules } from './reduce-rules.ts'
import { type CellRule, type RuleArguments, wholeArray } from './rule.ts'

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

/** The limits of the input may be in any order, as what lies beyond is taken as the nearer. */
function linearScaleRange(args: RuleArguments): Cell | undefined {
  const x = cellOf(args.x)
  const [start, end] = [numberOf(args.inputMin), numberOf(args.inputMax)]
  const low = args.outputMin === undefined ? 0 : numberOf(args.outputMin)
  const high = args.outputMax === undefined ? 1 : numberOf(args.outputMax)
  if (x === undefined || start === undefined || end === undefined || low === undefined || high === undefined)
    return undefined
  const within = call('clip', x, constant(Math.min(start, end)), constant(Math.max(start, end)))
  const share = call('divide', call('subtract', within, constant(start)), constant(end - start))
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

function ndvi(args: RuleArguments): Cell | undefined {
  const data = wholeArray(args.data)
  if (data === undefined || data.isUnlabelled === true || (args.target_band ?? null) !== null) return undefined
  const [nir, red] = [args.nir ?? 'nir', args.red ?? 'red'].map((name) => data.labels.indexOf(name as string))
  return nir! < 0 || red! < 0 ? undefined : normalizedDifference(elementAt(data, nir!), elementAt(data, red!))
}

/** A square is a product. */
function power(args: RuleArguments): Cell | undefined {
  const cells = cellsOf(args.base, args.p)
  return cells && (numberOf(cells[1]) === 2 ? call('multiply', cells[0]!, cells[0]!) : call('power', ...cells))
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
  exp: ['p'],
  log: ['x', 'base'],
  arctan2: ['y', 'x'],
}

export const cellRules: ReadonlyMap<string, CellRule> = new Map<string, CellRule>([
  ...Object.entries(SAME_NAME).map(([id, parameters]): [string, CellRule] => [
    id,
    elementwise(id as OperationName, ...parameters),
  ]),
  ...reduceRules,
  ...arrayRules,
  ...nestedRules,
  ...lineRules,
  ['eq', equality],
  ['neq', neqRule],
  ['between', between],
  ['if', ifRule],
  ['round', round],
  ['power', power],
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
  ['constant', (args) => args.x],
  ['e', () => constant(Math.E)],
  ['pi', () => constant(Math.PI)],
  ['nan', () => MISSING_CELL],
])
