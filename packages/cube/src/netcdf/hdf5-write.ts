/**
 * Writes NetCDF-4 files as HDF5: chunks are appended in any order as they come, everything else at the end, the
 * superblock last. In memory are only the places of the chunks. Version 2 of the superblock, version 2 object headers.
 */
import type { FileHandle } from 'node:fs/promises'
import type { Attributes } from '../cf/attributes.ts'
import type { CfDataset, CfOut } from '../cf/encode.ts'
import { DTYPES } from '../dtype.ts'
import { writeFully } from '../geotiff/spool.ts'
import { cellCount } from '../model/region.ts'
import type { DType } from '../types.ts'
import {
  anyText,
  attribute,
  Bytes,
  checksum,
  dataspace,
  fixedText,
  MESSAGE,
  type Message,
  numberType,
  objectHeader,
  references,
  UNDEFINED,
} from './hdf5-bytes.ts'
import { chunkTree, GlobalHeap, type StoredChunk } from './hdf5-tree.ts'

const SUPERBLOCK = 48

export interface Hdf5Layout {
  /** Cells of a chunk of the data variables, and whether they are shuffled and deflated. */
  readonly chunks: readonly number[]
  readonly level: number
  readonly shuffle: boolean
}

/** A list in the heap that holds the address of one dimension scale. */
interface ScaleList {
  readonly address: Buffer
  readonly place: (heapAddress: number) => Buffer
}

function placesOf({ values }: CfOut, heap: GlobalHeap): ((heapAddress: number) => Buffer)[] {
  return (values as readonly string[]).map((text) => {
    const bytes = Buffer.from(`${text}\0`, 'utf8')
    return heap.add(bytes, bytes.length)
  })
}

/** Appends chunks of data variables, then completes the file. */
export class Hdf5Writer {
  readonly #file: FileHandle
  readonly #dataset: CfDataset
  readonly #layout: Hdf5Layout
  readonly #stored: StoredChunk[][]
  #end = SUPERBLOCK

  constructor(file: FileHandle, dataset: CfDataset, layout: Hdf5Layout) {
    this.#file = file
    this.#dataset = dataset
    this.#layout = layout
    this.#stored = dataset.data.map(() => [])
  }

