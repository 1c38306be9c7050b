/**
 * What callbacks do to units: a rule for each process on values, in the writing of UDUNITS. A unit that is not sure to
 * hold is left out. Only what cubes say of their values changes; nothing is converted.
 */
import { type Dimension, isLevels } from '../../model/dimension.ts'
import type { CubeSchema } from '../../model/node.ts'
import type { Band } from '../../types.ts'
import type { Callback, GraphNode, ProcessGraph } from '../row.ts'

/** null is a plain number, such as a count; undefined what nobody knows. */
export type Unit = string | null | undefined

/** The unit of an array's elements, of each where they differ, and of its labels. */
interface Row {
  readonly of: Unit
  readonly each?: { readonly labels: readonly (string | number)[]; readonly units: readonly Unit[] }
  readonly label?: Unit
}
type Known = Unit | Row
type Bindings = Readonly<Record<string, Known>>

const isRow = (known: Known): known is Row => typeof known === 'object' && known !== null
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The one unit that all have; plain numbers go with any. */
function common(units: readonly Unit[]): Unit {
  const named = units.filter((unit) => unit !== null)
  return named.length === 0 ? null : named.every((unit) => unit === named[0]) ? named[0] : undefined
}

const SINCE = /^(\S+) since /
/** What differences of values have: of dates a length of time. */
const difference = (unit: Unit): Unit => (typeof unit === 'string' ? (SINCE.exec(unit)?.[1] ?? unit) : unit)

const CELSIUS = /^(deg_?c|°c|celsius|degrees?_celsius)$/i

function squared(unit: Unit): Unit {
  if (typeof unit !== 'string' || unit === '1') return unit
  if (SINCE.test(unit)) return undefined
  // Products of temperatures on a scale with another zero have no meaning; those of differences are in kelvins.
  if (CELSIUS.test(unit)) return 'K2'
  return /^[A-Za-z]+$/.test(unit) ? `${unit}2` : `(${unit})2`
}

function rooted(unit: Unit): Unit {
  if (typeof unit !== 'string' || unit === '1') return unit
  const match = /^(?:\(([^()]+)\)|([A-Za-z]+))2$/.exec(unit)
  return match?.[1] ?? match?.[2]
}

const isPlain = (unit: Unit): boolean => unit === null || unit === '1'

function product(x: Unit, y: Unit): Unit {
  if (isPlain(y)) return x
  if (isPlain(x)) return y
  return x === y ? squared(x) : undefined
}

function quotient(x: Unit, y: Unit): Unit {
  if (isPlain(y)) return x
  return x !== undefined && x === y ? null : undefined
}

/** Arguments of a process: their units, and what they are in the graph. */
interface Given {
  readonly unit: (name: string) => Unit
  readonly known: (name: string) => Known
  readonly raw: (name: string) => unknown
  /** The unit of what a callback makes of these. */
  readonly nested: (name: string, bindings: Bindings) => Unit
}
type Rule = (given: Given) => Unit

const keeps =
  (name: string): Rule =>
  ({ unit }) =>
    unit(name)
const plain: Rule = () => null
const unknown: Rule = () => undefined
const sum: Rule = ({ unit }) => common([unit('x'), unit('y')])

function power({ unit, raw }: Given): Unit {
  const [base, exponent] = [unit('base'), raw('p')]
  if (isPlain(base) || exponent === 1) return base
  if (exponent === 2) return squared(base)
  return exponent === 0.5 ? rooted(base) : undefined
}

/** An element by its label or index has its own unit. */
function element({ known, raw, unit }: Given): Unit {
  const row = known('data')
  if (!isRow(row) || row.each === undefined) return unit('data')
  const { labels, units } = row.each
  const label = raw('label')
  const index = raw('index')
  const at = typeof index === 'number' ? index : labels.indexOf(label as string | number)
  return units[at]
}

