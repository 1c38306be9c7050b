/** Mosaics: rules in overlaps, pieces on the grid and beside it, only what a region meets is read. */
import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TypedArray } from '../../src/dtype.ts'
import { spatialDimensions } from '../../src/geotiff/array-source.ts'
import { parseCrs } from '../../src/index.ts'
import type { Block, Packing } from '../../src/model/block.ts'
import { sliceBox } from '../../src/model/copy.ts'
import type { Dimension } from '../../src/model/dimension.ts'
import { memorySource } from '../../src/model/memory.ts'
import { type CubeNode, shapeOf } from '../../src/model/node.ts'
import { type Region, wholeRegion } from '../../src/model/region.ts'
import { type MosaicRule, mosaicNode } from '../../src/mosaic/mosaic-node.ts'
import { computeCube } from '../../src/plan/compute.ts'
import type { Grid } from '../../src/types.ts'
import { warpNode } from '../../src/warp/warp-node.ts'

const at = (column: number, row: number, width: number, height: number, crs = 'EPSG:32632'): Grid => ({
  crs: parseCrs(crs),
  affine: [10, 0, 600000 + 10 * column, 0, -10, 5200000 - 10 * row],
  width,
  height,
})
const UINT8: Packing = { dtype: 'uint8', nodata: 0, scale: 1, offset: 0 }
const bands: Dimension = { type: 'bands', name: 'bands', labels: ['a', 'b'], bands: [{ name: 'a' }, { name: 'b' }] }

/** A piece with one value, or values of its cells. */
function piece(grid: Grid, value: number | ((i: number) => number), packing = UINT8): CubeNode {
  const length = 2 * grid.width * grid.height
  const data = packing.dtype === 'uint8' ? new Uint8Array(length) : new Float32Array(length)
  for (let i = 0; i < length; i++) data[i] = typeof value === 'number' ? value : value(i)
  return memorySource(data, { dims: [bands, ...spatialDimensions(grid)], grid, packing })
}

/** What a planner would do, with any depth of nodes. */
async function run(node: CubeNode, region: Region): Promise<TypedArray> {
  if (node.kind === 'source') return await node.source.read(region)
  if (node.kind !== 'blocks') throw new Error('no cells here')
  const blocks = await Promise.all(
    node.needs(region).map(async (needed, i): Promise<Block | undefined> => {
      return needed === undefined ? undefined : { region: needed, data: await run(node.inputs[i]!, needed) }
    }),
  )
  return (await node.compute(region, blocks, {})).data
}

const target = at(0, 0, 12, 4)
const left = piece(at(-2, 0, 8, 4), 1)
const middle = piece(at(4, 1, 6, 2), 4)
const right = piece(at(5, 0, 7, 3), 10)

