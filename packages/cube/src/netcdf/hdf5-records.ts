/** Variables that hold fewer records than their unlimited dimensions have: what was never written is fill value. */
import { numberOf } from '../cf/attributes.ts'
import type { StoredType } from '../cf/packing.ts'
import { DTYPES } from '../dtype.ts'
import { cellCount, stridesOf } from '../model/region.ts'
import type { NcValues, NcVariable } from './file.ts'

/** A variable as it is stored. */
export interface StoredVariable extends NcVariable {
  readonly unlimited: readonly boolean[]
}

/** A variable as its dimensions say. */
export interface PaddedVariable extends NcVariable {
  /** The shape that is stored, where it is smaller. */
  readonly stored?: readonly number[]
}

/** An unlimited dimension is as long as the longest of its variables. */
export function padded(variables: ReadonlyMap<string, StoredVariable>): Map<string, PaddedVariable> {
  const lengths = new Map<string, number>()
  for (const { dims, shape } of variables.values()) {
    for (const [d, dim] of dims.entries()) lengths.set(dim, Math.max(lengths.get(dim) ?? 0, shape[d]!))
  }
  return new Map(
    [...variables].map(([name, { unlimited, ...variable }]) => {
      const shape = variable.shape.map((length, d) => (unlimited[d] ? lengths.get(variable.dims[d]!)! : length))
      const isWhole = shape.every((length, d) => length === variable.shape[d])
      return [name, isWhole ? variable : { ...variable, shape, stored: variable.shape }]
    }),
  )
}

/** The part of a box that is stored; undefined where nothing of it is. */
export function storedPart(
  { stored }: PaddedVariable,
  start: readonly number[],
  shape: readonly number[],
): readonly number[] | undefined {
  const part = shape.map((length, d) => Math.min(length, stored![d]! - start[d]!))
  return part.every((length) => length > 0) ? part : undefined
}

/** `cells` of the first part of a box, with fill values up to its whole shape. */
export function withFill(
  variable: PaddedVariable,
  cells: NcValues | undefined,
  part: readonly number[],
  shape: readonly number[],
): NcValues {
  const count = cellCount(shape)
  const out = room(variable, count)
  if (cells === undefined) return out
  const [from, to] = [stridesOf(part), stridesOf(shape)]
  for (let i = 0; i < cells.length; i++) {
    const at = part.reduce((sum, length, d) => sum + (Math.floor(i / from[d]!) % length) * to[d]!, 0)
    out[at] = cells[i]!
  }
  return out
}

/** What the NetCDF library writes where no `_FillValue` is given (netcdf.h). */
const FILL: Readonly<Record<StoredType, number | bigint>> = {
  int8: -127,
  uint8: 255,
  int16: -32767,
  uint16: 65535,
  int32: -2147483647,
  uint32: 4294967295,
  int64: -9223372036854775806n,
  uint64: 18446744073709551614n,
  float32: 9.969209968386869e36,
  float64: 9.969209968386869e36,
}

type Writable = { [index: number]: number | bigint | string } & NcValues

function room({ dtype, attributes }: PaddedVariable, count: number): Writable {
  if (dtype === 'string' || dtype === 'other') return new Array<string>(count).fill('')
  const fill = numberOf(attributes, '_FillValue') ?? FILL[dtype]
  if (dtype === 'int64') return new BigInt64Array(count).fill(BigInt(fill))
  if (dtype === 'uint64') return new BigUint64Array(count).fill(BigInt(fill))
  return DTYPES[dtype].view(new ArrayBuffer(count * DTYPES[dtype].bytes)).fill(Number(fill))
}
