/** Weighted means of boxes of samples in a SIMD kernel: what is under a tile of the target is brought there, by planes. */
import { kernelInstance } from '../kernels/load.ts'
import { wasm } from '../kernels/means.wasm.ts'
import type { Patch, Target } from './kernels.ts'
import type { Needs, Taps } from './taps.ts'

/** Addresses: of samples, of the taps of both axes (with their numbers of pixels) and their weights, of results. */
interface Kernels {
  upright32: Upright
  upright64: Upright
  boxes32: Boxes
  boxes64: Boxes
}

type Upright = (
  samples: number,
  stride: number,
  size: number,
  x: number,
  columns: number,
  weightsX: number,
  y: number,
  rows: number,
  weightsY: number,
  work: number,
  to: number,
  weight: number,
  share: number,
  centre: boolean,
) => void

type Boxes = (
  samples: number,
  stride: number,
  pixels: number,
  x: number,
  weightsX: number,
  y: number,
  weightsY: number,
  to: number,
  weight: number,
  share: number,
  centre: boolean,
) => void

const instance = kernelInstance<Kernels>(wasm)

/** The kernel's own memory begins with its constants. */
const START = 1024
/** Loads and stores of the kernel reach at most this far beyond what they are for. */
const MARGIN = 64

/** Samples per row that are brought although nothing needs them: one copy is cheaper than one for each row. */
const WASTE = 256

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** Places of the patch that taps reach: from `low` on, `size` of them. */
interface Reach {
  readonly low: number
  readonly size: number
}

function reachOf({ length, first, counts }: Taps): Reach {
  let [low, high] = [Infinity, 0]
  for (let i = 0; i < length; i++) {
    if (counts[i]! === 0) continue
    low = Math.min(low, first[i]!)
    high = Math.max(high, first[i]! + counts[i]!)
  }
  return low < high ? { low, size: high - low } : { low: 0, size: 0 }
}

/** Means of a patch by the taps of the pixels of a tile. */
export class Means {
  readonly #patch: Patch
  readonly #x: Taps
  readonly #y: Taps
  readonly #needs: Needs
  readonly #isUpright: boolean
  readonly #across: Reach
  readonly #down: Reach

  constructor(patch: Patch, x: Taps, y: Taps, needs: Needs, isUpright: boolean) {
    this.#patch = patch
    this.#x = x
    this.#y = y
    this.#needs = needs
    this.#isUpright = isUpright
    this.#across = reachOf(x)
    this.#down = reachOf(y)
  }

  run(tile: Target): void {
    const { data, planes, start, apart } = this.#patch
    if (this.#across.size === 0 || this.#down.size === 0) {
      for (let p = 0; p < planes; p++) spread(tile, p)
      return
    }
    const bytes = data.BYTES_PER_ELEMENT
    const isWhole = this.#patch.width - this.#across.size < WASTE
    const stride = isWhole ? bytes * this.#patch.width : aligned(bytes * this.#across.size)
    const places = placesOf(this.#x, this.#y, this.#across, this.#down, stride, bytes * tile.width * tile.height)
    const { buffer } = instance().room(places.size)
    putTaps(buffer, places.x, this.#x, this.#across.low)
    putTaps(buffer, places.y, this.#y, this.#down.low)
    const Floats = bytes === 4 ? Float32Array : Float64Array
    const samples = new Floats(buffer, places.samples, (places.stride / bytes) * this.#down.size)
    const results = new Floats(buffer, places.results, tile.width * tile.height)
    for (let p = 0; p < planes; p++) {
      this.#bring(samples, places.stride / bytes, start + p * apart)
      this.#call(bytes, places)
      spread(tile, p, results)
    }
  }

  /** The samples that taps reach, of the plane that starts at `from`. */
  #bring(samples: Patch['data'], stride: number, from: number): void {
    const { data, width } = this.#patch
    const { low, size } = this.#across
    if (stride === width) {
      const start = from + this.#down.low * width + low
      samples.set(data.subarray(start, start + (this.#down.size - 1) * width + size))
      return
    }
    for (let r = 0; r < this.#down.size; r++) {
      const line = from + (this.#down.low + r) * width + low
      samples.set(data.subarray(line, line + size), r * stride)
    }
  }

  #call(bytes: number, { x, weightsX, y, weightsY, work, results, samples, stride }: Places): void {
    const { call } = instance()
    const { weight, share, centre } = this.#needs
    const [columns, rows] = [this.#x.length, this.#y.length]
    if (this.#isUpright) {
      const upright = bytes === 4 ? call.upright32 : call.upright64
      const { size } = this.#across
      upright(
        ...([samples, stride, size, x, columns, weightsX, y, rows, weightsY] as const),
        ...([work, results, weight, share, centre] as const),
      )
    } else {
      const boxes = bytes === 4 ? call.boxes32 : call.boxes64
      boxes(samples, stride, columns, x, weightsX, y, weightsY, results, weight, share, centre)
    }
  }
}

/** Results, or missing values, to a plane of the target. */
function spread({ data, start, apart, stride, width, height }: Target, plane: number, results?: Patch['data']): void {
  for (let j = 0; j < height; j++) {
    const to = start + plane * apart + j * stride
    if (results === undefined) data.fill(Number.NaN, to, to + width)
    else for (let i = 0; i < width; i++) data[to + i] = results[j * width + i]!
  }
}

interface Places {
  readonly x: number
  readonly weightsX: number
  readonly y: number
  readonly weightsY: number
  readonly work: number
  readonly results: number
  readonly samples: number
  /** Bytes from one row of samples to the next. */
  readonly stride: number
  /** The end of all. */
  readonly size: number
}

/** Where things lie in the kernel's memory; rows of samples take `stride` bytes, results `bytes`. */
function placesOf(x: Taps, y: Taps, across: Reach, down: Reach, stride: number, bytes: number): Places {
  const weightsX = START + tapBytes(x)
  const startY = aligned(weightsX + 8 * x.used + MARGIN)
  const weightsY = startY + tapBytes(y)
  const work = aligned(weightsY + 8 * y.used + MARGIN)
  const results = aligned(work + 4 * (8 * across.size + MARGIN))
  const samples = aligned(results + bytes)
  const size = samples + stride * down.size + MARGIN
  return { x: START, weightsX, y: startY, weightsY, work, results, samples, stride, size }
}

const tapBytes = ({ length }: Taps): number => 24 * length

/** The taps of pixels as the kernel has them, places seen from `low`; weights after them. */
function putTaps(buffer: ArrayBuffer, at: number, taps: Taps, low: number): void {
  const { length, first, counts, centres, places, totals, weights, used } = taps
  const whole = new Int32Array(buffer, at, 4 * length)
  for (let i = 0; i < length; i++) {
    whole[i] = first[i]! - low
    whole[length + i] = counts[i]!
    whole[2 * length + i] = centres[i]! - low
    whole[3 * length + i] = places[i]!
  }
  new Float64Array(buffer, at + 16 * length, length).set(totals.subarray(0, length))
  new Float64Array(buffer, at + tapBytes(taps), used).set(weights.subarray(0, used))
}
