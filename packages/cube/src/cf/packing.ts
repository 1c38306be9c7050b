/** How CF attributes say that numbers are packed, missing, or names of classes. */
import { DTYPES, type TypedArray } from '../dtype.ts'
import type { Packing } from '../model/block.ts'
import type { Band, DType } from '../types.ts'
import { type Attributes, numberOf, numbersOf, textOf } from './attributes.ts'

/** Sample types of files; 64-bit integers become float64 when they are read. */
export type StoredType = DType | 'int64' | 'uint64'

export interface DecodedPacking {
  readonly packing: Packing
  /** Rewrites raw cells in place: further missing values and values out of range become `nodata`. */
  readonly clean?: (cells: TypedArray) => void
}

const UNSIGNED: Partial<Readonly<Record<StoredType, DType>>> = { int8: 'uint8', int16: 'uint16', int32: 'uint32' }
const SIGNED: Partial<Readonly<Record<StoredType, DType>>> = { uint8: 'int8', uint16: 'int16', uint32: 'int32' }

/** The type that the stored bits mean: `_Unsigned` turns one into the other. */
export function typeOf(stored: StoredType, attributes: Attributes): DType {
  const unsigned = String(attributes._Unsigned ?? '').toLowerCase()
  if (unsigned === 'true' && UNSIGNED[stored] !== undefined) return UNSIGNED[stored]
  if (unsigned === 'false' && SIGNED[stored] !== undefined) return SIGNED[stored]
  return stored === 'int64' || stored === 'uint64' ? 'float64' : stored
}

/** Reads scale_factor, add_offset, _FillValue, missing_value, valid_min, valid_max, valid_range, _Unsigned. */
export function packingOf(stored: StoredType, attributes: Attributes): DecodedPacking {
  const dtype = typeOf(stored, attributes)
  const scale = numberOf(attributes, 'scale_factor') ?? 1
  const offset = numberOf(attributes, 'add_offset') ?? 0
  const raw = (value: number): number => asType(value, dtype)
  const missing = [...numbersOf(attributes, '_FillValue'), ...numbersOf(attributes, 'missing_value')]
    .map(raw)
    .filter((value, i, all) => !Number.isNaN(value) && all.indexOf(value) === i)
  const [least, most] = rangeOf(attributes, dtype, scale, offset)
  const [lowest, highest] = wholeRange(dtype)
  const isBounded = least > lowest || most < highest
  const nodata = missing[0] ?? (isBounded && !DTYPES[dtype].isFloat ? outside(dtype, least, most) : undefined)
  const isBoolean = dtype === 'uint8' && textOf(attributes, 'flag_meanings')?.trim() === 'false true'
  const packing: Packing = {
    dtype,
    ...(nodata === undefined ? {} : { nodata }),
    scale,
    offset,
    ...(isBoolean ? { isBoolean } : {}),
  }
  const others = missing.filter((value) => value !== nodata)
  if (others.length === 0 && !isBounded) return { packing }
  const sink = nodata ?? Number.NaN
  const clean = (cells: TypedArray): void => {
    for (let i = 0; i < cells.length; i++) {
      const value = cells[i]!
      if (value < least || value > most || others.includes(value)) cells[i] = sink
    }
  }
  return { packing, clean }
}

/** A number of an attribute as the type holds it: -1 of unsigned bytes is 255, 0.1 of float32 is its neighbour. */
function asType(value: number, dtype: DType): number {
  if (dtype === 'float32') return Math.fround(value)
  const { range, isFloat } = DTYPES[dtype]
  if (isFloat || !Number.isInteger(value)) return value
  const span = range[1] - range[0] + 1
  if (value < range[0] && value >= range[0] - span / 2) return value + span
  if (value > range[1] && value <= range[1] + span / 2) return value - span
  return value
}

/** All that a type can hold: of floats also what is infinite. */
const wholeRange = (dtype: DType): readonly [least: number, most: number] =>
  DTYPES[dtype].isFloat ? [-Infinity, Infinity] : DTYPES[dtype].range

/** Valid raw values. A range with fractions on packed integers is one of physical values, and is packed. */
function rangeOf(attributes: Attributes, dtype: DType, scale: number, offset: number): [least: number, most: number] {
  const whole = wholeRange(dtype)
  const pair = numbersOf(attributes, 'valid_range')
  const given = [pair[0] ?? numberOf(attributes, 'valid_min'), pair[1] ?? numberOf(attributes, 'valid_max')]
  const isPacked = scale !== 1 || offset !== 0
  const isPhysical = isPacked && !DTYPES[dtype].isFloat && given.some((v) => v !== undefined && !Number.isInteger(v))
  const [least, most] = given.map((value, i) => {
    if (value === undefined || Number.isNaN(value)) return whole[i]!
    return isPhysical ? Math.round((value - offset) / scale) : asType(value, dtype)
  })
  if (isPhysical && scale < 0) return [most!, least!]
  return least! <= most! ? [least!, most!] : [...whole]
}

function outside(dtype: DType, least: number, most: number): number | undefined {
  const [low, high] = DTYPES[dtype].range
  return most < high ? high : least > low ? low : undefined
}

/** Classes from flag_values and flag_meanings; undefined where there are none, or bit masks. */
export function classesOf(attributes: Attributes, dtype: DType): Band['classes'] {
  const values = numbersOf(attributes, 'flag_values').map((value) => asType(value, dtype))
  const names = textOf(attributes, 'flag_meanings')?.trim().split(/\s+/) ?? []
  if (values.length === 0 || values.length !== names.length) return undefined
  return values.map((value, i) => ({ value, name: names[i]! }))
}
