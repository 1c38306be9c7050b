/**
 * 3 x 3 convolutions by Winograd's method. A unit is a strip of tiles, some rows of tiles high: rows of the image are
 * read once into a ring, tiles transformed, multiplied at 36 positions for 32 output channels at a time, transformed
 * back into the image.
 */
import { CHUNK, sourceDepth, type WinogradGeometry, winogradGeometry } from '../geometry.ts'
import { vectors } from '../layout.ts'
import type { StepOf } from '../steps.ts'
import { blockNumbers, ENTRY_BYTES, HEAD_BYTES } from '../wasm/moments.ts'
import { addFinish } from '../wasm/pixels.ts'
import { addPositions, PANEL, type PositionsShape, rowGroups } from '../wasm/products.ts'
import type { Kernel, Registry } from '../wasm/registry.ts'
import { type InputShape, inputFunction, type OutputShape, outputFunction } from '../wasm/winograd.ts'
import { panelsOf } from '../weights.ts'
import { areas, areasSize, type Executor, type Names } from './executor.ts'
import { addReader, bindReader, bordered, pixelAt, type Reader, type Room } from './room.ts'

type Step = StepOf<'winograd'>

interface Shapes {
  readonly input: InputShape
  readonly product: PositionsShape
  readonly output: OutputShape
  readonly edge: OutputShape
}

/** Positions are 16 numbers further apart than they need, lest 36 of them fall into the same sets of the cache. */
function shapesOf(step: Step, { tiles, rows }: WinogradGeometry): Shapes {
  const depth = sourceDepth(step.from)
  const left = rows * tiles * depth + 16
  const right = rows * tiles * CHUNK + 16
  const output = { tile: CHUNK, position: right, pixel: step.to.strides.w, measured: step.moments !== undefined }
  return {
    input: { depth, position: left },
    product: { depth, target: CHUNK, left, right },
    output,
    edge: { ...output, measured: false },
  }
}

function addKernels(step: Step, registry: Registry): Names {
  const shapes = shapesOf(step, winogradGeometry(step))
  const output = (shape: OutputShape): string =>
    registry.add(`output ${JSON.stringify(shape)}`, (name) => outputFunction(name, shape))
  addReader(registry, step.from, shapes.input.depth)
  return {
    input: registry.add(`input ${JSON.stringify(shapes.input)}`, (name) => inputFunction(name, shapes.input)),
    product: addPositions(registry, shapes.product),
    output: output(shapes.output),
    edge: output(shapes.edge),
    finish: addFinish(registry, shapes.output.measured),
  }
}

/** Numbers of the ring of rows, transformed tiles, products, tiles over the edge, and zeros. */
function sizesOf(step: Step): number[] {
  const geometry = winogradGeometry(step)
  const { tiles, rows } = geometry
  const { input, product, output } = shapesOf(step, geometry)
  const ring = (4 * rows + 2) * ringRow(input.depth, tiles)
  return [ring, 36 * product.left, 36 * product.right, 16 * tiles * output.pixel, CHUNK]
}

const ringRow = (depth: number, tiles: number): number => (4 * tiles + 2) * depth + 16

/** One strip of tiles, from a row of tiles to another. */
interface Unit {
  readonly sample: number
  readonly strip: number
  readonly from: number
  readonly to: number
  /** Columns of tiles before it, and in it. */
  readonly first: number
  readonly tiles: number
}

class WinogradUnits {
  readonly #step: Step
  readonly #room: Room
  readonly #geometry: WinogradGeometry
  readonly #shapes: Shapes
  readonly #read: Reader
  readonly #kernels: Readonly<Record<'input' | 'product' | 'output' | 'edge' | 'finish', Kernel>>
  readonly #ring: number
  readonly #transformed: number
  readonly #products: number
  readonly #edge: number
  readonly #zeros: number

