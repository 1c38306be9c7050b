/** Halving patch by patch where odd sides make samples of two patches one: what patches keep for their neighbours. */
import type { TypedArray } from '../dtype.ts'
import type { DType } from '../types.ts'
import type { Patch } from './encode.ts'
import { type Axis, halve, leadOf, type OverviewMethod } from './overview.ts'

/** What the samples of all levels are. */
export interface Samples {
  readonly bands: number
  readonly dtype: DType
  readonly nodata: number | undefined
  readonly method: OverviewMethod
}

export interface Size {
  readonly width: number
  readonly height: number
}

/** Halves patches of `span` samples a side of one level, each after its neighbours to the left and above. */
export class Halving {
  readonly #level: Size
  readonly #span: number
  readonly #samples: Samples
  /** Patches whose neighbours to the right and below have not all come, by column and row: their last columns and rows. */
  readonly #edges = new Map<string, Edges>()

  constructor(level: Size, span: number, samples: Samples) {
    this.#level = level
    this.#span = span
    this.#samples = samples
  }

  halve(patch: Patch, column: number, row: number): Patch {
    const { width, height } = this.#level
    const { bands, dtype, method, nodata } = this.#samples
    const [x, y] = [column * this.#span, row * this.#span]
    const across: Axis = { start: x, length: width, lead: leadOf(x, width) }
    const down: Axis = { start: y, length: height, lead: leadOf(y, height) }
    const edges = (c: number, r: number): Edges | undefined => this.#edges.get(`${c} ${r}`)
    const neighbours = {
      left: across.lead === 1 ? edges(column - 1, row) : undefined,
      above: down.lead === 1 ? edges(column, row - 1) : undefined,
      corner: across.lead + down.lead === 2 ? edges(column - 1, row - 1) : undefined,
    }
    if (width % 2 === 1 || height % 2 === 1) this.#edges.set(`${column} ${row}`, edgesOf(patch, bands))
    this.#edges.delete(`${column - 1} ${row - 1}`)
    return halve(withLeads(patch, bands, neighbours), bands, dtype, method, nodata, across, down)
  }
}

/** The last column and row of a patch, band by band. */
interface Edges {
  readonly right: TypedArray
  readonly bottom: TypedArray
}

function edgesOf({ data, width, height }: Patch, bands: number): Edges {
  const [right, bottom] = [data.slice(0, bands * height), data.slice(0, bands * width)]
  for (let b = 0; b < bands; b++) {
    for (let r = 0; r < height; r++) right[b * height + r] = data[(b * height + r) * width + width - 1]!
    bottom.set(data.subarray((b * height + height - 1) * width, (b + 1) * height * width) as never, b * width)
  }
  return { right, bottom }
}

interface Neighbours {
  readonly left: Edges | undefined
  readonly above: Edges | undefined
  readonly corner: Edges | undefined
}

/** A patch with the column before it and the row above it, where there are neighbours that have them. */
function withLeads(patch: Patch, bands: number, { left, above, corner }: Neighbours): Patch {
  const [dx, dy] = [left === undefined ? 0 : 1, above === undefined ? 0 : 1]
  if (dx + dy === 0) return patch
  const [width, height] = [patch.width + dx, patch.height + dy]
  const data = newArrayLike(patch.data, bands * width * height)
  for (let b = 0; b < bands; b++) {
    const plane = b * width * height
    if (above !== undefined) data.set(planeOf(above.bottom, b, bands) as never, plane + dx)
    if (corner !== undefined) data[plane] = planeOf(corner.bottom, b, bands).at(-1)!
    for (let r = 0; r < patch.height; r++) {
      const to = plane + (r + dy) * width
      if (left !== undefined) data[to] = planeOf(left.right, b, bands)[r]!
      const from = (b * patch.height + r) * patch.width
      data.set(patch.data.subarray(from, from + patch.width) as never, to + dx)
    }
  }
  return { data, width, height }
}

const newArrayLike = (data: TypedArray, length: number): TypedArray =>
  new (data.constructor as new (length: number) => TypedArray)(length)

const planeOf = (data: TypedArray, band: number, bands: number): TypedArray =>
  data.subarray((band * data.length) / bands, ((band + 1) * data.length) / bands) as TypedArray
