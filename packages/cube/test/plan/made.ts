/**
 * A made-up cube and a simple resumable sink as modules, so that worker threads and child processes can open them. The
 * sink keeps one file for each region beside the output until it is finished.
 */
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { InputError } from '@ecotope/core'
import type { Cell, Reducer } from '../../src/cells/cell.ts'
import { newArray, type TypedArray } from '../../src/dtype.ts'
import type { SinkEncoder, SinkFormat, SinkJob, SinkOptions } from '../../src/execute/sink.ts'
import type { ArraySource } from '../../src/model/array-source.ts'
import { type Block, FLOAT64, type Packing } from '../../src/model/block.ts'
import { copyBox } from '../../src/model/copy.ts'
import { type CubeNode, type CubeSchema, type SourceNode, shapeOf } from '../../src/model/node.ts'
import { alignRegion, cellCount, type Region, regionText, splitRegion } from '../../src/model/region.ts'
import type { OpenedCube } from '../../src/plan/graph-cube.ts'
import { schemaOf } from './fakes.ts'

export interface MadeContext {
  readonly sides: Readonly<Record<string, number>>
  readonly chunks: readonly number[]
  /** Reduces over t; without, the source itself. */
  readonly reducer?: Reducer
  readonly sleep?: number
  /** Regions of chunks, as text, that cannot be read. */
  readonly broken?: readonly string[]
  /** A line for each chunk that is decoded. */
  readonly log?: string
  /** A line for each thread that opens the cube: its number. */
  readonly openings?: string
}

const UINT16: Packing = { dtype: 'uint16', nodata: 65535, scale: 1, offset: 0 }

/** The number in a cell, by its index in the array. */
export const made = (i: number): number => (i * 7919) % 10007

function madeSource(context: MadeContext): SourceNode {
  const schema = schemaOf(context.sides, UINT16)
  const shape = shapeOf(schema)
  const source: ArraySource = {
    schema,
    chunks: context.chunks,
    handle: { format: 'made', path: 'made' },
    read: async (region) => {
      if (context.sleep !== undefined) await new Promise((resolve) => setTimeout(resolve, context.sleep))
      for (const part of splitRegion(region, context.chunks)) {
        const text = regionText(alignRegion(part, context.chunks, shape))
        if (context.broken?.includes(text)) {
          const chunk = part.start.map((start, d) => Math.floor(start / context.chunks[d]!))
          throw new InputError('CorruptChunk', `made: chunk ${chunk.join('.')}`, { data: { path: 'made', chunk } })
        }
        if (context.log !== undefined) await appendFile(context.log, `${text}\n`)
      }
      return cellsOf(region, shape)
    },
    close: () => Promise.resolve(),
  }
  return { kind: 'source', schema, label: 'made', inputs: [], source }
}

function cellsOf({ start, shape: size }: Region, shape: readonly number[]): TypedArray {
  const out = new Uint16Array(cellCount(size))
  const at = [...start]
  for (let i = 0; i < out.length; i++) {
    out[i] = made(at.reduce((sum, index, d) => sum * shape[d]! + index, 0))
    for (let d = at.length - 1; d >= 0; d--) {
      if (++at[d]! < start[d]! + size[d]!) break
      at[d] = start[d]!
    }
  }
  return out
}

export function madeCube(context: MadeContext): CubeNode {
  const input = madeSource(context)
  if (context.reducer === undefined) return input
  const { t, ...rest } = context.sides
  const cell: Cell = { kind: 'reduce', reducer: context.reducer, dim: 't', length: t!, of: { kind: 'input', input: 0 } }
  return { kind: 'cells', label: context.reducer, inputs: [input], cell, schema: schemaOf(rest, FLOAT64) }
}

export async function openCube(context: MadeContext): Promise<OpenedCube> {
  if (context.openings !== undefined) await appendFile(context.openings, `${threadId}\n`)
  return { node: madeCube(context), close: () => Promise.resolve() }
}

export const originOf = (context: MadeContext) => ({ module: import.meta.url, context })

const fileOf = (folder: string, region: Region) => join(folder, regionText(region).replaceAll(/[:,]/g, '_'))

async function create(path: string, schema: CubeSchema, options: SinkOptions): Promise<SinkJob> {
  const folder = `${path}.partial-${options.job.slice(0, 8)}`
  await mkdir(folder, { recursive: true })
  const chunks = (options.options.chunks ?? shapeOf(schema)) as number[]
  const bytes = schema.packing.dtype === 'float64' ? 8 : 2
  return {
    handle: { format: 'test', path: folder },
    chunks,
    order: options.options.order === 'row-major' ? 'row-major' : 'any',
    encodeBytes: (region) => bytes * cellCount(region.shape),
    isDone: (region) => existsSync(fileOf(folder, region)),
    write: async (region, encoded) => {
      const file = fileOf(folder, region)
      await writeFile(`${file}.new`, (encoded as { data: Uint8Array }).data)
      await rename(`${file}.new`, file)
      await appendFile(`${path}.order`, `${regionText(region)}\n`)
    },
    finish: async () => {
      await writeFile(`${path}.new`, await assembled(folder, schema))
      await rename(`${path}.new`, path)
      await rm(folder, { recursive: true })
    },
    abandon: async (keep) => {
      if (!keep) await rm(folder, { recursive: true, force: true })
    },
  }
}

async function assembled(folder: string, schema: CubeSchema): Promise<Uint8Array> {
  const shape = shapeOf(schema)
  const all = newArray(schema.packing.dtype, cellCount(shape))
  for (const name of await readdir(folder)) {
    if (name.endsWith('.new')) continue
    const numbers = name.split('_').map(Number)
    const start = shape.map((_, d) => numbers[2 * d]!)
    const size = shape.map((_, d) => numbers[2 * d + 1]! - start[d]!)
    const bytes = Uint8Array.from(await readFile(join(folder, name)))
    const part = new (all.constructor as new (buffer: ArrayBuffer) => TypedArray)(bytes.buffer)
    const zero = start.map(() => 0)
    copyBox(part, size, zero, all, shape, start, size)
  }
  return new Uint8Array(all.buffer)
}

function encoder(): Promise<SinkEncoder> {
  return Promise.resolve({
    encode: (_region: Region, { data }: Block) =>
      Promise.resolve({ data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }),
    close: () => Promise.resolve(),
  })
}

export const testSink: SinkFormat = { format: 'test', extensions: ['.test'], create, encoder }
export const sinks: readonly SinkFormat[] = [testSink]
export const sinkModule = import.meta.url
