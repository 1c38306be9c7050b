/** One of the two threads of raster-ours.ts: reads, warps or encodes a part, and hands the bytes over. */
import { parentPort } from 'node:worker_threads'
import { parseCrs } from '../../packages/cube/src/crs/crs.ts'
import { DTYPES, newArray, type TypedArray } from '../../packages/cube/src/dtype.ts'
import type { SinkEncoder, SinkHandle } from '../../packages/cube/src/execute/sink.ts'
import { geotiffSource } from '../../packages/cube/src/geotiff/array-source.ts'
import { geotiffSink } from '../../packages/cube/src/geotiff/sink.ts'
import { sliceBox } from '../../packages/cube/src/model/copy.ts'
import { type SourceNode, shapeOf } from '../../packages/cube/src/model/node.ts'
import { type Region, stridesOf } from '../../packages/cube/src/model/region.ts'
import type { DType } from '../../packages/cube/src/types.ts'
import { warpNode } from '../../packages/cube/src/warp/warp-node.ts'

export interface RasterTask {
  readonly kind: 'read' | 'warp' | 'encode'
  readonly path?: string
  /** Which part of the rows. */
  readonly half?: number
  readonly handle?: SinkHandle
  readonly shared?: SharedArrayBuffer
  readonly dtype?: DType
  readonly shape?: readonly number[]
  readonly region?: Region
}

export interface RasterAnswer {
  readonly data?: ArrayBuffer
  readonly sum?: number
  readonly region?: Region
  readonly encoded?: unknown
}

let kept: TypedArray | undefined

/** A whole file by columns of tiles, blocks as the planner asks for them, to memory that is kept for the next file. */
async function read({ path }: RasterTask): Promise<RasterAnswer> {
  const source = await geotiffSource(path!)
  const [bands, height, width] = shapeOf(source.schema) as [number, number, number]
  kept ??= newArray(source.schema.packing.dtype, bands * height * width)
  let sum = 0
  for (let x = 0; x < width; x += source.chunks[2]!) {
    const across = Math.min(source.chunks[2]!, width - x)
    const shape = [bands, height, across]
    const part = kept.subarray(x * bands * height, (x + across) * bands * height)
    const place = { buffer: kept.buffer, byteOffset: part.byteOffset, strides: stridesOf(shape), length: part.length }
    await source.readTo!({ start: [0, 0, x], shape }, place)
    for (let b = 0; b < bands; b++)
      sum += sumOf(part.subarray((b * height + 1000) * across, (b * height + 1001) * across))
  }
  await source.close()
  return { sum }
}

function sumOf(data: TypedArray): number {
  let sum = 0
  for (const value of data) sum += value
  return sum
}

/** Rows of the scene in the next UTM zone: 2048 x 2048 pixels of 10 m, as the peer has it. */
async function warp({ path, half }: RasterTask): Promise<RasterAnswer> {
  const source = await geotiffSource(path!)
  const input: SourceNode = { kind: 'source', schema: source.schema, label: 'scene', inputs: [], source }
  const size = source.schema.grid!.width
  const grid = {
    crs: parseCrs('EPSG:32633'),
    affine: [10, 0, 143500, 0, -10, 5210000],
    width: size,
    height: size,
  } as const
  const node = warpNode(input, grid, { resampling: 'bilinear' })
  if (node.kind !== 'blocks') throw new Error('nothing to warp')
  const region = { start: [0, (half! * size) / 4, 0], shape: [6, size / 4, size] }
  const [needed] = node.needs(region)
  const block = needed === undefined ? undefined : { region: needed, data: await source.read(needed) }
  const { data } = await node.compute(region, [block], {})
  await source.close()
  return { data: data.buffer }
}

let encoder: SinkEncoder | undefined
async function encode({ handle, shared, dtype, shape, region }: RasterTask): Promise<RasterAnswer> {
  encoder ??= await geotiffSink.encoder(handle!)
  const all = DTYPES[dtype!].view(shared as unknown as ArrayBuffer)
  const block = { region: region!, data: sliceBox(all, shape!, region!) }
  return { region: region!, encoded: await encoder.encode(region!, block, {}) }
}

const KINDS = { read, warp, encode }
parentPort!.on('message', (task: RasterTask) => {
  void KINDS[task.kind](task).then((answer) => {
    parentPort!.postMessage(answer, answer.data === undefined ? [] : [answer.data])
  })
})
