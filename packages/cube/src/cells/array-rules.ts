/** Rules of processes that make, search and cut arrays at places that the graph itself tells. */
import type { CellArgument, CellArray } from '../process/row.ts'
import {
  call,
  cellOf,
  constant,
  elementAt,
  elementsOf,
  isCell,
  isCellArray,
  MISSING_CELL,
  numberOf,
  reduceArray,
} from './build.ts'
import type { Cell } from './cell.ts'
import { type CellRule, type RuleArguments, type RuleTools, wholeArray } from './rule.ts'
import { isTruth } from './truth.ts'

/** The elements of an array at some places, in their order. */
export function pickedArray({ dim, labels, of, isUnlabelled }: CellArray, indices: readonly number[]): CellArray {
  return {
    kind: 'array',
    dim,
    labels: indices.map((i) => labels[i]!),
    of: { kind: 'take', dim, indices, of },
    ...(isUnlabelled === true && { isUnlabelled }),
  }
}

/** The array with the elements that are there in front; undefined where that cannot be made. */
export function compacted(data: CellArray, tools: RuleTools | undefined): CellArray | undefined {
  if (data.kept === undefined || data.isCompact === true) return data
  return tools?.line?.({ kind: 'compact' }, [data, { ...data, of: data.kept }])
}

function arrayElement(args: RuleArguments, tools?: RuleTools): CellArgument | undefined {
  const { data, label } = args
  const otherwise = args.return_nodata === true ? MISSING_CELL : undefined
  const index = args.index === null ? undefined : numberOf(args.index)
  if (args.index !== undefined && args.index !== null && index === undefined) return undefined
  const named = label !== undefined && label !== null
  if ((index === undefined) === !named) return undefined
  if (isCellArray(data)) return elementOf(data, index, label, otherwise, tools)
  if (!Array.isArray(data) || index === undefined) return undefined
  return index >= 0 && index < data.length ? (data[index] as CellArgument) : otherwise
}

function elementOf(
  data: CellArray,
  index: number | undefined,
  label: CellArgument,
  otherwise: Cell | undefined,
  tools: RuleTools | undefined,
): Cell | undefined {
  if (index === undefined && (data.isUnlabelled === true || data.kept !== undefined)) return undefined
  // Where there are fewer elements than labels, some cells would have to raise an error.
  const array = otherwise === undefined ? wholeArray(data) : compacted(data, tools)
  if (array === undefined) return undefined
  const at = index ?? array.labels.indexOf((numberOf(label) ?? label) as string | number)
  return Number.isInteger(at) && at >= 0 && at < array.labels.length ? elementAt(array, at) : otherwise
}

/** Whether a cell equals a value; undefined of truth values and what may be a number, which equal nothing else. */
function equals(cell: Cell, value: CellArgument): Cell | undefined {
  if (typeof value === 'boolean') return isTruth(cell, []) ? call('eq', cell, constant(Number(value))) : undefined
  return isCell(value) ? call('eq', cell, value) : undefined
}

/** Whether an element equals the value; false where the value is missing. */
function arrayContains({ data, value }: RuleArguments): Cell | undefined {
  if (isCellArray(data)) {
    const is = equals(data.of, value)
    return is && call('coalesce', reduceArray('any', { ...data, of: is }), constant(0))
  }
  // What is missing equals nothing.
  const known = Array.isArray(data) ? data.filter((element) => element !== null) : undefined
  const numbers = known?.map((element: CellArgument) => numberOf(element) ?? Number.NaN)
  if (numbers === undefined || !isCell(value) || numbers.some(Number.isNaN)) return undefined
  return call('coalesce', call('or', ...numbers.map((number) => call('eq', value, constant(number)))), constant(0))
}

function arrayFind({ data, value, reverse }: RuleArguments): Cell | undefined {
  const isReverse = reverse ?? false
  if (typeof isReverse !== 'boolean') return undefined
  if (isCellArray(data)) {
    const is = equals(data.of, value)
    if (is === undefined || (data.kept !== undefined && data.isCompact !== true)) return undefined
    const index: Cell = { kind: 'label', dim: data.dim, values: data.labels.map((_, i) => i) }
    return reduceArray(isReverse ? 'max' : 'min', { ...data, of: call('if', is, index, MISSING_CELL) })
  }
  const isNumeric = Array.isArray(data) && !data.some((each) => typeof each === 'boolean')
  const cells = isNumeric && isCell(value) ? elementsOf(data) : undefined
  if (cells === undefined || cells.length === 0) return undefined
  const places = cells.map((cell, i) => call('if', call('eq', cell, value as Cell), constant(i), MISSING_CELL))
  return call('coalesce', ...(isReverse ? places.reverse() : places))
}

/** Only where labels are known: those of rows of cells as they stand. */
const labelsOf = (data: CellArgument): CellArray['labels'] | undefined => {
  const array = wholeArray(data)
  return array?.isUnlabelled === true ? undefined : array?.labels
}

const arrayLabels: CellRule = ({ data }) =>
  labelsOf(data)?.map((label) => (typeof label === 'number' ? constant(label) : label))

const arrayFindLabel: CellRule = ({ data, label }) => {
  const at = labelsOf(data)?.indexOf((numberOf(label) ?? label) as string | number)
  return at === undefined ? undefined : at < 0 ? null : constant(at)
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

/** A list, which no rule asks for its labels. */
function arrayCreateLabeled({ data, labels }: RuleArguments): CellArgument | undefined {
  if (!Array.isArray(data) || !Array.isArray(labels) || data.length !== labels.length) return undefined
  return data
}

/** Elements taken out, or others put in their place or before them. */
function arrayModify(args: RuleArguments): CellArgument | undefined {
  const { data, values } = args
  const index = numberOf(args.index)
  if (!Array.isArray(values) || index === undefined) return undefined
  const length = args.length === undefined ? Number(values.length === 0) : numberOf(args.length)
  if (length === undefined || !Number.isInteger(length) || length < 0 || !Number.isInteger(index)) return undefined
  const count = isCellArray(data) ? data.labels.length : Array.isArray(data) ? data.length : -1
  if (index < 0 || index > count) return undefined
  const array = wholeArray(data)
  if (values.length === 0 && array !== undefined) {
    const stay = array.labels.flatMap((_, i) => (i < index || i >= index + length ? [i] : []))
    return stay.length === 0 ? undefined : pickedArray(array, stay)
  }
  const [cells, others] = [elementsOf(data), elementsOf(values)]
  return cells && others && [...cells.slice(0, index), ...others, ...cells.slice(index + length)]
}

export const arrayRules: readonly (readonly [string, CellRule])[] = [
  ['array_element', arrayElement],
  ['array_contains', arrayContains],
  ['array_find', arrayFind],
  ['array_find_label', arrayFindLabel],
  ['array_labels', arrayLabels],
  ['array_create', arrayCreate],
  ['array_create_labeled', arrayCreateLabeled],
  ['array_concat', arrayConcat],
  ['array_append', arrayAppend],
  ['array_modify', arrayModify],
]
