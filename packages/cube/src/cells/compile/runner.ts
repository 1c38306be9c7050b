/** Runs compiled programs: tile by tile through one small memory that is kept from task to task. */
import { EnvironmentError } from '@ecotope/core'
import { DTYPES, type TypedArray } from '../../dtype.ts'
import type { Place } from '../../model/array-source.ts'
import type { Block } from '../../model/block.ts'
import { blockArray } from '../../model/garbage.ts'
import type { CubeSchema } from '../../model/node.ts'
import { cellCount, type Region, stridesOf } from '../../model/region.ts'
import { type Access, regionsOf } from '../needs.ts'
import { copyIn, copyOut, layoutOf, planesApart } from './copy.ts'
import { SCALARS } from './emissions.ts'
import { type Parameter, parameterOf, type Running, type Spread } from './parameters.ts'
import type { Program } from './program.ts'
import { tileShape, tilesOf } from './tiles.ts'
import { Warmer } from './warm.ts'

const PAGE_BYTES = 65536
const ALIGNMENT = 64
/** Vectors may be read this far beyond a box, at least. */
const SLACK_BYTES = 128
const REMEMBERED_SHAPES = 100
/** Memory of kernels never shrinks. */
const MOST_PLACED_BYTES = 2 ** 30

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT

/** One input's box of the current tile in memory. */
interface Loaded extends Spread {
  readonly key: string
}

/** Whole blocks of inputs in a kernel's memory, which others have to fill. */
export interface Placed {
  readonly places: readonly (Place | undefined)[]
  readonly loaded: readonly (Loaded | undefined)[]
  readonly end: number
}

export class ProgramRunner {
  readonly #program: Program
  readonly #inputs: readonly CubeSchema[]
  readonly #schema: CubeSchema
  readonly #accesses: readonly Access[]
  readonly #parameters: readonly Parameter[]
  readonly #memory: WebAssembly.Memory
  readonly #exports: { run(): void }
  #views = new Map<string, TypedArray>()
  readonly #tiles = new Map<string, readonly number[]>()
  readonly #warmer: Warmer

