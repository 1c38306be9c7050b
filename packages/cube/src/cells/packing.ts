/** Stored numbers to physical ones and back, one at a time: the reference of the compiled loads and stores. */

import { DTYPES } from '../dtype.ts'
import type { Packing } from '../model/block.ts'
import type { DType } from '../types.ts'
import { roundHalfEven } from './operations.ts'
import { isTrue } from './reducers.ts'

const BOOLEAN_MISSING = 255

/** The stored number that means missing; undefined where none does. float32 rounds it, as the file did. */
export function rawNodata(packing: Packing): number | undefined {
  if (packing.isBoolean) return BOOLEAN_MISSING
  if (packing.nodata === undefined || Number.isNaN(packing.nodata)) return undefined
  return packing.dtype === 'float32' ? Math.fround(packing.nodata) : packing.nodata
}

/** The physical number of a stored one; NaN where it is missing. */
export function unpackValue(packing: Packing, raw: number): number {
  return raw === rawNodata(packing) ? Number.NaN : raw * packing.scale + packing.offset
}

/**
 * The stored number of a physical one. Integers are rounded half to even and kept in range; a missing value is the
 * packing's nodata, where it has none: NaN of floats, 0 of integers.
 */
export function packValue(packing: Packing, value: number): number {
  const { isFloat, range } = DTYPES[packing.dtype]
  if (Number.isNaN(value)) return packing.isBoolean ? BOOLEAN_MISSING : (packing.nodata ?? (isFloat ? Number.NaN : 0))
  if (packing.isBoolean) return Number(isTrue(value))
  const raw = (value - packing.offset) / packing.scale
  return isFloat ? raw : Math.min(Math.max(roundHalfEven(raw), range[0]), range[1])
}

const NARROW: ReadonlySet<DType> = new Set(['uint8', 'int8', 'uint16', 'int16', 'float32'])

/** Whether float32 holds every stored number of the type. */
export const fitsFloat32 = (dtype: DType): boolean => NARROW.has(dtype)
