/** A source with its dimensions in another order: y and x last, as images are put together. */
import { dtypeOf, newArray, type TypedArray } from '../dtype.ts'
import { type ArraySource, partsApart, withoutPlaces } from '../model/array-source.ts'
import { cellCount, type Region, stridesOf } from '../model/region.ts'

/** The same cells with dimension `order[d]` of the source as dimension d. The source itself where nothing moves. */
export function transposedSource(source: ArraySource, order: readonly number[]): ArraySource {
  if (order.every((from, to) => from === to)) return source
  const { schema } = source
  const moved = <T>(list: readonly T[]): T[] => order.map((d) => list[d]!)
  const back = (list: readonly number[]): number[] => list.map((_, d) => list[order.indexOf(d)]!)
  return {
    ...withoutPlaces(source),
    schema: { ...schema, dims: moved(schema.dims) },
    chunks: moved(source.chunks),
    get blocks() {
      return source.blocks && moved(source.blocks)
    },
    read: async (region, options) => {
      const shape = back(region.shape)
      return transpose(await source.read({ start: back(region.start), shape }, options), shape, order)
    },
    narrow: (dimension, indices) => {
      const inner = source.narrow?.(order[dimension]!, indices)
      return inner === undefined ? undefined : transposedSource(inner, order)
    },
    apart: function* (region) {
      const stored = { start: back(region.start), shape: back(region.shape) }
      for (const { start, shape } of partsApart(source, stored)) yield { start: moved(start), shape: moved(shape) }
    },
    close: () => source.close(),
  }
}

/** A row-major array with its dimensions in another order. */
export function transpose(data: TypedArray, shape: Region['shape'], order: readonly number[]): TypedArray {
  const steps = stridesOf(shape)
  const target = order.map((d) => shape[d]!)
  const strides = order.map((d) => steps[d]!)
  const out = newArray(dtypeOf(data), cellCount(target))
  const counter = new Array<number>(target.length).fill(0)
  let from = 0
  for (let i = 0; i < out.length; i++) {
    out[i] = data[from]!
    for (let d = target.length - 1; d >= 0; d--) {
      from += strides[d]!
      if (++counter[d]! < target[d]!) break
      from -= strides[d]! * target[d]!
      counter[d] = 0
    }
  }
  return out
}
