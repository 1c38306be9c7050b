/** Where HDF5 finds chunks and texts: the B-tree of a chunked dataset (version 1), the global heap. */
import { Bytes, UNDEFINED } from './hdf5-bytes.ts'

/** A stored chunk: first cell along each dimension, address and bytes in the file. */
export interface StoredChunk {
  readonly start: readonly number[]
  readonly address: number
  readonly bytes: number
}

/** Children of a full node; half of it is the library's default for chunks. */
const CHILDREN = 64

interface Node {
  readonly key: Buffer
  readonly address: number
}

/** Serialises the tree of chunks (at least one) from address `at` on. Returns its bytes and the address of its root. */
export function chunkTree(
  chunks: readonly StoredChunk[],
  sizes: readonly number[],
  at: number,
): { bytes: Buffer; root: number } {
  const sorted = [...chunks].sort((a, b) => order(a.start, b.start))
  const key = (bytes: number, start: readonly number[]): Buffer => {
    const out = new Bytes().u32(bytes).u32(0)
    for (const cell of start) out.u64(cell)
    return out.u64(0).done()
  }
  const last = sorted.at(-1)!
  const end = key(
    0,
    last.start.map((cell, d) => cell + sizes[d]!),
  )
  const nodeBytes = 24 + CHILDREN * 8 + (CHILDREN + 1) * end.length
  const out = new Bytes()
  let level = 0
  let nodes: Node[] = sorted.map(({ start, address, bytes }) => ({ key: key(bytes, start), address }))
  for (;;) {
    const parents: Node[] = []
    const count = Math.ceil(nodes.length / CHILDREN)
    const first = at + out.length
    for (let n = 0; n < count; n++) {
      const own = nodes.slice(n * CHILDREN, (n + 1) * CHILDREN)
      const left = n === 0 ? UNDEFINED : BigInt(first + (n - 1) * nodeBytes)
      const right = n === count - 1 ? UNDEFINED : BigInt(first + (n + 1) * nodeBytes)
      const begin = out.length
      out.text('TREE').u8(1, level).u16(own.length).u64(left).u64(right)
      for (const child of own) out.raw(child.key).u64(child.address)
      out.raw(nodes[(n + 1) * CHILDREN]?.key ?? end)
      out.zeros(begin + nodeBytes - out.length)
      parents.push({ key: own[0]!.key, address: at + begin })
    }
    if (count === 1) return { bytes: out.done(), root: first }
    nodes = parents
    level++
  }
}

function order(a: readonly number[], b: readonly number[]): number {
  const d = a.findIndex((value, i) => value !== b[i])
  return d < 0 ? 0 : a[d]! - b[d]!
}

/** Objects of a collection have 16-bit numbers. */
const MOST_OBJECTS = 60000

/** Collections of the global heap, for lists and texts that are stored elsewhere. */
export class GlobalHeap {
  #objects: Uint8Array[] = []

  /** How many bytes `add` needs in the place of the object: length, collection, number. */
  static readonly place = 16

  /** Files an object. What is returned becomes a place once the address of the heap is known. */
  add(bytes: Uint8Array, count: number): (heapAddress: number) => Buffer {
    const index = this.#objects.push(bytes) - 1
    return (heapAddress) => {
      const collection = Math.floor(index / MOST_OBJECTS)
      const address = heapAddress + this.#collectionBytes(0, collection)
      return new Bytes()
        .u32(count)
        .u64(address)
        .u32((index % MOST_OBJECTS) + 1)
        .done()
    }
  }

  get length(): number {
    return this.#collectionBytes(0, Math.ceil(this.#objects.length / MOST_OBJECTS))
  }

  #sizeOf(collection: number): number {
    const own = this.#objects.slice(collection * MOST_OBJECTS, (collection + 1) * MOST_OBJECTS)
    const used = own.reduce((sum, bytes) => sum + 16 + Math.ceil(bytes.length / 8) * 8, 16)
    return Math.max(4096, used + 16)
  }

  #collectionBytes(from: number, to: number): number {
    let sum = 0
    for (let collection = from; collection < to; collection++) sum += this.#sizeOf(collection)
    return sum
  }

  done(): Buffer {
    const out = new Bytes()
    const count = Math.ceil(this.#objects.length / MOST_OBJECTS)
    for (let collection = 0; collection < count; collection++) {
      const begin = out.length
      const size = this.#sizeOf(collection)
      out.text('GCOL').u8(1, 0, 0, 0).u64(size)
      const own = this.#objects.slice(collection * MOST_OBJECTS, (collection + 1) * MOST_OBJECTS)
      own.forEach((bytes, i) => {
        const padding = Math.ceil(bytes.length / 8) * 8 - bytes.length
        out
          .u16(i + 1)
          .u16(1)
          .u32(0)
          .u64(bytes.length)
          .raw(bytes)
          .zeros(padding)
      })
      // Object 0 is the free space, its own header included.
      const free = begin + size - out.length
      out
        .u16(0)
        .u16(0)
        .u32(0)
        .u64(free)
        .zeros(free - 16)
    }
    return out.done()
  }
}
