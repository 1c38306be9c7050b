/** Schemas and blocks of made-up cubes for the tests of cells. */
import { newArray } from '../../src/dtype.ts'
import type { Block, Packing } from '../../src/model/block.ts'
import type { CubeSchema } from '../../src/model/node.ts'
import { cellCount, type Region, wholeRegion } from '../../src/model/region.ts'

/** A cube of nameless labels: `schema({ t: 3, y: 4, x: 5 }, packing)`. */
export function schema(dims: Readonly<Record<string, number>>, packing: Packing): CubeSchema {
  return {
    dims: Object.entries(dims).map(([name, length]) => ({
      type: 'other',
      name,
      labels: Array.from({ length }, (_, i) => i),
    })),
    packing,
  }
}

export function block(cube: CubeSchema, raw: ArrayLike<number>, region: Region = whole(cube)): Block {
  const data = newArray(cube.packing.dtype, cellCount(region.shape))
  data.set(Array.from(raw))
  return { region, data }
}

export function whole(cube: CubeSchema): Region {
  return wholeRegion(cube.dims.map((dimension) => dimension.labels.length))
}
