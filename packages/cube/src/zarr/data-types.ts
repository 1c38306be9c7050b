/** Data types of Zarr 2 (numpy's short names), Zarr 3 and N5: what the bytes of an element mean, and fill values. */
import { InputError } from '@ecotope/core'
import { asNumbers, halfToNumber, type Numbers, type NumberType, numberType } from '../codecs/numbers.ts'
import type { DType } from '../types.ts'

/** Elements in memory: numbers, or objects (strings, byte strings, JSON, records, complex numbers as pairs). */
export type Values = Numbers | unknown[]

export interface DataType {
  /** As files write it: `<i2`, `float32`, `string`. */
  readonly name: string
  readonly layout: 'number' | 'complex' | 'text' | 'bytes' | 'record' | 'items'
  /** Bytes of an element; 0 where elements have no fixed length. */
  readonly bytes: number
  /** Of the number, the parts of a complex one, the characters of a text. */
  readonly number: NumberType | undefined
  /** Instants or durations: whole numbers of `count` units. */
  readonly time?: { readonly kind: 'datetime64' | 'timedelta64'; readonly unit: string; readonly count: number }
  readonly fields?: readonly { readonly name: string; readonly type: DataType; readonly offset: number }[]
}

/** The sample type by which a cube holds such numbers without loss; of 64-bit integers only while they are exact. */
export function cubeType(type: DataType): DType | undefined {
  const { number } = type
  if (type.layout !== 'number' || number === undefined || type.time !== undefined) return undefined
  if (number.kind === 'b') return 'uint8'
  if (number.kind === 'f') return number.bytes === 8 ? 'float64' : 'float32'
  if (number.bytes === 8) return 'float64'
  return `${number.kind === 'u' ? 'uint' : 'int'}${(8 * number.bytes) as 8 | 16 | 32}`
}

const of = (name: string, layout: DataType['layout'], bytes: number, number?: NumberType): DataType => ({
  name,
  layout,
  bytes,
  number,
})

/** Throws `InputError('UnsupportedType')` that names `path`. */
export function dataType(name: unknown, path: string): DataType {
  const found = Array.isArray(name)
    ? record(name, path)
    : typeof name === 'string'
      ? byName(name)
      : byObject(name, path)
  if (found !== undefined) return found
  const text = typeof name === 'string' ? name : JSON.stringify(name)
  throw new InputError('UnsupportedType', `${path} has elements of type ${text}, which is not supported`, {
    hint: 'numbers, booleans, complex numbers, strings, bytes, records and numpy times are read',
    data: { path, type: text },
  })
}

/** Texts that name a type completely. */
function byName(name: string): DataType | undefined {
  const number = numberType(name)
  if (number !== undefined) return of(name, 'number', number.bytes, number)
  const complex = /^(?:([<>])c(8|16)|complex(64|128))$/.exec(name)
  if (complex !== null) {
    const bytes = complex[2] === undefined ? Number(complex[3]) / 8 : Number(complex[2])
    return of(name, 'complex', bytes, part('f', bytes / 2, complex[1] === '>'))
  }
  const time = /^([<>])([mM])8(?:\[(\d*)([a-zA-Zμ]+)\])?$/.exec(name)
  if (time !== null) {
    const kind = time[2] === 'M' ? 'datetime64' : 'timedelta64'
    const count = time[3] === undefined || time[3] === '' ? 1 : Number(time[3])
    return {
      ...of(name, 'number', 8, part('i', 8, time[1] === '>')),
      time: { kind, unit: time[4] ?? 'generic', count },
    }
  }
  const fixed = /^([<>|])([SUV])(\d+)$/.exec(name)
  if (fixed !== null) return fixedLength(name, fixed[2] as 'S' | 'U' | 'V', Number(fixed[3]), fixed[1] === '>')
  const raw = /^r(\d+)$/.exec(name)
  if (raw !== null) return of(name, 'bytes', Number(raw[1]) / 8)
  return ['|O', 'string', 'bytes', 'variable_length_bytes'].includes(name) ? of(name, 'items', 0) : undefined
}

const part = (kind: 'f' | 'i' | 'u', bytes: number, isBigEndian: boolean): NumberType => ({
  kind,
  bytes: bytes as 4 | 8,
  isBigEndian,
})

function fixedLength(name: string, letter: 'S' | 'U' | 'V', length: number, isBigEndian: boolean): DataType {
  if (letter === 'V') return of(name, 'bytes', length)
  return letter === 'S' ? of(name, 'text', length) : of(name, 'text', 4 * length, part('u', 4, isBigEndian))
}

/** Zarr 3 types with a configuration. */
function byObject(value: unknown, path: string): DataType | undefined {
  const { name, configuration } = (value ?? {}) as { name?: unknown; configuration?: Record<string, unknown> }
  if (typeof name !== 'string') return undefined
  const length = Number(configuration?.length_bytes)
  if (name === 'fixed_length_utf32' && length % 4 === 0) return of(name, 'text', length, part('u', 4, false))
  if (name === 'null_terminated_bytes' && Number.isInteger(length)) return of(name, 'text', length)
  if (name === 'raw_bytes' && Number.isInteger(length)) return of(name, 'bytes', length)
  if (name === 'numpy.datetime64' || name === 'numpy.timedelta64') {
    const time = {
      kind: name.slice(6) as 'datetime64' | 'timedelta64',
      unit: String(configuration?.unit ?? 'generic'),
      count: Number(configuration?.scale_factor ?? 1),
    }
    return { ...of(name, 'number', 8, part('i', 8, false)), time }
  }
  if (name === 'struct' || name === 'structured') return record(configuration?.fields, path)
  return configuration === undefined || Object.keys(configuration).length === 0 ? byName(name) : undefined
}