  constructor(step: Step, room: Room, names: Names) {
    this.#step = step
    this.#room = room
    this.#geometry = winogradGeometry(step)
    this.#shapes = shapesOf(step, this.#geometry)
    const { depth } = this.#shapes.input
    this.#read = bordered(room, step.from, depth, bindReader(room, step.from, depth))
    const kernel = (name: string): Kernel => room.kernel(names[name]!)
    this.#kernels = {
      input: kernel('input'),
      product: kernel('product'),
      output: kernel('output'),
      edge: kernel('edge'),
      finish: kernel('finish'),
    }
    const [ring, transformed, products, edge, zeros] = areas(room.scratch, sizesOf(step))
    this.#ring = ring!
    this.#transformed = transformed!
    this.#products = products!
    this.#edge = edge!
    this.#zeros = zeros!
  }

  run(index: number): void {
    const { strips, runs, run, tiles, tileColumns, tileRows, rows } = this.#geometry
    const strip = Math.floor(index / runs) % strips
    const from = (index % runs) * run
    const to = Math.min(tileRows, from + run)
    const first = strip * tiles
    const unit = {
      sample: Math.floor(index / (runs * strips)),
      strip,
      from,
      to,
      first,
      tiles: Math.min(tiles, tileColumns - first),
    }
    this.#room.memory.fill(0, this.#zeros, this.#zeros + CHUNK)
    let held = from * 4 - this.#step.before[0]
    for (let row = from; row < to; row += rows) {
      const count = Math.min(rows, to - row)
      held = this.#fetch(unit, row, count, held)
      this.#multiply(unit, row, count)
    }
  }

  /** Where a row of the image lies in the ring. */
  #slot(unit: Unit, row: number): number {
    const slots = 4 * this.#geometry.rows + 2
    const at = (row - (unit.from * 4 - this.#step.before[0])) % slots
    return this.#ring + at * ringRow(this.#shapes.input.depth, this.#geometry.tiles)
  }

  /** Reads the rows that some rows of tiles need and that are not there yet, and transforms the tiles. */
  #fetch(unit: Unit, row: number, count: number, held: number): number {
    const [top, left] = this.#step.before
    const end = (row + count) * 4 - top + 2
    for (let y = held; y < end; y++) {
      this.#read(unit.sample, y, unit.first * 4 - left, 4 * unit.tiles + 2, this.#slot(unit, y))
    }
    const { depth } = this.#shapes.input
    for (let r = 0; r < count; r++) {
      const at = (i: number): number => this.#slot(unit, (row + r) * 4 - top + i) * 4
      const to = (this.#transformed + r * unit.tiles * depth) * 4
      this.#kernels.input(unit.tiles, to, at(0), at(1), at(2), at(3), at(4), at(5))
    }
    return end
  }

  #multiply(unit: Unit, row: number, count: number): void {
    const { weights, to } = this.#step
    const { depth } = this.#shapes.input
    const panels = panelsOf(to.extent.c)
    const [six, five, rest] = rowGroups(count * unit.tiles)
    const block = this.#block(unit, row, count)
    for (let panel = 0; panel < panels; panel += CHUNK / PANEL) {
      const here = Math.min(CHUNK / PANEL, panels - panel)
      const b = (this.#room.offset(weights) + panel * depth * PANEL) * 4
      const skip = (panels - here) * depth * PANEL * 4
      this.#kernels.product(here, this.#transformed * 4, b, this.#products * 4, six, five, rest, skip)
      this.#write(unit, row, count, panel * PANEL, block)
    }
  }

  /** Address of a block of moments, its count of pixels written; 0 where nothing is measured. */
  #block({ sample, strip, first, tiles }: Unit, row: number, count: number): number {
    const { moments, to } = this.#step
    if (moments === undefined) return 0
    const { strips, blocks, rows } = this.#geometry
    const index = (sample * strips + strip) * blocks + row / rows
    const at = this.#room.offset(moments) + index * blockNumbers(to.extent.c)
    const height = Math.min(to.extent.h, (row + count) * 4) - row * 4
    const width = Math.min(to.extent.w, (first + tiles) * 4) - first * 4
    this.#room.memory[at] = height * width
    return at * 4 + HEAD_BYTES
  }

  /** Transforms the products of up to 32 channels back: whole tiles straight into the image. */
  #write(unit: Unit, row: number, count: number, channel: number, blockStart: number): void {
    const { to, bias } = this.#step
    const { c, h, w } = to.extent
    const here = Math.min(CHUNK / 4, vectors(c) - channel / 4)
    const summand = (this.#room.offset(bias) + channel) * 4
    const block = blockStart === 0 ? 0 : blockStart + (channel / 4) * ENTRY_BYTES
    let fresh = 1
    for (let r = 0; r < count; r++) {
      const y = (row + r) * 4
      const ragged = (unit.first + unit.tiles) * 4 > w ? 1 : 0
      const whole = y + 4 > h ? 0 : unit.tiles - ragged
      const from = (this.#products + r * unit.tiles * CHUNK) * 4
      const at = (pixelAt(this.#room, to, unit.sample, y, unit.first * 4) + channel) * 4
      if (whole > 0) {
        this.#kernels.output(whole, from, at, to.strides.h * 4, here, summand, block, fresh)
        fresh = 0
      }
      if (whole < unit.tiles) {
        this.#writeEdge(unit, { y, channel, here, summand, block, fresh, whole, from: from + whole * CHUNK * 4 })
        fresh = 0
      }
    }
  }

  /** Tiles that reach over the image's border go to a room of their own, and what is inside from there to the image. */
  #writeEdge(
    unit: Unit,
    part: Readonly<Record<'y' | 'channel' | 'here' | 'summand' | 'block' | 'fresh' | 'whole' | 'from', number>>,
  ): void {
    const { to } = this.#step
    const pixel = to.strides.w * 4
    const width = (unit.tiles - part.whole) * 4
    const x = (unit.first + part.whole) * 4
    this.#kernels.edge(width / 4, part.from, this.#edge * 4, width * pixel, part.here, part.summand, 0, 0)
    const inside = Math.min(width, to.extent.w - x)
    for (let i = 0; i < Math.min(4, to.extent.h - part.y); i++) {
      const at = (pixelAt(this.#room, to, unit.sample, part.y + i, x) + part.channel) * 4
      const from = this.#edge * 4 + i * width * pixel
      const fresh = i === 0 ? part.fresh : 0
      this.#kernels.finish(inside, part.here, from, at, pixel, pixel, this.#zeros * 4, part.block, fresh)
    }
  }
}

export const winograd: Executor<'winograd'> = {
  kernels: addKernels,
  scratch: (step) => areasSize(sizesOf(step)),
  units: (step) => {
    const { strips, runs } = winogradGeometry(step)
    return step.to.extent.n * strips * runs
  },
  bind: (step, room, names) => {
    const units = new WinogradUnits(step, room, names)
    return (unit) => units.run(unit)
  },
}
