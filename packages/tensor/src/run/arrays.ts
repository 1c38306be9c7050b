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

/** float32, int32, and bool as a byte each, 0 or 1. */
export type FeedArray = Float32Array | Int32Array | Uint8Array

/** An input: a plain array of the declared shape, or one that brings its shape along. */
export type Feed = FeedArray | { readonly data: FeedArray; readonly shape: Shape }

export type Feeds = Readonly<Record<string, Feed>>

/** What each element type is held in. */
const arrays: readonly (readonly [TensorMessage['type'], abstract new (...args: never[]) => FeedArray])[] = [
  ['float32', Float32Array],
  ['int32', Int32Array],
  ['bool', Uint8Array],
]

const typeOf = (data: unknown): TensorMessage['type'] | undefined =>
  arrays.find(([, kind]) => data instanceof kind)?.[0]

/** The shape that an input brings along. */
export const givenShape = (feed: Feed | undefined): Shape | undefined => (feed as { readonly shape?: Shape })?.shape

/** A view that owns its whole buffer, so that sending it sends no more than it shows. */
function compact(data: FeedArray): TensorArray {
  const whole = data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength
  return (whole ? data : data.slice()) as TensorArray
}

function notAnArray(name: string, data: unknown, wanted: string | undefined): InputError {
  const [, wants] = arrays.find(([type]) => type === wanted) ?? arrays[0]!
  const actual = Object(data).constructor?.name ?? String(data)
  return new InputError('NotATensor', `input ${name} must be a ${wants.name}, not ${actual}`, {
    hint: `Convert it: ${wants.name}.from(values); with a shape of its own: { data, shape }.`,
    data: { name },
  })
}

export function toFeed(
  name: string,
  feed: Feed,
  declared: { readonly shape: Shape; readonly dtype: string } | undefined,
): TensorMessage {
  const { data, shape = declared?.shape ?? [data.length] }: { readonly data: FeedArray; readonly shape?: Shape } =
    Array.isArray(feed) || ArrayBuffer.isView(feed) ? { data: feed as FeedArray } : Object(feed)
  const type = typeOf(data)
  if (type === undefined) throw notAnArray(name, data, declared?.dtype)
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
