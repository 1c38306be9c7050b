/** Small cubes for tests of Zarr, and ways to write them and read them back. */
import { parseCrs } from '../../src/crs/crs.ts'
import { newArray, type TypedArray } from '../../src/dtype.ts'
import type { Packing } from '../../src/model/block.ts'
import { sliceBox } from '../../src/model/copy.ts'
import type { Dimension } from '../../src/model/dimension.ts'
import { type CubeSchema, shapeOf } from '../../src/model/node.ts'
import { cellCount, type Region, splitRegion, wholeRegion } from '../../src/model/region.ts'
import type { Affine } from '../../src/types.ts'
import { openZarr } from '../../src/zarr/array-source.ts'
import { zarrSink } from '../../src/zarr/sink.ts'

export interface SampleOptions {
  readonly packing?: Packing
  readonly bands?: readonly string[]
  readonly times?: readonly string[]
  readonly width?: number
  readonly height?: number
}

/** A cube on UTM 32 with the dimensions that are asked for, t and bands before y and x. */
export function sampleSchema(options: SampleOptions = {}): CubeSchema {
  const { width = 20, height = 12, packing = { dtype: 'float32', scale: 1, offset: 0 } } = options
  const affine: Affine = [10, 0, 600000, 0, -10, 5200000]
  const spatial = (axis: 'x' | 'y', length: number, start: number, step: number): Dimension => ({
    type: 'spatial',
    name: axis,
    axis,
    labels: Array.from({ length }, (_, i) => start + step * (i + 0.5)),
    unit: 'metre',
  })
  const dims: Dimension[] = [spatial('y', height, 5200000, -10), spatial('x', width, 600000, 10)]
  if (options.bands !== undefined) {
    dims.unshift({
      type: 'bands',
      name: 'bands',
      labels: options.bands,
      bands: options.bands.map((name) => ({ name })),
    })
  }
  if (options.times !== undefined) {
    dims.unshift({ type: 'temporal', name: 't', labels: options.times, calendar: 'proleptic_gregorian' })
  }
  return { dims, grid: { crs: parseCrs('EPSG:32632'), affine, width, height }, packing }
}

/** Cells that differ everywhere, with some missing ones where the packing has a value for them. */
export function sampleCells(schema: CubeSchema): TypedArray {
  const { dtype, nodata } = schema.packing
  const cells = newArray(dtype, cellCount(shapeOf(schema)))
  for (let k = 0; k < cells.length; k++) cells[k] = dtype.startsWith('float') ? Math.fround(Math.sin(k) * 100) : k % 251
  if (nodata !== undefined) for (let k = 0; k < cells.length; k += 7) cells[k] = nodata
  else if (dtype.startsWith('float')) for (let k = 0; k < cells.length; k += 7) cells[k] = Number.NaN
  return cells
}

/** The block of a region, cut from all cells. */
export function blockOf(schema: CubeSchema, cells: TypedArray, region: Region) {
  return { region, data: sliceBox(cells, shapeOf(schema), region) }
}

/** Writes all cells, box by box. */
export async function writeZarr(
  path: string,
  schema: CubeSchema,
  cells: TypedArray,
  options: Readonly<Record<string, unknown>> = {},
  job = 'a job',
): Promise<void> {
  const sink = await zarrSink.create(path, schema, { job, options })
  const encoder = await zarrSink.encoder(JSON.parse(JSON.stringify(sink.handle)) as typeof sink.handle)
  for (const region of splitRegion(wholeRegion(shapeOf(schema)), sink.chunks)) {
    if (sink.isDone(region)) continue
    await sink.write(region, await encoder.encode(region, blockOf(schema, cells, region), {}))
  }
  await encoder.close()
  await sink.finish()
}

/** All cells of a variable. */
export async function readZarr(path: string, name?: string) {
  const dataset = await openZarr(path)
  const { source } = dataset.variables.find((variable) => name === undefined || variable.name === name)!
  const cells = await source.read(wholeRegion(shapeOf(source.schema)))
  await source.close()
  return { schema: source.schema, cells, source, dataset }
}

/** What kill-child.ts writes: 64 shards. */
export const killSchema = sampleSchema({ width: 128, height: 128 })
export const killOptions = { chunks: { y: 8, x: 8 }, shards: { y: 16, x: 16 } }