describe('mosaicNode', () => {
  it.each([
    ['first', [1, 1, 1, 1, 1, 1, 4, 4, 4, 4, 10, 10]],
    ['last', [1, 1, 1, 1, 4, 10, 10, 10, 10, 10, 10, 10]],
    ['min', [1, 1, 1, 1, 1, 1, 4, 4, 4, 4, 10, 10]],
    ['max', [1, 1, 1, 1, 4, 10, 10, 10, 10, 10, 10, 10]],
    ['mean', [1, 1, 1, 1, 2.5, 5, 7, 7, 7, 7, 10, 10]],
    ['median', [1, 1, 1, 1, 2.5, 4, 7, 7, 7, 7, 10, 10]],
  ] as const)('%s', async (rule, row) => {
    const node = mosaicNode([left, middle, right], target, { rule })
    const values = await run(node, wholeRegion([2, 4, 12]))
    expect([...values.subarray(12, 24)]).toEqual([...row])
    expect([...values.subarray(4 * 12 + 12, 4 * 12 + 24)]).toEqual([...row])
    expect(node.schema.packing.dtype).toBe(rule === 'mean' || rule === 'median' ? 'float32' : 'uint8')
    // The last row has the first piece only.
    const missing = node.schema.packing.dtype === 'uint8' ? 0 : Number.NaN
    expect([...values.subarray(36, 48)]).toEqual([...new Array(6).fill(1), ...new Array(6).fill(missing)])
  })

  it('passes over missing cells of a piece', async () => {
    const holed = piece(at(0, 0, 12, 4), (i) => (i % 2 === 0 ? 0 : 7))
    const node = mosaicNode([holed, piece(at(0, 0, 12, 4), 3)], target)
    expect([...(await run(node, { start: [0, 0, 0], shape: [1, 1, 4] }))]).toEqual([3, 7, 3, 7])
  })

  it('gives any region as the box of the whole and asks only for pieces that it meets', async () => {
    const rules: readonly MosaicRule[] = ['first', 'mean']
    for (const rule of rules) {
      const node = mosaicNode([left, middle, right], target, { rule })
      const shape = shapeOf(node.schema)
      const whole = await run(node, wholeRegion(shape))
      const span = (n: number) =>
        fc.tuple(fc.nat(n - 1), fc.nat(n - 1)).map(([a, b]) => [Math.min(a, b), Math.abs(a - b) + 1] as const)
      await fc.assert(
        fc.asyncProperty(fc.tuple(span(2), span(4), span(12)), async (spans) => {
          const region = { start: spans.map((s) => s[0]), shape: spans.map((s) => s[1]) }
          expect(await run(node, region)).toEqual(sliceBox(whole, shape, region))
        }),
        { numRuns: 40 },
      )
      if (node.kind !== 'blocks') throw new Error('not a node of blocks')
      expect(node.needs({ start: [0, 0, 0], shape: [2, 1, 3] })).toEqual([
        { start: [0, 0, 2], shape: [2, 1, 3] },
        undefined,
        undefined,
      ])
    }
  })

  it('warps pieces of other grids, each where it lies', async () => {
    const other: Grid = {
      crs: parseCrs('EPSG:32633'),
      affine: [10, 0, 143500, 0, -10, 5209000],
      width: 120,
      height: 100,
    }
    const warped = piece(other, (i) => 1 + (i % 200))
    const common: Grid = at(-100, -200, 400, 400)
    const node = mosaicNode([left, warped], common, { resampling: 'nearest' })
    const values = await run(node, wholeRegion([2, 400, 400]))
    const alone = await run(warpNode(warped, common, { resampling: 'nearest' }), wholeRegion([2, 400, 400]))
    expect(alone.some((v) => v > 0)).toBe(true)
    const first = await run(mosaicNode([left], common), wholeRegion([2, 400, 400]))
    expect(values).toEqual(alone.map((v, i) => first[i]! || v))
  })

  it('has pieces of other turns around the Earth in their places', async () => {
    const degrees = (west: number, width: number, step = 1): Grid => ({
      crs: parseCrs('EPSG:4326'),
      affine: [step, 0, west, 0, -step, 2],
      width,
      height: 2 / step,
    })
    const world = degrees(-180, 360)
    for (const fiji of [piece(degrees(175, 10), 7), piece(degrees(175, 20, 0.5), 7)]) {
      const node = mosaicNode([fiji, piece(degrees(-180, 8), 3)], world)
      const { data } = await computeCube(node, { region: { start: [0, 0, 0], shape: [1, 1, 360] } })
      expect([4, 5, 7, 8, 354, 355, 359].map((i) => data[i])).toEqual([7, 3, 3, 0, 0, 7, 7])
    }
  })

  it('unpacks pieces of different packing', async () => {
    const packed = piece(at(0, 0, 6, 4), 20, { dtype: 'uint8', nodata: 0, scale: 0.5, offset: 1 })
    const plain = piece(at(6, 0, 6, 4), 3, { dtype: 'float32', scale: 1, offset: 0 })
    const node = mosaicNode([packed, plain], target)
    expect(node.schema.packing).toEqual({ dtype: 'float32', scale: 1, offset: 0 })
    expect([...(await run(node, { start: [0, 0, 4], shape: [1, 1, 4] }))]).toEqual([11, 11, 3, 3])
  })

  it('is the piece itself where there is one on the grid, and names what cannot be joined', () => {
    const one = piece(target, 1)
    expect(mosaicNode([one], target)).toBe(one)
    expect(() => mosaicNode([], target)).toThrow(InputError)
    expect(() => mosaicNode([one], target, { rule: 'mood' as MosaicRule })).toThrow('there is no rule')
    const bare = memorySource(new Float32Array(2), { dims: [bands], packing: UINT8 })
    expect(() => mosaicNode([one, bare], target)).toThrow('other dimensions')
    expect(() => mosaicNode([bare], target)).toThrow('no dimensions x and y')
  })
})
