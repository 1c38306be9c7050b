/** What a NetCDF or HDF5 file gives, whichever reader reads it: variables with attributes, cells by boxes. */
import { InputError } from '@ecotope/core'
import type { Attributes } from '../cf/attributes.ts'
import type { StoredType } from '../cf/packing.ts'
import type { TypedArray } from '../dtype.ts'

export type NcValues = TypedArray | BigInt64Array | BigUint64Array | readonly string[]

/** A variable; its name is a path (`group/name`) below the root. */
export interface NcVariable {
  readonly name: string
  readonly dims: readonly string[]
  readonly shape: readonly number[]
  /** `other`: compound, opaque and such, which are listed but cannot be read. */
  readonly dtype: StoredType | 'string' | 'other'
  readonly attributes: Attributes
  /** Cells that are stored as one piece; absent where the cells lie in one row. */
  readonly chunks?: readonly number[]
  readonly storedBytes?: number
}

export interface NcFile {
  readonly path: string
  /** `classic`, `64-bit offset`, `64-bit data`, `HDF5`. */
  readonly kind: string
  readonly attributes: Attributes
  readonly variables: ReadonlyMap<string, NcVariable>
  /** Cells of a box. Throws InputError `CorruptChunk`. */
  read(name: string, start: readonly number[], shape: readonly number[]): Promise<NcValues>
  close(): Promise<void>
}

export function corrupt(path: string, why: string, cause?: unknown): InputError {
  return new InputError('CorruptFile', `${path}: ${why}`, {
    hint: 'the file may be cut off or damaged; copy or download it again',
    data: { path },
    ...(cause === undefined ? {} : { cause }),
  })
}

/** `chunk`: index of the piece along each dimension. */
export function corruptChunk(path: string, variable: string, chunk: readonly number[], cause?: unknown): InputError {
  return new InputError('CorruptChunk', `${path}: chunk ${chunk.join(', ')} of "${variable}" cannot be read`, {
    hint: 'the file may be cut off or damaged; --on-error skip computes the rest',
    data: { path, variable, chunk: [...chunk] },
    ...(cause === undefined ? {} : { cause }),
  })
}

/** About this many bytes make a piece of cells that lie in one row. */
const PIECE_BYTES = 1 << 20

/** Pieces for cells that are stored in one row: whole last dimensions, about a mebibyte. */
export function rowPieces(shape: readonly number[], bytes: number): number[] {
  const chunks = shape.map(() => 1)
  let size = bytes
  for (let d = shape.length - 1; d >= 0; d--) {
    const fit = Math.max(1, Math.min(shape[d]!, Math.floor(PIECE_BYTES / size)))
    chunks[d] = fit
    size *= fit
    if (fit < shape[d]!) break
  }
  return chunks
}