  constructor(
    program: Program,
    module: WebAssembly.Module,
    inputs: readonly CubeSchema[],
    output: CubeSchema,
    accesses: readonly Access[],
  ) {
    this.#program = program
    this.#inputs = inputs
    this.#schema = output
    this.#parameters = program.parameters.map(parameterOf)
    this.#accesses = accesses
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(program.staticBytes / PAGE_BYTES) + 1 })
    this.#warmer = new Warmer(this.#memory)
    const scalars = Object.fromEntries(program.scalars.map((name) => [name, SCALARS[name]]))
    const { exports } = new WebAssembly.Instance(module, { m: { memory: this.#memory, ...scalars } })
    this.#exports = exports as { run(): void }
    for (const { address, bytes } of program.data) new Uint8Array(this.#memory.buffer).set(bytes, address)
  }

  /** Bytes of the kernel's memory. */
  scratchBytes(region: Region): number {
    const tile = this.#tile(region)
    const first = { start: region.start, shape: tile }
    const boxes = regionsOf(this.#accesses, this.#inputs.length, first)
    const inputs = boxes.reduce((sum, box, i) => sum + (box ? cellCount(box.shape) * this.#bytes(i) * 1.25 : 0), 0)
    const output = cellCount(tile) * DTYPES[this.#schema.packing.dtype].bytes * 1.25
    return Math.max(this.#memory.buffer.byteLength, Math.ceil(this.#program.staticBytes + inputs + output) + PAGE_BYTES)
  }

  /** Room for whole blocks in the kernel's memory, for the next run only; undefined where they are too large. */
  place(regions: readonly (Region | undefined)[]): Placed | undefined {
    let end = align(this.#program.staticBytes)
    const loaded = regions.map((region, input): Loaded | undefined => {
      if (region === undefined) return undefined
      const { strides, length } = planesApart(region.shape, this.#bytes(input))
      const cellBytes = this.#bytes(input)
      const spread = { key: `placed ${end}`, address: end, strides, length, cellBytes, start: region.start }
      end = align(end + length * cellBytes + this.#slack(input, spread))
      return spread
    })
    if (end > MOST_PLACED_BYTES) return undefined
    this.#grow(end)
    const { buffer } = this.#memory
    const places = loaded.map((each): Place | undefined => {
      if (each === undefined) return undefined
      const { address, strides, length } = each
      return { buffer: buffer as ArrayBuffer, byteOffset: address, strides, length }
    })
    return { places, loaded, end }
  }

  run(region: Region, blocks: readonly (Block | undefined)[], placed?: Placed): Block {
    const { dtype } = this.#schema.packing
    const data = blockArray(dtype, cellCount(region.shape))
    if (data.length === 0) return { region, data }
    const strides = stridesOf(region.shape)
    let loaded: readonly (Loaded | undefined)[] = []
    for (const tile of tilesOf(region, this.#tile(region))) {
      loaded = this.#load(tile, blocks, loaded, placed)
      const output = this.#output(tile, loaded)
      if (loaded === placed?.loaded) this.#warmer.warm(regionsOf(this.#accesses, this.#inputs.length, tile), loaded)
      this.#setParameters({ tile, output, inputs: loaded })
      this.#exports.run()
      const to = tile.start.reduce((sum, start, d) => sum + (start - region.start[d]!) * strides[d]!, 0)
      const from = output.address / data.BYTES_PER_ELEMENT
      copyOut(this.#view(dtype), from, output.strides, tile.shape, data, to, strides)
    }
    return { region, data }
  }

  /** Tiles of regions of one shape; where a region starts hardly matters to what its tiles need. */
  #tile(region: Region): readonly number[] {
    const key = region.shape.join()
    const known = this.#tiles.get(key)
    if (known !== undefined) return known
    const { vector, group } = this.#program
    const shape = tileShape(region, vector, group, this.#accesses, this.#inputs, this.#schema)
    if (this.#tiles.size > REMEMBERED_SHAPES) this.#tiles.clear()
    this.#tiles.set(key, shape)
    return shape
  }

  #bytes(input: number): number {
    return DTYPES[this.#inputs[input]!.packing.dtype].bytes
  }

  /** Bytes beyond a box that vectors may read. */
  #slack(input: number, { strides }: Pick<Spread, 'strides'>): number {
    return SLACK_BYTES + Math.max(0, ...strides) * this.#program.group * this.#bytes(input)
  }

  #view(dtype: CubeSchema['packing']['dtype']): TypedArray {
    const known = this.#views.get(dtype)
    if (known !== undefined && known.buffer === this.#memory.buffer) return known
    const view = DTYPES[dtype].view(this.#memory.buffer as ArrayBuffer)
    this.#views.set(dtype, view)
    return view
  }

  #grow(bytes: number): void {
    const missing = bytes - this.#memory.buffer.byteLength
    if (missing <= 0) return
    try {
      this.#memory.grow(Math.ceil(missing / PAGE_BYTES))
    } catch (cause) {
      throw new EnvironmentError('KernelMemory', `one cell of the result needs ${bytes} bytes of input at once`, {
        hint: 'Reduce one dimension after the other, or cut the cube into parts: a kernel has 4 GB at most.',
        data: { bytes },
        cause,
      })
    }
  }

  /** Copies the boxes of the inputs that a tile needs, unless they lie there already. */
  #load(
    tile: Region,
    blocks: readonly (Block | undefined)[],
    before: readonly (Loaded | undefined)[],
    placed: Placed | undefined,
  ): readonly (Loaded | undefined)[] {
    if (placed !== undefined && blocks.every((block) => block === undefined)) return placed.loaded
    const boxes = regionsOf(this.#accesses, this.#inputs.length, tile)
    const layouts = boxes.map((box, input) => {
      const block = blocks[input]
      return box && block && layoutOf(box.shape, block.region.shape, this.#bytes(input))
    })
    let end = placed?.end ?? align(this.#program.staticBytes)
    const loaded = layouts.map((layout, input): Loaded | undefined => {
      const [box, cellBytes] = [boxes[input], this.#bytes(input)]
      if (box === undefined) return undefined
      if (layout === undefined) return placed?.loaded[input]
      const { strides, length } = layout
      const key = `${end}|${box.start.join()}|${box.shape.join()}`
      const spread = { key, address: end, strides, length, cellBytes, start: box.start }
      end = align(end + length * cellBytes + this.#slack(input, spread))
      return spread
    })
    this.#grow(end)
    for (const [input, layout] of layouts.entries()) {
      const each = loaded[input]
      if (layout === undefined || each === undefined || before[input]?.key === each.key) continue
      const { region, data } = blocks[input]!
      const strides = stridesOf(region.shape)
      const from = each.start.reduce((sum, start, d) => sum + (start - region.start[d]!) * strides[d]!, 0)
      const view = this.#view(this.#inputs[input]!.packing.dtype)
      copyIn(data, from, strides, boxes[input]!.shape, layout, view, each.address / data.BYTES_PER_ELEMENT)
    }
    return loaded
  }

  /** Where the result of a tile lies: row-major, the vector dimension padded to whole groups. */
  #output(tile: Region, loaded: readonly (Loaded | undefined)[]): Spread {
    const { vector, group, staticBytes } = this.#program
    const padded = tile.shape.map((length, d) => (d === vector ? Math.ceil(length / group) * group : length))
    let end = staticBytes
    for (const [input, each] of loaded.entries()) {
      if (each !== undefined)
        end = Math.max(end, each.address + each.length * each.cellBytes + this.#slack(input, each))
    }
    const cellBytes = DTYPES[this.#schema.packing.dtype].bytes
    const [address, length] = [align(end), cellCount(padded)]
    this.#grow(address + length * cellBytes + SLACK_BYTES)
    return { address, strides: stridesOf(padded), length, cellBytes, start: tile.start }
  }

  #setParameters(run: Running): void {
    const view = this.#view('int32')
    for (let i = 0; i < this.#parameters.length; i++) view[i] = this.#parameters[i]!(run)
  }
}