/** A record of named fields, one after the other, without gaps. */
function record(list: unknown, path: string): DataType | undefined {
  if (!Array.isArray(list)) return undefined
  let offset = 0
  const fields = list.map((entry: unknown) => {
    const pair = Array.isArray(entry)
      ? entry
      : [(entry as { name: string }).name, (entry as { data_type: unknown }).data_type]
    const type = dataType(pair[1], path)
    const field = { name: String(pair[0]), type, offset }
    offset += type.bytes * ((pair[2] as number[] | undefined) ?? []).reduce((product, n) => product * n, 1)
    return pair.length > 2 ? undefined : field
  })
  if (fields.some((field) => field === undefined || field.type.bytes === 0)) return undefined
  return { ...of('record', 'record', offset), fields: fields as NonNullable<DataType['fields']> }
}

const utf8 = new TextDecoder()

/** `count` elements of bytes; numbers may be a view of them. */
export function valuesOf(type: DataType, data: Uint8Array, count: number): Values {
  if (type.layout === 'number') return asNumbers(data.subarray(0, count * type.bytes), type.number!)
  const items = new Array<unknown>(count)
  for (let k = 0; k < count; k++) items[k] = element(type, data.subarray(k * type.bytes, (k + 1) * type.bytes))
  return items
}

function element(type: DataType, data: Uint8Array): unknown {
  switch (type.layout) {
    case 'number':
      return asNumbers(data, type.number!)[0]
    case 'complex':
      return [...(asNumbers(data, type.number!) as Float64Array)]
    case 'text':
      return type.number === undefined ? utf8.decode(trimmed(data)) : characters(data, type.number)
    case 'record':
      return Object.fromEntries(
        type.fields!.map(({ name, type: of, offset }) => [name, element(of, data.subarray(offset, offset + of.bytes))]),
      )
    default:
      return data.slice()
  }
}

function trimmed(data: Uint8Array): Uint8Array {
  let end = data.length
  while (end > 0 && data[end - 1] === 0) end--
  return data.subarray(0, end)
}

function characters(data: Uint8Array, type: NumberType): string {
  const codes = asNumbers(data, type) as Uint32Array
  let end = codes.length
  while (end > 0 && codes[end - 1] === 0) end--
  let text = ''
  for (let k = 0; k < end; k++) text += String.fromCodePoint(codes[k]! > 0x10ffff ? 0xfffd : codes[k]!)
  return text
}

/** Room for `count` elements. */
export function newValues(type: DataType, count: number): Values {
  if (type.layout !== 'number') return new Array<unknown>(count).fill(undefined)
  const { number } = type
  const width = number!.kind === 'f' && number!.bytes === 2 ? { ...number!, bytes: 4 as const } : number!
  return asNumbers(new Uint8Array(count * width.bytes), { ...width, isBigEndian: false })
}

/** What a missing chunk holds, from its writing in the metadata; `exact` is the text of a large integer. */
export function fillValue(type: DataType, value: unknown, exact?: string): unknown {
  const { number } = type
  if (type.layout === 'number') {
    if (number!.kind !== 'f' && number!.bytes === 8) return wholeFill(value, exact)
    if (number!.kind === 'b') return value === true || value === 1 ? 1 : 0
    return typeof value === 'string' ? floatFill(value, number!) : Number(value ?? 0)
  }
  if (type.layout === 'complex') {
    const parts = Array.isArray(value) ? value : [value ?? 0, 0]
    return parts.map((one: unknown) => (typeof one === 'string' ? floatFill(one, number!) : Number(one)))
  }
  if (type.layout === 'items') return value === 0 || value === undefined ? null : value
  if (typeof value !== 'string') return type.layout === 'text' ? '' : element(type, new Uint8Array(type.bytes))
  if (type.layout === 'text' && number !== undefined) return value
  const data = new Uint8Array(type.bytes)
  data.set(fromBase64(value).subarray(0, type.bytes))
  return element(type, data)
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return new TextEncoder().encode(text)
  }
}

function wholeFill(value: unknown, exact: string | undefined): bigint {
  if (value === 'NaT') return -(2n ** 63n)
  if (exact !== undefined) return BigInt(exact)
  const number = Number(value ?? 0)
  return Number.isInteger(number) ? BigInt(number) : 0n
}

/** `NaN`, `Infinity`, a decimal number, or the bits of the number in hexadecimal. */
function floatFill(text: string, { bytes }: NumberType): number {
  if (!text.startsWith('0x')) return Number(text)
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(text) << BigInt(64 - 8 * bytes))
  return bytes === 8 ? view.getFloat64(0) : bytes === 4 ? view.getFloat32(0) : halfToNumber(view.getUint16(0))
}