  /** Files an encoded chunk of a data variable (by index); `start` is its first cell. */
  async chunk(variable: number, start: readonly number[], bytes: Uint8Array): Promise<void> {
    const address = this.#end
    this.#end += bytes.length
    await writeFully(this.#file, bytes, address)
    this.#stored[variable]!.push({ start, address, bytes: bytes.length })
  }

  async #append(bytes: Uint8Array): Promise<number> {
    const address = Math.ceil(this.#end / 8) * 8
    await writeFully(this.#file, bytes, address)
    this.#end = address + bytes.length
    return address
  }

  /** Writes coordinates, trees, headers and the superblock. */
  async finish(): Promise<void> {
    const { coordinates, data, dims } = this.#dataset
    const heap = new GlobalHeap()
    const texts = coordinates
      .filter(({ dtype }) => dtype === 'string')
      .map((variable) => ({ variable, places: placesOf(variable, heap) }))
    // What refers to a dimension scale is a list of one address in the heap, which is known once its header is written.
    const scales = new Map(
      dims.map(({ name }): [string, ScaleList] => {
        const address = Buffer.alloc(8)
        return [name, { address, place: heap.add(address, 1) }]
      }),
    )
    const layouts = new Map<CfOut, Buffer>()
    for (const [i, variable] of data.entries()) layouts.set(variable, await this.#chunkedLayout(i))
    const heapAddress = Math.ceil(this.#end / 8) * 8
    this.#end = heapAddress + heap.length
    for (const { variable, places } of texts) {
      layouts.set(variable, await this.#contiguous(Buffer.concat(places.map((place) => place(heapAddress)))))
    }
    const headers = await this.#headers(layouts, scales, heapAddress)
    const own = heap.done()
    await writeFully(this.#file, own, heapAddress)
    await this.#superblock(await this.#append(rootGroup(headers, this.#dataset.attributes)))
  }

  /** Addresses of the headers by name. Dimension scales come first: the others refer to them. */
  async #headers(
    layouts: ReadonlyMap<CfOut, Buffer>,
    lists: ReadonlyMap<string, ScaleList>,
    heapAddress: number,
  ): Promise<Map<string, number>> {
    const scales = this.#scales()
    const { coordinates, data } = this.#dataset
    const others = [...coordinates, ...data].filter((variable) => !scales.includes(variable))
    const place = (dim: string): Buffer => lists.get(dim)!.place(heapAddress)
    const headers = new Map<string, number>()
    for (const [i, variable] of [...scales, ...others].entries()) {
      const layout = layouts.get(variable) ?? (await this.#contiguous(valueBytes(variable)))
      const scale = i < scales.length ? i : undefined
      const address = await this.#append(objectHeader(this.#messages(variable, layout, scale, place)))
      headers.set(variable.name, address)
      if (scale !== undefined) lists.get(variable.name)!.address.writeBigUInt64LE(BigInt(address))
    }
    return headers
  }

  /** One variable for every dimension: its coordinate, else a place holder as NetCDF-4 has it. */
  #scales(): CfOut[] {
    return this.#dataset.dims.map(
      ({ name, length }) =>
        this.#dataset.coordinates.find((variable) => variable.name === name && variable.dims.length === 1) ?? {
          name,
          dims: [name],
          shape: [length],
          dtype: 'float32',
          attributes: {},
        },
    )
  }

  async #chunkedLayout(index: number): Promise<Buffer> {
    const { chunks } = this.#layout
    const stored = this.#stored[index]!
    const variable = this.#dataset.data[index]!
    let root = UNDEFINED
    if (stored.length > 0) {
      const at = Math.ceil(this.#end / 8) * 8
      const tree = chunkTree(stored, chunks, at)
      await this.#append(tree.bytes)
      root = BigInt(tree.root)
    }
    const out = new Bytes().u8(3, 2, chunks.length + 1).u64(root)
    for (const size of chunks) out.u32(size)
    return out.u32(DTYPES[variable.dtype as DType].bytes).done()
  }

  async #contiguous(bytes: Uint8Array | undefined): Promise<Buffer> {
    const address = bytes === undefined || bytes.length === 0 ? UNDEFINED : BigInt(await this.#append(bytes))
    return new Bytes()
      .u8(3, 1)
      .u64(address)
      .u64(bytes?.length ?? 0)
      .done()
  }

  #messages(variable: CfOut, layout: Buffer, scale: number | undefined, place: (dim: string) => Buffer): Message[] {
    const { dtype, attributes, shape, dims } = variable
    const isData = this.#dataset.data.includes(variable)
    const messages: Message[] = [
      { type: MESSAGE.dataspace, body: dataspace(shape) },
      { type: MESSAGE.datatype, body: dtype === 'string' ? anyText() : numberType(dtype) },
      { type: MESSAGE.fill, body: fillValue(attributes._FillValue, dtype, isData) },
      { type: MESSAGE.layout, body: layout },
    ]
    if (isData && (this.#layout.level > 0 || this.#layout.shuffle)) messages.push(this.#filters(variable))
    if (scale !== undefined) {
      const isAlone = variable.values === undefined
      const label = isAlone ? `This is a netCDF dimension but not a netCDF variable.${pad10(shape[0]!)}` : variable.name
      messages.push(textAttribute('CLASS', 'DIMENSION_SCALE'), textAttribute('NAME', label))
      messages.push(
        attribute('_Netcdf4Dimid', numberType('int32'), dataspace([]), Buffer.from(Int32Array.of(scale).buffer)),
      )
    } else if (dims.length > 0) {
      const value = Buffer.concat(dims.map(place))
      messages.push(attribute('DIMENSION_LIST', references(), dataspace([dims.length]), value))
    }
    for (const [name, value] of Object.entries(attributes)) messages.push(attributeOf(name, value, dtype))
    return messages
  }

  #filters(variable: CfOut): Message {
    const { level, shuffle } = this.#layout
    const out = new Bytes().u8(2, (shuffle ? 1 : 0) + (level > 0 ? 1 : 0))
    if (shuffle)
      out
        .u16(2)
        .u16(1)
        .u16(1)
        .u32(DTYPES[variable.dtype as DType].bytes)
    if (level > 0) out.u16(1).u16(1).u16(1).u32(level)
    return { type: MESSAGE.filters, body: out.done() }
  }

  async #superblock(root: number): Promise<void> {
    const out = new Bytes().raw(Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)).u8(2, 8, 8, 0)
    out.u64(0).u64(UNDEFINED).u64(this.#end).u64(root)
    const bytes = out.u32(checksum(out.done())).done()
    await writeFully(this.#file, bytes, 0)
  }
}

const pad10 = (value: number): string => String(value).padStart(10)

/** Links know their place: bands keep their order, where readers else sort names ("B1", "B10", "B2"). */
function rootGroup(headers: ReadonlyMap<string, number>, attributes: Attributes): Buffer {
  const info = new Bytes().u8(0, 3).u64(headers.size).u64(UNDEFINED).u64(UNDEFINED).u64(UNDEFINED).done()
  const messages: Message[] = [
    { type: MESSAGE.linkInfo, body: info },
    { type: MESSAGE.groupInfo, body: Uint8Array.of(0, 0) },
  ]
  for (const [place, [name, address]] of [...headers].entries()) {
    const label = Buffer.from(name, 'utf8')
    const body = new Bytes().u8(1, 0x15).u64(place).u8(1).u16(label.length).raw(label).u64(address).done()
    messages.push({ type: MESSAGE.link, body })
  }
  for (const [name, value] of Object.entries(attributes)) messages.push(attributeOf(name, value, 'float64'))
  return objectHeader(messages)
}

/** Written late, when set; the value of cells that no chunk holds. */
function fillValue(value: unknown, dtype: CfOut['dtype'], isData: boolean): Buffer {
  const when = isData ? 3 : 2
  if (typeof value !== 'number' || dtype === 'string') return new Bytes().u8(3, when | (2 << 2)).done()
  const bytes = numbers(dtype, [value])
  return new Bytes()
    .u8(3, when | (2 << 2) | 0x20)
    .u32(bytes.length)
    .raw(bytes)
    .done()
}

function numbers(dtype: DType, values: ArrayLike<number>): Buffer {
  const array = DTYPES[dtype].view(new ArrayBuffer(values.length * DTYPES[dtype].bytes))
  array.set(values)
  return Buffer.from(array.buffer)
}

function textAttribute(name: string, text: string): Message {
  const value = Buffer.from(`${text}\0`, 'utf8')
  return attribute(name, fixedText(value.length), dataspace([]), value)
}

/** Attributes that have the type of the cells, as CF asks. */
const OF_CELLS = new Set(['_FillValue', 'missing_value', 'flag_values', 'valid_range', 'valid_min', 'valid_max'])

function attributeOf(name: string, value: unknown, dtype: CfOut['dtype']): Message {
  if (typeof value === 'string') return textAttribute(name, value)
  const list = typeof value === 'number' ? [value] : (value as ArrayLike<number>)
  const type: DType = OF_CELLS.has(name) && dtype !== 'string' ? dtype : 'float64'
  return attribute(name, numberType(type), dataspace([list.length]), numbers(type, list))
}

function valueBytes({ values, shape, dtype }: CfOut): Buffer | undefined {
  if (values === undefined) return undefined
  if (dtype === 'string') return undefined
  return numbers(dtype, (values as Float64Array).subarray(0, cellCount(shape)))
}
