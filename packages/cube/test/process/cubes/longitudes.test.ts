/** Boxes in degrees on grids that count longitudes from 0, from -180, or from anywhere. */
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCrs } from '../../../src/crs/crs.ts'
import { Cube } from '../../../src/fluent/cube.ts'
import { evaluateGraph } from '../../../src/graph/evaluate.ts'
import { memorySource } from '../../../src/model/memory.ts'
import type { CubeValue } from '../../../src/process/row.ts'
import type { Grid } from '../../../src/types.ts'
import { temporaryFolder } from '../../temporary.ts'

/** One row (and one south of it) of `width` columns of `step` degrees whose cells are their longitudes east of Greenwich. */
function world(west: number, width: number, step = 10): Cube {
  const grid: Grid = { crs: parseCrs('EPSG:4326'), affine: [step, 0, west, 0, -60, 60], width, height: 2 }
  const labels = Array.from({ length: width }, (_, i) => west + step * (i + 0.5))
  const cells = labels.map((label) => ((label % 360) + 360) % 360)
  const schema = {
    dims: [
      { type: 'spatial', name: 'y', axis: 'y', labels: [30, -30] },
      { type: 'spatial', name: 'x', axis: 'x', labels },
    ],
    grid,
    packing: { dtype: 'float32', scale: 1, offset: 0 },
  } as const
  return new Cube(memorySource(Float32Array.from([...cells, ...cells]), schema, 'world'))
}

const row = async (cube: Cube): Promise<number[]> => [...(await cube.compute()).data].slice(0, cube.shape[1])

describe('a box in degrees', () => {
  it.each([
    ['over Greenwich on 0 to 360', world(0, 36), [-20, -40, 20, 40], [-15, -5, 5, 15]],
    ['west of Greenwich on 0 to 360', world(0, 36), [-20, -40, 0, 40], [-15, -5]],
    ['of 0 to 360 on 0 to 360', world(0, 36), [340, -40, 360, 40], [345, 355]],
    ['of 0 to 360 on -180 to 180', world(-180, 36), [340, -40, 370, 40], [345, 355, 365]],
    ['over the antimeridian on -180 to 180', world(-180, 36), [170, -40, -160, 40], [175, 185, 195]],
    ['over the antimeridian on 0 to 360', world(0, 36), [170, -40, -160, 40], [175, 185, 195]],
    ['on a region east of 180', world(300, 6), [-60, -40, -30, 40], [-55, -45, -35]],
    ['that ends with a region', world(100, 3), [110, -40, -160, 40], [115, 125]],
    ['on a grid that repeats its first column', world(-5, 37), [-10, -40, 10, 40], [-10, 0, 10]],
    ['on columns that run west', world(360, 36, -10), [-20, -40, 20, 40], [15, 5, -5, -15]],
  ] as const)('%s', async (_, cube, bounds, longitudes) => {
    const cut = cube.filterBbox(bounds)
    expect(cut.labels('x').map((label) => Math.round(Number(label)))).toEqual(longitudes)
    expect((await row(cut)).map(Math.round)).toEqual(longitudes.map((x) => (x + 360) % 360))
    const { affine, width } = cut.grid!
    expect(affine[2] + affine[0] / 2).toBeCloseTo(Number(cut.labels('x')[0]), 9)
    expect(width).toBe(longitudes.length)
  })

  it('holds each column of the world once, from -180 to 180', async () => {
    const cut = world(0, 36).filterBbox([-180, -90, 180, 90])
    expect([cut.labels('x')[0], cut.labels('x').at(-1)]).toEqual([-175, 175])
    expect(new Set(await row(cut)).size).toBe(36)
  })

  it('is loaded from wherever a file counts, by extents of collections too', async () => {
    const folder = await temporaryFolder()
    await world(0, 36).save(join(folder, 'world.tif'))
    for (const [west, east, longitudes] of [
      [-20, 20, [-15, -5, 5, 15]],
      [170, -170, [175, 185]],
      [20, 40, [25, 35]],
    ] as const) {
      const extent = { west, east, south: -90, north: 90 }
      const args = { id: 'world.tif', spatial_extent: extent, temporal_extent: null }
      const graph = { load: { process_id: 'load_collection', arguments: args, result: true } }
      const { value, close } = await evaluateGraph(graph, { folder })
      const cut = new Cube((value as CubeValue).node)
      expect(cut.labels('x')).toEqual(longitudes)
      expect([...(await cut.compute()).data].slice(0, longitudes.length)).toEqual(
        longitudes.map((x) => (x + 360) % 360),
      )
      await close()
    }
  })

  it('is refused where it reaches over both ends of a region', () => {
    expect(() => world(20, 33).filterBbox([-40, -40, 40, 40])).toThrow(
      expect.objectContaining({ tag: 'TornExtent', hint: expect.stringContaining('-15 and 25') as string }),
    )
  })

  it('has the pixels whose centres lie in it, whatever the grid counts from', async () => {
    const edge = fc.integer({ min: -360, max: 720 })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, -180, -90),
        edge,
        fc.integer({ min: 1, max: 359 }),
        async (from, west, width) => {
          const cut = world(from, 36).filterBbox([west, -40, west + width, 40])
          const wanted = Array.from({ length: 36 }, (_, i) => 5 + 10 * i).filter((x) =>
            [-720, -360, 0, 360, 720].some((by) => x + by >= west && x + by <= west + width),
          )
          if (west < from - 360 || west + width > from + 720) return
          expect((await row(cut)).map(Math.round).sort((a, b) => a - b)).toEqual(wanted)
        },
      ),
      { numRuns: 60 },
    )
  })
})
