/** Small cubes in memory for tests of pictures. */
import { newArray } from '../../src/dtype.ts'
import { spatialDimensions } from '../../src/geotiff/array-source.ts'
import { type Band, type Grid, parseCrs } from '../../src/index.ts'
import type { Packing } from '../../src/model/block.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CubeSchema, SourceNode } from '../../src/model/node.ts'

export const grid: Grid = {
  crs: parseCrs('EPSG:32632'),
  affine: [10, 0, 600000, 0, -10, 5200000],
  width: 60,
  height: 40,
}

export interface CubeSpec {
  readonly dates?: readonly string[]
  readonly bands?: readonly Band[]
  readonly grid?: Grid
  readonly packing?: Packing
  readonly unit?: string
  readonly value: (t: number, b: number, y: number, x: number) => number
}

/** A cube t, bands, y, x (those that are given). */
export function cubeOf(spec: CubeSpec): SourceNode {
  const { dates, bands, packing = { dtype: 'float32', scale: 1, offset: 0 }, unit, value } = spec
  const where = spec.grid ?? grid
  const schema: CubeSchema = {
    dims: [
      ...(dates === undefined ? [] : [{ type: 'temporal', name: 't', labels: dates, calendar: 'standard' } as const]),
      ...(bands === undefined
        ? []
        : [{ type: 'bands', name: 'bands', labels: bands.map(({ name }) => name), bands } as const]),
      ...spatialDimensions(where),
    ],
    grid: where,
    packing,
    ...(unit === undefined ? {} : { unit }),
  }
  const [nt, nb] = [dates?.length ?? 1, bands?.length ?? 1]
  const data = newArray(packing.dtype, nt * nb * where.height * where.width)
  let i = 0
  for (let t = 0; t < nt; t++) {
    for (let b = 0; b < nb; b++) {
      for (let y = 0; y < where.height; y++) for (let x = 0; x < where.width; x++) data[i++] = value(t, b, y, x)
    }
  }
  return memorySource(data, schema, 'made up')
}

/** Width and height of a PNG by its header. */
export function pngSize(bytes: Uint8Array): [width: number, height: number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return [view.getUint32(16), view.getUint32(20)]
}
