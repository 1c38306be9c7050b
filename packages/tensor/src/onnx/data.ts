/** The numbers of a `TensorProto`, whatever their encoding: inside the message, as raw bytes, or in another file. */

import { InputError } from '@ecotope/core'
import { sizeOf } from '../shape.ts'
import type { TensorData } from './decode.ts'
import { fromBfloat16, fromHalf } from './half.ts'
import type { Kind, Known } from './item.ts'

/** Bytes of a file beside the model. `length` is undefined where the model does not say: up to the file's end. */
export type ExternalData = (location: string, offset: number, length: number | undefined) => Uint8Array

interface ElementRule {
  readonly name: string
  readonly kind: Kind
  readonly bytes: number
  readonly get: (view: DataView, at: number) => number
  /** Bit patterns in int32_data to numbers. Default: they are the numbers. */
  readonly pattern?: (bits: number) => number
}

/** Per `TensorProto.DataType`. */
const elements: Readonly<Record<number, ElementRule>> = {
  1: { name: 'float', kind: 'float', bytes: 4, get: (v, i) => v.getFloat32(i, true) },
  2: { name: 'uint8', kind: 'int', bytes: 1, get: (v, i) => v.getUint8(i) },
  3: { name: 'int8', kind: 'int', bytes: 1, get: (v, i) => v.getInt8(i) },
  4: { name: 'uint16', kind: 'int', bytes: 2, get: (v, i) => v.getUint16(i, true) },
  5: { name: 'int16', kind: 'int', bytes: 2, get: (v, i) => v.getInt16(i, true) },
  6: { name: 'int32', kind: 'int', bytes: 4, get: (v, i) => v.getInt32(i, true) },
  7: { name: 'int64', kind: 'int', bytes: 8, get: (v, i) => Number(v.getBigInt64(i, true)) },
  9: { name: 'bool', kind: 'bool', bytes: 1, get: (v, i) => (v.getUint8(i) === 0 ? 0 : 1) },
  10: {
    name: 'float16',
    kind: 'float',
    bytes: 2,
    get: (v, i) => fromHalf(v.getUint16(i, true)),
    pattern: fromHalf,
  },
  11: { name: 'double', kind: 'float', bytes: 8, get: (v, i) => v.getFloat64(i, true) },
  12: { name: 'uint32', kind: 'int', bytes: 4, get: (v, i) => v.getUint32(i, true) },
  13: { name: 'uint64', kind: 'int', bytes: 8, get: (v, i) => Number(v.getBigUint64(i, true)) },
  16: {
    name: 'bfloat16',
    kind: 'float',
    bytes: 2,
    get: (v, i) => fromBfloat16(v.getUint16(i, true)),
    pattern: fromBfloat16,
  },
}

/** The rule of a `TensorProto.DataType`, or an error that names what has it. */
export function elementOf(type: number, what: string): ElementRule {
  const rule = elements[type]
  if (rule === undefined) {
    throw new InputError('OnnxUnsupported', `${what} has elements of ONNX type ${type}, which are not read`, {
      hint: 'Export with float32 weights: 8-bit floats, 4-bit integers, strings and complex numbers are not read.',
      data: { type },
    })
  }
  return rule
}

/** The largest number of elements in one tensor: 2^31 - 1, as in ONNX Runtime's indices. */
const MOST = 2 ** 31 - 1

function countOf({ dims, name }: TensorData): number {
  const count = sizeOf(dims)
  if (!dims.every((extent) => Number.isInteger(extent) && extent >= 0) || !(count <= MOST)) {
    throw new InputError('OnnxMalformed', `the tensor ${name} has the impossible shape [${dims.join(', ')}]`)
  }
  return count
}

function externalBytes(tensor: TensorData, size: number, external: ExternalData | undefined): Uint8Array {
  const { name } = tensor
  const location = tensor.external.get('location')
  if (external === undefined || location === undefined) {
    throw new InputError('OnnxExternalData', `the tensor ${name} lies in another file, ${location ?? 'not named'}`, {
      hint: 'Pass `external: (location, offset, length) => bytes` that reads from the file beside the model.',
      data: { name, location },
    })
  }
  const number = (key: string): number | undefined => {
    const value = tensor.external.get(key)
    if (value !== undefined && !/^\d{1,15}$/.test(value)) {
      throw new InputError('OnnxMalformed', `the tensor ${name} has the ${key} ${JSON.stringify(value)}`)
    }
    return value === undefined ? undefined : Number(value)
  }
  const bytes = external(location, number('offset') ?? 0, number('length'))
  return number('length') === undefined ? bytes.subarray(0, size) : bytes
}

function fromBytes(bytes: Uint8Array, count: number, rule: ElementRule): ArrayLike<number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = rule.kind === 'float' ? new Float32Array(count) : new Float64Array(count)
  for (let i = 0; i < count; i++) out[i] = rule.get(view, i * rule.bytes)
  return out
}

function fromFields(tensor: TensorData, rule: ElementRule): ArrayLike<number> {
  const lists: readonly ArrayLike<number>[] =
    rule.name === 'float' ? tensor.floats : rule.name === 'double' ? tensor.doubles : tensor.integers
  const total = lists.reduce((sum, { length }) => sum + length, 0)
  const out = rule.kind === 'float' ? new Float32Array(total) : new Float64Array(total)
  let at = 0
  for (const list of lists) {
    out.set(list, at)
    at += list.length
  }
  return rule.pattern === undefined ? out : out.map(rule.pattern)
}

/** The tensor's numbers, floats of any width as float32. Their count is checked before anything is allocated. */
export function valuesOf(tensor: TensorData, external?: ExternalData): Known {
  const rule = elementOf(tensor.type, `the tensor ${tensor.name}`)
  const count = countOf(tensor)
  const size = count * rule.bytes
  const bytes = tensor.isExternal ? externalBytes(tensor, size, external) : tensor.raw
  const found = bytes === undefined ? undefined : bytes.length
  const data = bytes === undefined ? fromFields(tensor, rule) : found === size ? fromBytes(bytes, count, rule) : []
  if (data.length !== count) {
    const has = found === undefined ? `${data.length} numbers` : `${found} bytes`
    throw new InputError(
      'OnnxMalformed',
      `the tensor ${tensor.name} [${tensor.dims.join(', ')}] of ${rule.name} has ${has}`,
      { hint: 'The file or its external data may be truncated.', data: { name: tensor.name } },
    )
  }
  return { kind: rule.kind, shape: tensor.dims, data }
}
