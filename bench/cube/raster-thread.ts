/** One of the two threads of raster-ours.ts: reads, warps or encodes a part, and hands the bytes over. */
import { parentPort } from 'node:worker_threads'
import { parseCrs } from '../../packages/cube/src/crs/crs.ts'
import type { SinkEncoder, SinkHandle } from '../../packages/cube/src/execute/sink.ts'
import { geotiffSource } from '../../packages/cube/src/geotiff/array-source.ts'
import { geotiffSink } from '../../packages/cube/src/geotiff/sink.ts'
import { sliceBox } from '../../packages/cube/src/model/copy.ts'
import { type SourceNode, shapeOf } from '../../packages/cube/src/model/node.ts'
import type { Region } from '../../packages/cube/src/model/region.ts'
import { warpNode } from '../../packages/cube/src/warp/warp-node.ts'

export interface RasterTask {
  readonly kind: 'read' | 'warp' | 'encode'
  readonly path?: string
  /** Which part of the rows. */
  readonly half?: number
  readonly handle?: SinkHandle
  readonly shared?: SharedArrayBuffer
  readonly shape?: readonly number[]
  readonly region?: Region
}

export interface RasterAnswer {
  readonly data?: ArrayBuffer
  /** Columns of tiles of a file, all bands. */
  readonly parts?: readonly ArrayBuffer[]
  readonly height?: number
  readonly region?: Region
  readonly encoded?: unknown
}

/** A whole file, by columns of tiles: blocks as the planner asks for them. */
async function read({ path }: RasterTask): Promise<RasterAnswer> {
  const source = await geotiffSource(path!)
  const [bands, height, width] = shapeOf(source.schema) as [number, number, number]
  const step = source.chunks[2]!
  const parts: ArrayBuffer[] = []
  for (let x = 0; x < width; x += step) {
    const data = await source.read({ start: [0, 0, x], shape: [bands, height, Math.min(step, width - x)] })
    parts.push(data.buffer)
  }
  await source.close()
  return { parts, height }
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
async function encode({ handle, shared, shape, region }: RasterTask): Promise<RasterAnswer> {
  encoder ??= await geotiffSink.encoder(handle!)
  const all = new Uint16Array(shared as unknown as ArrayBuffer)
  const block = { region: region!, data: sliceBox(all, shape!, region!) }
  return { region: region!, encoded: await encoder.encode(region!, block, {}) }
}

const KINDS = { read, warp, encode }
parentPort!.on('message', (task: RasterTask) => {
  void KINDS[task.kind](task).then((answer) => {
    parentPort!.postMessage(answer, [...(answer.data === undefined ? [] : [answer.data]), ...(answer.parts ?? [])])
  })
})
