/** The header of NetCDF-3 files: classic (CDF-1), 64-bit offset (CDF-2), 64-bit data (CDF-5). Reads no cells. */
import type { Attributes } from '../cf/attributes.ts'
import type { StoredType } from '../cf/packing.ts'
import { corrupt } from './file.ts'

export interface Type3 {
  readonly dtype: StoredType | 'char'
  readonly bytes: 1 | 2 | 4 | 8
}

/** By the number that files have; 2 are characters. */
export const TYPES3: Readonly<Record<number, Type3>> = {
  1: { dtype: 'int8', bytes: 1 },
  2: { dtype: 'char', bytes: 1 },
  3: { dtype: 'int16', bytes: 2 },
  4: { dtype: 'int32', bytes: 4 },
  5: { dtype: 'float32', bytes: 4 },
  6: { dtype: 'float64', bytes: 8 },
  7: { dtype: 'uint8', bytes: 1 },
  8: { dtype: 'uint16', bytes: 2 },
  9: { dtype: 'uint32', bytes: 4 },
  10: { dtype: 'int64', bytes: 8 },
  11: { dtype: 'uint64', bytes: 8 },
}

export interface Variable3 {
  readonly name: string
  readonly dims: readonly number[]
  readonly attributes: Attributes
  readonly type: Type3
  /** Byte where the cells start; of record variables, those of the first record. */
  readonly begin: number
  readonly isRecord: boolean
}

export interface Header3 {
  readonly kind: string
  readonly dims: readonly { readonly name: string; readonly length: number }[]
  readonly attributes: Attributes
  readonly variables: readonly Variable3[]
  /** Bytes from one record to the next. */
  readonly recordBytes: number
  readonly records: number
}

/** The bytes are too few: the header goes on. */
export class NeedMore extends Error {}

const KINDS: Readonly<Record<number, string>> = { 1: 'classic', 2: '64-bit offset', 5: '64-bit data' }
const text = new TextDecoder()
const STREAMING = 0xffffffff

/** Parses the header from the first bytes of a file. Throws `NeedMore`, InputError `CorruptFile`. */
export function parseHeader3(bytes: Uint8Array, fileBytes: number, path: string): Header3 {
  const version = bytes[3]!
  const cursor = cursorOf(bytes, version === 5, path)
  cursor.skip(4)
  const stated = cursor.count()
  const dims = cursor.list(10, () => ({ name: cursor.name(), length: cursor.count() }))
  const attributes = attributesOf(cursor)
  const record = dims.findIndex(({ length }) => length === 0)
  const variables = cursor.list(11, (): Variable3 => {
    const name = cursor.name()
    const own = Array.from({ length: cursor.count() }, () => cursor.count())
    if (own.some((d) => d >= dims.length)) throw corrupt(path, `variable "${name}" has a dimension that is not there`)
    const rest = attributesOf(cursor)
    const type = cursor.type()
    cursor.count()
    const begin = version === 1 ? cursor.u32() : cursor.u64()
    return { name, dims: own, attributes: rest, type, begin, isRecord: own.length > 0 && own[0] === record }
  })
  const recordBytes = recordBytesOf(variables, dims)
  const first = Math.min(...variables.filter(({ isRecord }) => isRecord).map(({ begin }) => begin))
  const isStreaming = stated === STREAMING || stated === 2 ** 64
  const fitting = recordBytes === 0 ? 0 : Math.max(0, Math.floor((fileBytes - first) / recordBytes))
  const records = isStreaming ? fitting : stated
  const sized = dims.map((dim, d) => (d === record ? { ...dim, length: records } : dim))
  return { kind: KINDS[version] ?? 'classic', dims: sized, attributes, variables, recordBytes, records }
}

/** Records hold a piece of every record variable, each padded to four bytes unless it is the only one. */
function recordBytesOf(variables: readonly Variable3[], dims: readonly { readonly length: number }[]): number {
  const sizes = variables
    .filter(({ isRecord }) => isRecord)
    .map(({ dims: own, type }) => own.slice(1).reduce((size, d) => size * dims[d]!.length, type.bytes))
  return sizes.length === 1 ? sizes[0]! : sizes.reduce((sum, size) => sum + Math.ceil(size / 4) * 4, 0)
}

type Cursor = ReturnType<typeof cursorOf>

function cursorOf(bytes: Uint8Array, isWide: boolean, path: string) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const take = (length: number): number => {
    if (!(length >= 0 && length < 2 ** 40)) throw corrupt(path, 'the header of the file is damaged')
    if (at + length > bytes.length) throw new NeedMore()
    at += length
    return at - length
  }
  const u32 = (): number => view.getUint32(take(4))
  const u64 = (): number => Number(view.getBigUint64(take(8)))
  const count = (): number => (isWide ? u64() : u32())
  const padded = (length: number): Uint8Array => {
    const start = take(Math.ceil(length / 4) * 4)
    return bytes.subarray(start, start + length)
  }
  const type = (): Type3 => {
    const found = TYPES3[u32()]
    if (found === undefined) throw corrupt(path, 'the header has an unknown type')
    return found
  }
  const list = <T>(tag: number, item: () => T): T[] => {
    const found = u32()
    const length = count()
    if (found === 0 && length === 0) return []
    if (found !== tag) throw corrupt(path, 'the header of the file is damaged')
    const items: T[] = []
    for (let i = 0; i < length; i++) items.push(item())
    return items
  }
  return { skip: take, u32, u64, count, type, list, padded, name: () => text.decode(padded(count())) }
}

function attributesOf(cursor: Cursor): Attributes {
  const out: Record<string, unknown> = {}
  for (const [name, value] of cursor.list(12, () => [cursor.name(), attributeValue(cursor)] as const)) out[name] = value
  return out
}

function attributeValue(cursor: Cursor): unknown {
  const { dtype, bytes } = cursor.type()
  const length = cursor.count()
  const raw = cursor.padded(length * bytes)
  if (dtype === 'char') return text.decode(raw).replace(/\0+$/, '')
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  const values = Array.from({ length }, (_, i) => GET[dtype](view, i * bytes))
  return values.length === 1 ? values[0] : values
}

const GET: Readonly<Record<StoredType, (view: DataView, at: number) => number | bigint>> = {
  int8: (v, at) => v.getInt8(at),
  uint8: (v, at) => v.getUint8(at),
  int16: (v, at) => v.getInt16(at),
  uint16: (v, at) => v.getUint16(at),
  int32: (v, at) => v.getInt32(at),
  uint32: (v, at) => v.getUint32(at),
  float32: (v, at) => v.getFloat32(at),
  float64: (v, at) => v.getFloat64(at),
  int64: (v, at) => v.getBigInt64(at),
  uint64: (v, at) => v.getBigUint64(at),
}