/** The parameters of callbacks on elements of an array. */
function elementwise({ known, unit }: Given): Bindings {
  const row = known('data')
  return { x: unit('data'), label: isRow(row) ? row.label : null, index: null, labels: null, context: unit('context') }
}

const rowsOf = (rule: Rule, ids: string): readonly (readonly [string, Rule])[] =>
  ids.split(' ').map((id) => [id, rule] as const)

/** Every process on values that a callback may have; what is not here has an unknown unit. */
export const UNIT_RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...rowsOf(keeps('x'), 'absolute ceil floor int round clip mod constant'),
  ...rowsOf(keeps('data'), 'first last max min mean median quantiles extrema sum sort array_filter array_append'),
  ...rowsOf(keeps('data'), 'array_create array_interpolate_linear array_modify cummax cummin cumsum rearrange inspect'),
  ...rowsOf(plain, 'eq neq gt gte lt lte between is_nan is_nodata is_valid is_infinite and or xor not all any'),
  ...rowsOf(plain, 'count order array_contains array_find array_find_label sgn ln log exp e pi nan'),
  ...rowsOf(plain, 'sin cos tan sinh cosh tanh arcsin arccos arctan arsinh arcosh artanh arctan2'),
  ...rowsOf(
    plain,
    'linear_scale_range normalized_difference text_begins text_contains text_ends text_find text_concat',
  ),
  ...rowsOf(plain, 'date_shift date_difference date_between'),
  ...rowsOf(unknown, 'product cumproduct run_udf'),
  ['add', sum],
  ['subtract', ({ unit }) => difference(common([unit('x'), unit('y')]))],
  ['multiply', ({ unit }) => product(unit('x'), unit('y'))],
  ['divide', ({ unit }) => quotient(unit('x'), unit('y'))],
  ['power', power],
  ['sqrt', ({ unit }) => rooted(unit('x'))],
  ['sd', ({ unit }) => difference(unit('data'))],
  ['variance', ({ unit }) => squared(unit('data'))],
  ['if', ({ unit }) => common([unit('accept'), unit('reject')])],
  ['array_concat', ({ unit }) => common([unit('array1'), unit('array2')])],
  ['array_create_labeled', keeps('data')],
  ['array_element', element],
  ['array_apply', (given) => given.nested('process', elementwise(given))],
  [
    'array_labels',
    ({ known }) => {
      const row = known('data')
      return isRow(row) ? row.label : null
    },
  ],
])

/** The unit of a graph's result. */
function unitOfGraph(graph: ProcessGraph, bindings: Bindings): Unit {
  const done = new Map<string, Unit>()
  const ofArgument = (argument: unknown): Known => {
    if (Array.isArray(argument)) return common(argument.map((one) => single(ofArgument(one))))
    if (!isRecord(argument)) return null
    if (typeof argument.from_parameter === 'string') return bindings[argument.from_parameter]
    return typeof argument.from_node === 'string' ? ofNode(argument.from_node) : null
  }
  const ofNode = (id: string): Unit => {
    const node = graph[id]
    if (done.has(id) || node === undefined) return done.get(id)
    // A graph that runs in a circle fails elsewhere.
    done.set(id, undefined)
    const unit = ofCall(node)
    done.set(id, unit)
    return unit
  }
  const ofCall = ({ process_id, namespace, arguments: args = {} }: GraphNode): Unit => {
    const rule = namespace === undefined || namespace === null ? UNIT_RULES.get(process_id) : undefined
    const known = (name: string): Known => ofArgument(args[name])
    const nested = (name: string, own: Bindings): Unit => {
      const callback = args[name]
      const inner = isRecord(callback) ? callback.process_graph : undefined
      return isRecord(inner) ? unitOfGraph(inner as ProcessGraph, { ...bindings, ...own }) : undefined
    }
    return rule?.({ known, unit: (name) => single(known(name)), raw: (name) => args[name], nested })
  }
  const result = Object.keys(graph).find((id) => graph[id]!.result === true)
  return result === undefined ? undefined : ofNode(result)
}

