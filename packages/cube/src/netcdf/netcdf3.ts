/** NetCDF-3 files, read by windows: the header, and of the cells only the bytes that a box covers. */
import { newArray } from '../dtype.ts'
import type { ByteSource } from '../geotiff/source.ts'
import { cellCount, stridesOf } from '../model/region.ts'
import { corrupt, corruptChunk, type NcFile, type NcValues, type NcVariable, rowPieces } from './file.ts'
import { type Header3, NeedMore, parseHeader3, type Variable3 } from './header3.ts'

const FIRST_WINDOW = 64 << 10

/** Opens a file whose first bytes are `CDF`, which is closed with what is opened. Throws InputError `CorruptFile`. */
export async function openNetcdf3(file: ByteSource): Promise<NcFile> {
  const { path } = file
  try {
    const header = await headerOf(file)
    const byName = new Map(header.variables.map((variable) => [variable.name, variable]))
    const variables = new Map(header.variables.map((variable) => [variable.name, describe(variable, header)]))
    return {
      path,
      kind: header.kind,
      attributes: header.attributes,
      variables,
      read: (name, start, shape) => read(file, header, byName.get(name)!, variables.get(name)!, start, shape),
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function headerOf(file: ByteSource): Promise<Header3> {
  const { path, size } = file
  for (let length = FIRST_WINDOW; ; length *= 4) {
    const bytes = await file.read(0, Math.min(size, length), 'the header')
    try {
      return parseHeader3(bytes, size, path)
    } catch (error) {
      if (!(error instanceof NeedMore)) throw error
      if (length >= size) throw corrupt(path, 'the file ends within its header', error)
    }
  }
}

function describe(variable: Variable3, { dims }: Header3): NcVariable {
  const { name, attributes, type } = variable
  const shape = variable.dims.map((d) => dims[d]!.length)
  const names = variable.dims.map((d) => dims[d]!.name)
  if (type.dtype === 'char') {
    // The last dimension of characters is the length of their texts.
    return { name, dims: names.slice(0, -1), shape: shape.slice(0, -1), dtype: 'string', attributes }
  }
  const chunks = variable.isRecord ? [1, ...rowPieces(shape.slice(1), type.bytes)] : rowPieces(shape, type.bytes)
  const storedBytes = cellCount(shape) * type.bytes
  return { name, dims: names, shape, dtype: type.dtype, attributes, chunks, storedBytes }
}

/** A run of cells: bytes of the file and where they go. */
interface Run {
  readonly from: number
  readonly bytes: number
  readonly to: number
}

async function read(
  file: ByteSource,
  header: Header3,
  variable: Variable3,
  described: NcVariable,
  start: readonly number[],
  shape: readonly number[],
): Promise<NcValues> {
  const { dtype, bytes } = variable.type
  const whole = variable.dims.map((d) => header.dims[d]!.length)
  const isText = dtype === 'char'
  const length = isText ? (whole.at(-1) ?? 1) : 0
  const from = isText && whole.length > 0 ? [...start, 0] : start
  const box = isText && whole.length > 0 ? [...shape, length] : shape
  const target = new Uint8Array(cellCount(box) * bytes)
  const runs = runsOf(variable, header, whole, from, box)
  const failed = await readRuns(file, runs, target)
  if (failed !== undefined)
    throw corruptChunk(file.path, variable.name, chunkAt(failed, bytes, box, start, described.chunks))
  if (isText) return textsOf(target, cellCount(shape), length)
  swap(target, bytes)
  if (dtype === 'int64') return new BigInt64Array(target.buffer)
  if (dtype === 'uint64') return new BigUint64Array(target.buffer)
  const out = newArray(dtype, 0).constructor as new (buffer: ArrayBuffer) => ReturnType<typeof newArray>
  return new out(target.buffer)
}

/** Contiguous runs of a box in file order. */
function runsOf(
  variable: Variable3,
  header: Header3,
  whole: readonly number[],
  start: readonly number[],
  shape: readonly number[],
): Run[] {
  const { bytes } = variable.type
  const strides = stridesOf(whole).map((cells) => cells * bytes)
  if (variable.isRecord) strides[0] = header.recordBytes
  // The dimensions from `split` on are covered whole, so that their cells lie in one row.
  let split = shape.length
  let run = bytes
  const least = variable.isRecord ? 1 : 0
  while (split > least && (split === shape.length || shape[split] === whole[split])) {
    split--
    run *= shape[split]!
  }
  const runs: Run[] = []
  const at = shape.map(() => 0)
  const count = cellCount(shape.slice(0, split))
  for (let i = 0; i < count && run > 0; i++) {
    const from = start.reduce((sum, first, d) => sum + (first + at[d]!) * strides[d]!, variable.begin)
    runs.push({ from, bytes: run, to: i * run })
    for (let d = split - 1; d >= 0 && ++at[d]! === shape[d]; d--) at[d] = 0
  }
  return runs
}

const MOST_AT_ONCE = 1 << 20

/** Reads runs, near ones together. Returns the byte of the target from which on the file has nothing. */
async function readRuns(
  file: ByteSource,
  runs: readonly Run[],
  target: Uint8Array<ArrayBuffer>,
): Promise<number | undefined> {
  for (let i = 0; i < runs.length; ) {
    const first = runs[i]!
    let last = i
    let wanted = first.bytes
    for (let j = i + 1; j < runs.length; j++) {
      const span = runs[j]!.from + runs[j]!.bytes - first.from
      wanted += runs[j]!.bytes
      if (span > MOST_AT_ONCE || span > 4 * wanted) break
      last = j
    }
    const end = runs[last]!
    const alone = last === i
    const span = end.from + end.bytes - first.from
    const buffer = alone ? target.subarray(first.to, first.to + first.bytes) : new Uint8Array(span)
    const got = await readFully(file, buffer, first.from)
    for (; i <= last; i++) {
      const { from, bytes, to } = runs[i]!
      const offset = from - first.from
      if (offset + bytes > got) return to + Math.max(0, got - offset)
      if (!alone) target.set(buffer.subarray(offset, offset + bytes), to)
    }
  }
  return undefined
}

/** As much as the file has. */
async function readFully(file: ByteSource, buffer: Uint8Array<ArrayBuffer>, position: number): Promise<number> {
  const count = Math.max(0, Math.min(buffer.length, file.size - position))
  if (count === 0) return 0
  const bytes = await file.read(position, count, 'cells', buffer)
  if (bytes.buffer !== buffer.buffer) buffer.set(bytes)
  return count
}

/** The chunk of the cell that lies at a byte of a box. */
function chunkAt(
  byte: number,
  bytes: number,
  box: readonly number[],
  start: readonly number[],
  chunks: readonly number[] = [],
): number[] {
  const strides = stridesOf(box)
  const cell = Math.floor(byte / bytes)
  return chunks.map((size, d) => Math.floor((start[d]! + (Math.floor(cell / strides[d]!) % box[d]!)) / size))
}

function swap(bytes: Uint8Array<ArrayBuffer>, size: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (size === 2) buffer.swap16()
  else if (size === 4) buffer.swap32()
  else if (size === 8) buffer.swap64()
}

function textsOf(bytes: Uint8Array, count: number, length: number): string[] {
  const decoder = new TextDecoder()
  return Array.from({ length: count }, (_, i) =>
    decoder.decode(bytes.subarray(i * length, (i + 1) * length)).replace(/[\0 ]+$/, ''),
  )
}
