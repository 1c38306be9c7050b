/** Fills a view from a lazy cube: overviews where the file has them, else pieces; never more than a bounded share. */
import { throwIfAborted, type WorkOptions } from '@ecotope/core'
import { sourceFor } from '../collection/with-missing.ts'
import { openHandle } from '../format/formats.ts'
import { type CubeNode, type SourceNode, shapeOf } from '../model/node.ts'
import { type ComputeOptions, computeCube } from '../plan/compute.ts'
import type { FailedChunk } from '../plan/reader.ts'
import { accumulator, regionOf, type View, type ViewOptions, type ViewValues, viewOf } from './view.ts'

/** Side of a piece that is computed at once. */
const PIECE = 512
/** Cells that one picture reads at most; larger views are sampled. */
const MOST_CELLS = 2 ** 27
/** Side of the windows that stand for a pixel where a view is sampled. */
const SAMPLE = 8
/** Cells that are decoded for one sample, as a rough measure: a chunk of common size. */
const CHUNK_CELLS = 2 ** 16

export interface ReadView {
  readonly view: View
  readonly values: ViewValues
  /** What was read is a sample of the cells. */
  readonly isSampled: boolean
  /** What the map is made of, where it is not the pixels of the grid. */
  readonly made?: string
}

export interface ReadViewOptions extends ViewOptions, WorkOptions {
  readonly mostCells?: number
  /** `skip`: cells of chunks that cannot be read are drawn as missing, with a warning for each chunk. Default `fail`. */
  readonly onError?: 'fail' | 'skip'
}

/** Reads what a picture of the cube shows. */
export async function readView(node: CubeNode, options: ReadViewOptions = {}): Promise<ReadView> {
  const view = viewOf(node.schema, options)
  const coarse = await overviewOf(node, view, options)
  if (coarse !== undefined) {
    try {
      // The picture is of the cube, not of its overview: its labels, its grid, its number of dates.
      const inner = { ...viewOf(coarse.schema, options), width: view.width, height: view.height }
      return { view, values: await readWhole(coarse, inner, options), isSampled: false }
    } finally {
      await coarse.source.close()
    }
  }
  const shape = shapeOf(node.schema)
  const most = options.mostCells ?? MOST_CELLS
  const cells = shape[view.x]! * shape[view.y]! * view.panels.length * view.bands.length
  if (cells <= most) return { view, values: await readWhole(node, view, options), isSampled: false }
  const pixels = Math.max(16, Math.floor(most / CHUNK_CELLS / (view.panels.length * view.bands.length)))
  const shrink = Math.min(1, Math.sqrt(pixels / (view.width * view.height)))
  const small = {
    ...view,
    width: Math.max(1, Math.round(view.width * shrink)),
    height: Math.max(1, Math.round(view.height * shrink)),
  }
  return { view: small, values: await readSampled(node, small, options), isSampled: true }
}

/** The coarsest internal overview of a GeoTIFF that still has a cell for each pixel. */
async function overviewOf(node: CubeNode, view: View, options: ReadViewOptions): Promise<SourceNode | undefined> {
  if (node.kind !== 'source' || node.source.handle.format !== 'GTiff' || node.source.handle.overview !== undefined)
    return undefined
  const shape = shapeOf(node.schema)
  if (shape[view.x]! < 2 * view.width) return undefined
  let best: SourceNode | undefined
  for (let level = 0; level < 32; level++) {
    const opened = await openHandle({ ...node.source.handle, overview: level }).catch(() => undefined)
    if (opened === undefined) break
    const source = sourceFor(opened, options)
    const [width, height] = [view.x, view.y].map((d) => shapeOf(source.schema)[d]!)
    if (width! < view.width || height! < view.height) {
      await source.close()
      break
    }
    await best?.source.close()
    best = { kind: 'source', schema: source.schema, label: node.label, inputs: [], source }
  }
  return best
}

async function readWhole(node: CubeNode, view: View, options: ReadViewOptions): Promise<ViewValues> {
  const [width, height] = [view.x, view.y].map((d) => shapeOf(node.schema)[d]!) as [number, number]
  const sum = accumulator(view)
  const work = computing(options)
  let done = 0
  for (const panel of view.panels) {
    for (let y = 0; y < height; y += PIECE) {
      for (let x = 0; x < width; x += PIECE) {
        throwIfAborted(options.signal)
        const window = { x, y, width: Math.min(PIECE, width - x), height: Math.min(PIECE, height - y) }
        sum.add(await computeCube(node, { region: regionOf(view, panel, window), ...work }))
        done += window.width * window.height
        options.onProgress?.({ step: 'view', fraction: done / (width * height * view.panels.length) })
      }
    }
  }
  return sum.values()
}

/** One small window in the middle of each pixel. */
async function readSampled(node: CubeNode, view: View, options: ReadViewOptions): Promise<ViewValues> {
  const [width, height] = [view.x, view.y].map((d) => shapeOf(node.schema)[d]!) as [number, number]
  const sum = accumulator(view)
  const work = computing(options)
  for (const [p, panel] of view.panels.entries()) {
    for (let row = 0; row < view.height; row++) {
      throwIfAborted(options.signal)
      const y = middle(row, height, view.height)
      for (let column = 0; column < view.width; column++) {
        const x = middle(column, width, view.width)
        const window = { x, y, width: Math.min(SAMPLE, width - x), height: Math.min(SAMPLE, height - y) }
        sum.add(await computeCube(node, { region: regionOf(view, panel, window), ...work }))
      }
      options.onProgress?.({ step: 'view', fraction: (p + (row + 1) / view.height) / view.panels.length })
    }
  }
  return sum.values()
}

/** The first cell of a window around the middle of a pixel, so that the middle cell itself is in it. */
function middle(pixel: number, cells: number, pixels: number): number {
  const from = Math.ceil((pixel * cells) / pixels)
  const centre = Math.floor(((pixel + 0.5) * cells) / pixels)
  return Math.min(cells - 1, Math.max(from, centre - SAMPLE / 2))
}

/** How the cells of a picture are computed: what cannot be read ends it, or is told once and missing. */
export function computing({ signal, onError, onWarning }: ReadViewOptions): ComputeOptions {
  const told = new Set<string>()
  const tell = ({ message }: FailedChunk): void => {
    if (!told.has(message)) onWarning?.({ tag: 'CorruptChunk', message })
    told.add(message)
  }
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(onError === 'skip' ? { onError, onFailedChunk: tell } : {}),
  }
}