const single = (known: Known): Unit => (isRow(known) ? known.of : known)

/** Whether values are dates, which 32 bits hold to some minutes only. */
export function holdsDates(schema: CubeSchema): boolean {
  const units = [schema.unit, ...(bandsOf(schema) ?? []).map(({ unit }) => unit)]
  return units.some((unit) => unit !== undefined && SINCE.test(unit))
}

const unitOf = (schema: CubeSchema, band?: Band): Unit =>
  schema.packing.isBoolean === true ? null : (band?.unit ?? schema.unit)

const bandsOf = ({ dims }: Pick<CubeSchema, 'dims'>): readonly Band[] | undefined =>
  dims.find((dim) => dim.type === 'bands')?.bands

/** A band whose values have become something of another unit; counts and truth values have no classes. */
function bandWith({ unit: _, classes, ...band }: Band, unit: Unit): Band {
  const isNamed = typeof unit === 'string'
  return { ...band, ...(isNamed ? { unit } : {}), ...(classes === undefined || unit === null ? {} : { classes }) }
}

/** The schema with what `infer` makes of the units of all values, and of each band (by its name). */
function withUnit(schema: CubeSchema, infer: (band?: Band) => Unit): CubeSchema {
  const { unit: _, band, ...rest } = schema
  const unit = infer()
  const dims = schema.dims.map((dim): Dimension => {
    if (dim.type !== 'bands') return dim
    const bands = dim.bands.map((one) => bandWith(one, infer(one)))
    return { ...dim, bands }
  })
  const named = typeof unit === 'string' ? { unit } : {}
  return { ...rest, dims, ...named, ...(band === undefined ? {} : { band: bandWith(band, infer(band)) }) }
}

/** The schema of what a callback on cells (its parameter `x`) makes of those of `before`. */
export function unitsOfCells(before: CubeSchema, { graph }: Callback): CubeSchema {
  return withUnit(before, (band) => unitOfGraph(graph, { x: unitOf(before, band), context: null }))
}

/** The schema of what a callback on rows along a dimension (its parameter `data`) makes of those of `before`. */
export function unitsOfRows(before: CubeSchema, after: CubeSchema, { graph }: Callback, name?: string): CubeSchema {
  const dim = before.dims.find((one) => one.name === name)
  const label = dim !== undefined && isLevels(dim) ? (dim.unit ?? null) : null
  const row = (band?: Band): Row => {
    const of = unitOf(before, band)
    if (dim?.type !== 'bands') return { of, label }
    const units = dim.bands.map((one) => unitOf(before, one))
    return { of: common(units), each: { labels: dim.labels, units }, label }
  }
  const infer = (band?: Band): Unit => unitOfGraph(graph, { data: row(band), context: null })
  // What takes the place of bands has one unit.
  if (dim?.type === 'bands' && bandsOf(after) !== undefined) return withUnit(after, () => infer())
  return withUnit(after, infer)
}

/** The schema of two cubes whose common cells (`x`, `y`) a callback resolves, or that have none. */
export function unitsOfBoth(after: CubeSchema, first: CubeSchema, second: CubeSchema, resolver?: Callback): CubeSchema {
  return withUnit(after, (band) => {
    const [x, y] = [first, second].map((schema) => {
      const bands = bandsOf(schema)
      const own = band === undefined ? undefined : bands?.find(({ name }) => name === band.name)
      // Cubes without bands are there in all of those of the other.
      return bands === undefined || band === undefined || own !== undefined ? { unit: unitOf(schema, own) } : undefined
    })
    if (x === undefined || y === undefined) return (x ?? y)?.unit
    return resolver === undefined
      ? common([x.unit, y.unit])
      : unitOfGraph(resolver.graph, { x: x.unit, y: y.unit, context: null })
  })
}
