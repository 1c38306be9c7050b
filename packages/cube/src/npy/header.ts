/** The header of `.npy` files (NumPy format versions 1 to 3): type, order, shape. */
import { InputError } from '@ecotope/core'
import type { DType } from '../types.ts'

export interface NpyType {
  /** As cells of a cube; 64-bit integers are read as float64, float16 as float32, booleans as uint8. */
  readonly dtype: DType
  readonly stored: 'plain' | 'int64' | 'uint64' | 'float16' | 'bool'
  readonly bytes: 1 | 2 | 4 | 8
}

export interface NpyHeader {
  readonly type: NpyType
  readonly isBigEndian: boolean
  /** Column-major: the first dimension is the fastest. */
  readonly isFortran: boolean
  readonly shape: readonly number[]
  /** Byte where the cells start. */
  readonly dataAt: number
}

const plain = (dtype: DType, bytes: NpyType['bytes']): NpyType => ({ dtype, stored: 'plain', bytes })

const TYPES: Readonly<Record<string, NpyType>> = {
  u1: plain('uint8', 1),
  i1: plain('int8', 1),
  u2: plain('uint16', 2),
  i2: plain('int16', 2),
  u4: plain('uint32', 4),
  i4: plain('int32', 4),
  f4: plain('float32', 4),
  f8: plain('float64', 8),
  f2: { dtype: 'float32', stored: 'float16', bytes: 2 },
  i8: { dtype: 'float64', stored: 'int64', bytes: 8 },
  u8: { dtype: 'float64', stored: 'uint64', bytes: 8 },
  b1: { dtype: 'uint8', stored: 'bool', bytes: 1 },
}

const MAGIC = '\x93NUMPY'

export const isNpy = (bytes: Uint8Array): boolean => [...MAGIC].every((c, i) => bytes[i] === c.charCodeAt(0))

/** How many bytes the header has; undefined where `bytes` (at least 12) are no `.npy` file. */
export function headerLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < 12 || !isNpy(bytes)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return bytes[6] === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true)
}

/** Reads the header. Throws InputError `BadNpy`, `UnsupportedType`. */
export function parseNpyHeader(bytes: Uint8Array, path: string): NpyHeader {
  const dataAt = headerLength(bytes)
  if (dataAt === undefined || dataAt > bytes.length) throw badNpy(path, 'it has no complete header')
  const text = new TextDecoder('latin1').decode(bytes.subarray(bytes[6] === 1 ? 10 : 12, dataAt))
  const descr = /'descr'\s*:\s*('([^']*)'|\[)/.exec(text)
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const extents = /'shape'\s*:\s*\(([^)]*)\)/.exec(text)?.[1]
  if (descr === null || order === undefined || extents === undefined) throw badNpy(path, 'its header is damaged')
  const [, mark = '|', code = ''] = /^([<>=|])?(.*)$/.exec(descr[2] ?? '') ?? []
  const type = TYPES[code]
  if (type === undefined) {
    const what = descr[2] ?? 'records'
    throw new InputError('UnsupportedType', `${path} holds values of the type ${what}, which are no plain numbers`, {
      hint: 'save it as float64 or an integer type; object arrays and records cannot be read',
      data: { path, type: what },
    })
  }
  const shape = extents.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]))
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) throw badNpy(path, 'its shape is damaged')
  return { type, isBigEndian: mark === '>', isFortran: order === 'True', shape, dataAt }
}

export function badNpy(path: string, why: string): InputError {
  return new InputError('BadNpy', `${path} is no readable .npy array: ${why}`, {
    hint: 'the file may be cut off; save it again with numpy.save',
    data: { path },
  })
}

const CODES: Readonly<Record<DType, string>> = {
  uint8: '|u1',
  int8: '|i1',
  uint16: '<u2',
  int16: '<i2',
  uint32: '<u4',
  int32: '<i4',
  float32: '<f4',
  float64: '<f8',
}

/** The bytes before the cells, a multiple of 64 long. */
export function npyHeader(dtype: DType, shape: readonly number[]): Uint8Array {
  const extents = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${CODES[dtype]}', 'fortran_order': False, 'shape': (${extents}), }`
  const length = Math.ceil((10 + text.length + 1) / 64) * 64
  const out = Buffer.alloc(length, ' ')
  out.write(MAGIC, 0, 'latin1')
  out.set([1, 0], 6)
  out.writeUInt16LE(length - 10, 8)
  out.write(text, 10, 'latin1')
  out[length - 1] = 0x0a
  return out
}
