/** Which packing holds the cells of cubes: alike, together, or with some of them missing. Conversions are elsewhere. */
import { DTYPES } from '../dtype.ts'
import type { DType } from '../types.ts'
import { FLOAT32, FLOAT64, type Packing } from './block.ts'

export function samePacking(a: Packing, b: Packing): boolean {
  const isSame = a.dtype === b.dtype && a.scale === b.scale && a.offset === b.offset
  return isSame && Object.is(a.nodata, b.nodata) && (a.isBoolean ?? false) === (b.isBoolean ?? false)
}

/** float32 where every input is a float32 or an integer of at most 16 bits, else float64. */
export function floatPacking(...packings: readonly Packing[]): Packing {
  const isNarrow = ({ dtype }: Packing): boolean => dtype === 'float32' || DTYPES[dtype].bytes <= 2
  return packings.every(isNarrow) ? FLOAT32 : FLOAT64
}

/** Whether cells of this packing can be missing. Booleans have 255 for it; some files name a value that none can have. */
export function canBeMissing({ dtype, nodata, isBoolean }: Packing): boolean {
  const { isFloat, range } = DTYPES[dtype]
  if (isFloat || isBoolean === true) return true
  return nodata !== undefined && Number.isInteger(nodata) && nodata >= range[0] && nodata <= range[1]
}

/** The raw value of a missing cell. Integers without one give 0: such packings are never chosen for missing cells. */
export function missingRaw(packing: Packing): number {
  if (DTYPES[packing.dtype].isFloat) return Number.NaN
  return packing.nodata ?? (packing.isBoolean ? 255 : 0)
}

/**
 * The packing where some cells become missing: of bytes the integers of 16 bits with their least value for it, else
 * floats. Raw values stay.
 */
export function withMissing(packing: Packing): Packing {
  if (canBeMissing(packing)) return packing
  const { scale, offset } = packing
  return integerPacking([packing], true) ?? { dtype: floatPacking(packing).dtype, scale, offset }
}

/** The packing that cells of all these cubes fit in without change of value: integers where all are, else floats. */
export function commonPacking(...packings: readonly Packing[]): Packing {
  const [first, ...rest] = packings
  if (first !== undefined && rest.every((packing) => samePacking(first, packing))) return first
  const integers = integersWithTruth(packings) ?? integerPacking(packings, packings.some(canBeMissing))
  return integers ?? floatPacking(...packings)
}

/** Integers of one packing that has room for truth values, 0 and 1, beside what is missing. */
function integersWithTruth(packings: readonly Packing[]): Packing | undefined {
  const [first, ...rest] = packings.filter(({ isBoolean }) => isBoolean !== true)
  if (first === undefined || DTYPES[first.dtype].isFloat || !canBeMissing(first)) return undefined
  const hasRoom = holds(first, 0) && holds(first, 1)
  return hasRoom && rest.every((packing) => samePacking(first, packing)) ? first : undefined
}

/** Whether a number survives being stored in a packing, and as a number. */
export function holds({ dtype, scale, offset, nodata }: Packing, value: number): boolean {
  if (DTYPES[dtype].isFloat) return true
  const raw = (value - offset) / scale
  const [least, greatest] = DTYPES[dtype].range
  return raw >= least && raw <= greatest && Number.isInteger(raw) && raw !== nodata
}

/** From narrow to wide, signed ones first: these have a value below all counts for what is missing. */
const INTEGERS: readonly DType[] = ['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32']

/**
 * The narrowest integers for all numbers of packings, truth values among them as 0 and 1, with one to spare for missing
 * where asked; undefined: none. Only
 * integers of 32 bits give such: what has 16 is held by float32, and computing stays in it.
 */
function integerPacking(packings: readonly Packing[], hasMissing: boolean): Packing | undefined {
  const { scale, offset } = packings[0]!
  const isAlike = (one: Packing): boolean => !DTYPES[one.dtype].isFloat && one.scale === scale && one.offset === offset
  if (!packings.every(isAlike) || packings.every(({ isBoolean }) => isBoolean)) return undefined
  const ranges = packings.map(rangeOf)
  const least = Math.min(...ranges.map(([from]) => from))
  const greatest = Math.max(...ranges.map(([, to]) => to))
  const widest = Math.max(2, ...packings.map(({ dtype }) => DTYPES[dtype].bytes))
  for (const dtype of INTEGERS) {
    const [from, to] = DTYPES[dtype].range
    if (DTYPES[dtype].bytes > widest) break
    if (least < from || greatest > to) continue
    if (!hasMissing) return { dtype, scale, offset }
    if (least > from || greatest < to) return { dtype, nodata: least > from ? from : to, scale, offset }
  }
  return undefined
}

/** Least and greatest raw value that is a number. */
function rangeOf({ dtype, nodata, isBoolean }: Packing): readonly [number, number] {
  if (isBoolean === true) return [0, 1]
  const [least, greatest] = DTYPES[dtype].range
  return [nodata === least ? least + 1 : least, nodata === greatest ? greatest - 1 : greatest]
}
