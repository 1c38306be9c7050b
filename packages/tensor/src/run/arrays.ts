/** Between what callers hold (typed arrays, with or without shapes) and what the worker is sent. */

import { InputError, nearest } from '@ecotope/core'
import type { Tensor } from '../primitive.ts'
import { type Shape, sameShape, showShape, sizeOf } from '../shape.ts'
import type { TensorArray, TensorMessage } from './protocol.ts'

/** An array with its shape, row-major. */
export interface Dense {
  readonly data: Float32Array<ArrayBuffer>
  readonly shape: Shape
}

/** An input: a plain array of the declared shape, or one that brings its shape along. */
export type Feed = Float32Array | Int32Array | { readonly data: Float32Array | Int32Array; readonly shape: Shape }

export type Feeds = Readonly<Record<string, Feed>>

/** A view that owns its whole buffer, so that sending it sends no more than it shows. */
function compact(data: Float32Array | Int32Array): TensorArray {
  const whole = data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength
  return (whole ? data : data.slice()) as TensorArray
}

export function toFeed(
  name: string,
  feed: Feed,
  declared: { readonly shape: Shape; readonly dtype: string } | undefined,
): TensorMessage {
  const plain = feed instanceof Float32Array || feed instanceof Int32Array
  const data = plain ? feed : feed.data
  const shape = plain ? (declared?.shape ?? [feed.length]) : feed.shape
  const type = data instanceof Float32Array ? 'float32' : 'int32'
  if (declared !== undefined && (!sameShape(shape, declared.shape) || type !== declared.dtype)) {
    throw new InputError(
      'ShapeMismatch',
      `input ${name} must be ${declared.dtype} ${showShape(declared.shape)}, not ${type} ${showShape(shape)}`,
      {
        data: { name, expected: declared.shape, actual: shape },
      },
    )
  }
  if (data.length !== sizeOf(shape)) {
    throw new InputError(
      'ShapeMismatch',
      `input ${name} has ${data.length} numbers, its shape ${showShape(shape)} needs ${sizeOf(shape)}`,
      {
        data: { name, expected: shape, actual: data.length },
      },
    )
  }
  return { type, data: compact(data), shape }
}

/** Every declared input, checked; names that the program does not know are refused. */
export function toFeeds(feeds: Feeds, declared: Readonly<Record<string, Tensor>>): Record<string, TensorMessage> {
  for (const name of Object.keys(feeds)) {
    if (declared[name] === undefined) throw unknownInput(name, Object.keys(declared))
  }
  return Object.fromEntries(
    Object.entries(declared).map(([name, tensor]) => {
      const feed = feeds[name]
      if (feed === undefined) throw new InputError('MissingInput', `input ${name} is missing`, { data: { name } })
      return [name, toFeed(name, feed, tensor)]
    }),
  )
}

function unknownInput(name: string, known: readonly string[]): InputError {
  const near = nearest(name, known)
  const hint = near === undefined ? `It has: ${known.join(', ')}.` : `Did you mean ${near}?`
  return new InputError('UnknownInput', `the program has no input ${name}`, { hint, data: { name, known } })
}

export function toDense({ type, data, shape }: TensorMessage): Dense {
  return { data: type === 'float32' ? (data as Float32Array<ArrayBuffer>) : Float32Array.from(data), shape }
}

export const vector = (data: Float32Array): TensorMessage => ({
  type: 'float32',
  data: compact(data),
  shape: [data.length],
})
