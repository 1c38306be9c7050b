/**
 * Source positions as GDAL's warper approximates them: along each row of a chunk a straight line stands for the map where
 * its middle is within a threshold, else the row is halved. Only for results that are to equal GDAL's with that threshold:
 * `pixel-map.ts` is closer and as fast.
 */
import { intersectWindows } from '../grid.ts'
import type { Window } from '../types.ts'
import type { Chunk } from './chunks.ts'
import { BLOCK, boundsOf, type ExactMap, type MappedBlock } from './pixel-map.ts'

/** Rows of up to this many pixels are mapped exactly. */
const SHORT = 5
/** GDAL moves positions by this much before it takes the pixel below. */
const NUDGE = 1e-10

type Point = readonly [x: number, y: number]

/** Blocks of a chunk that meet a window. `threshold` is the greatest |dx| + |dy| in the middle of a line, source pixels. */
export function rowBlocks(chunk: Chunk, exact: ExactMap, threshold: number, window: Window): MappedBlock[] {
  const { column, row, width, height } = intersectWindows(chunk, window)
  const out: MappedBlock[] = []
  for (let r = row; r < row + height; r += BLOCK) {
    for (let c = column; c < column + width; c += BLOCK) {
      const size = { width: Math.min(BLOCK, column + width - c), height: Math.min(BLOCK, row + height - r) }
      out.push(rowBlock(chunk, { column: c, row: r, ...size }, exact, threshold))
    }
  }
  return out
}

function rowBlock(chunk: Chunk, block: Window, exact: ExactMap, threshold: number): MappedBlock {
  const fill = (xs: Float64Array, ys: Float64Array): void => {
    for (let j = 0; j < block.height; j++) {
      const line = new Line(chunk, block, block.row + j + 0.5, exact, threshold)
      line.run()
      xs.set(line.xs, j * block.width)
      ys.set(line.ys, j * block.width)
    }
  }
  let bounds: MappedBlock['bounds'] | undefined
  return {
    ...block,
    get bounds() {
      if (bounds !== undefined) return bounds
      const [xs, ys] = [new Float64Array(block.width * block.height), new Float64Array(block.width * block.height)]
      fill(xs, ys)
      const pairs = new Float64Array(2 * xs.length)
      for (let i = 0; i < xs.length; i++) pairs.set([xs[i]!, ys[i]!], 2 * i)
      bounds = boundsOf(pairs)
      return bounds
    },
    // Only centres are asked for: methods over areas take exact corners.
    positions: (_offset, _columns, _rows, xs, ys) => fill(xs, ys),
  }
}

/** The part of one row of a chunk that lies in a block. */
class Line {
  readonly xs: Float64Array
  readonly ys: Float64Array
  readonly #chunk: Chunk
  readonly #from: number
  readonly #to: number
  readonly #y: number
  readonly #exact: ExactMap
  readonly #threshold: number
  readonly #pair = new Float64Array(2)

  constructor(chunk: Chunk, block: Window, y: number, exact: ExactMap, threshold: number) {
    this.#chunk = chunk
    this.#from = block.column - chunk.column
    this.#to = this.#from + block.width
    this.#y = y
    this.#exact = exact
    this.#threshold = threshold
    this.xs = new Float64Array(block.width)
    this.ys = new Float64Array(block.width)
  }

  run(): void {
    const count = this.#chunk.width
    const ends = count <= SHORT ? [] : [this.#at(0), this.#at((count - 1) >> 1), this.#at(count - 1)]
    if (ends.length === 0 || ends.some(isMissing)) this.#exactly(0, count)
    else this.#straight(0, count, ends as [Point, Point, Point])
    for (let i = this.#from; i < this.#to; i++) this.#atBorder(i)
  }

  #at(i: number): Point {
    this.#pair[0] = this.#chunk.column + i + 0.5
    this.#pair[1] = this.#y
    this.#exact(this.#pair)
    return [this.#pair[0]!, this.#pair[1]!]
  }

  #put(i: number, [x, y]: Point): void {
    if (i < this.#from || i >= this.#to) return
    this.xs[i - this.#from] = x
    this.ys[i - this.#from] = y
  }

  #exactly(first: number, count: number): void {
    for (let i = Math.max(first, this.#from); i < Math.min(first + count, this.#to); i++) this.#put(i, this.#at(i))
  }

  /** Pixels `first` to `first + count`, of which the first, the middle and the last are known. */
  #straight(first: number, count: number, [start, middle, end]: readonly [Point, Point, Point]): void {
    if (first >= this.#to || first + count <= this.#from) return
    const half = (count - 1) >> 1
    const dx = (end[0] - start[0]) / (count - 1)
    const dy = (end[1] - start[1]) / (count - 1)
    const error = Math.abs(start[0] + dx * half - middle[0]) + Math.abs(start[1] + dy * half - middle[1])
    if (error <= this.#threshold) {
      for (let i = Math.max(0, this.#from - first); i < Math.min(count, this.#to - first); i++) {
        this.#put(first + i, [start[0] + dx * i, start[1] + dy * i])
      }
      return
    }
    const parts: readonly [number, number, Point, Point | undefined][] = [
      [first, half, start, undefined],
      [first + half, count - half, middle, end],
    ]
    const known = parts.map(([from, length, one, other]): readonly Point[] =>
      length <= SHORT ? [] : [one, this.#at(from + ((length - 1) >> 1)), other ?? this.#at(from + length - 1)],
    )
    // Where one of the halves cannot be measured, both are mapped exactly.
    const isBroken = known.some((points) => points.some(isMissing))
    for (const [i, [from, length]] of parts.entries()) {
      const points = known[i]!
      if (isBroken || points.length === 0) this.#exactly(from, length)
      else this.#straight(from, length, points as [Point, Point, Point])
    }
  }

  /** A position just outside the source is taken exactly; what then lies outside is missing. */
  #atBorder(i: number): void {
    const { column, row, width, height } = this.#chunk.source
    const at = i - this.#from
    const sides = (): readonly [beyond: number, beyond: number, beyond: number, beyond: number] => [
      column - this.xs[at]!,
      row - this.ys[at]!,
      this.xs[at]! + NUDGE - column - width,
      this.ys[at]! + NUDGE - row - height,
    ]
    const beyond = sides().find((distance) => distance > 0)
    if (beyond === undefined) return
    if (beyond < 1) this.#put(i, this.#at(i))
    if (sides().some((distance) => !(distance <= 0))) this.#put(i, [Number.NaN, Number.NaN])
  }
}

const isMissing = ([x]: Point): boolean => Number.isNaN(x)
