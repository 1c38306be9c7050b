/** Warping of cubes of any dimensions as a node, against GDAL (oracles/raster/make_warp.py) and against `warp`. */
import { inflateSync } from 'node:zlib'
import { CancelledError, InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import cases from '../../../../oracles/raster/warp.json' with { type: 'json' }
import type { TypedArray } from '../../src/dtype.ts'
import { spatialDimensions } from '../../src/geotiff/array-source.ts'
import { type Affine, cropGrid, type Grid, memoryCube, parseCrs, warp, wholeWindow } from '../../src/index.ts'
import type { Block, Packing } from '../../src/model/block.ts'
import { sliceBox } from '../../src/model/copy.ts'
import type { Dimension } from '../../src/model/dimension.ts'
import { release } from '../../src/model/garbage.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { BlockNode, CubeNode, CubeSchema } from '../../src/model/node.ts'
import { shapeOf } from '../../src/model/node.ts'
import { type Region, wholeRegion } from '../../src/model/region.ts'
import type { Resampling } from '../../src/warp/methods.ts'
import { warpNode } from '../../src/warp/warp-node.ts'
import { expectClose, formula } from './formula.ts'

const gridOf = (crs: string, affine: readonly number[], [width = 0, height = 0]: readonly number[]): Grid => ({
  crs: parseCrs(crs),
  affine: affine as unknown as Affine,
  width,
  height,
})

const bands = (count: number): Dimension => {
  const labels = Array.from({ length: count }, (_, i) => `B${i + 1}`)
  return { type: 'bands', name: 'bands', labels, bands: labels.map((name) => ({ name })) }
}

const times = (count: number): Dimension => ({
  type: 'temporal',
  name: 't',
  labels: Array.from({ length: count }, (_, i) => `20${20 + i}-01-01T00:00:00Z`),
  calendar: 'proleptic_gregorian',
})

const FLOAT: Packing = { dtype: 'float32', scale: 1, offset: 0 }

function schemaOf(grid: Grid, order: readonly Dimension[], packing: Packing = FLOAT): CubeSchema {
  return { dims: order, grid, packing }
}

/** What a planner would do with one region: asks for the needs, slices them, computes. */
async function run(node: CubeNode, region: Region): Promise<TypedArray> {
  if (node.kind !== 'blocks') throw new Error('no node of blocks')
  const blocks = node.needs(region).map((needed, i): Block | undefined => {
    const input = node.inputs[i]!
    if (needed === undefined || input.kind !== 'source') return undefined
    return { region: needed, data: data.get(input)! }
  })
  for (const [i, block] of blocks.entries()) {
    const input = node.inputs[i]!
    if (block === undefined || input.kind !== 'source') continue
    blocks[i] = { region: block.region, data: sliceBox(block.data, shapeOf(input.schema), block.region) }
  }
  return (await node.compute(region, blocks, {})).data
}

const data = new WeakMap<CubeNode, TypedArray>()
function memory(values: TypedArray, schema: CubeSchema): CubeNode {
  const node = memorySource(values, schema)
  data.set(node, values)
  return node
}

describe('warpNode equals GDAL', () => {
  it.each(cases.filter((c) => c.holes))('$name, $resampling', async (row) => {
    const resampling = row.resampling as Resampling
    const grid = gridOf(row.crs, row.affine, row.size)
    const values = formula(grid.width, grid.height, resampling === 'mode' ? 5 : 251, row.holes)
    const [y, x] = spatialDimensions(grid)
    const target = gridOf(row.target.crs, row.target.affine, row.target.size)
    const expected = new Float32Array(new Uint8Array(inflateSync(Buffer.from(row.values, 'base64'))).buffer)
    const node = warpNode(memory(values, schemaOf(grid, [y, x])), target, { resampling })
    expectClose((await run(node, wholeRegion([target.height, target.width]))) as Float32Array, expected, 1e-5)
  })
})

const grid = gridOf('EPSG:32632', [30, 0, 600000, 0, -30, 5200000], [90, 80])
const target = gridOf('EPSG:32633', [30, 0, 143400, 0, -30, 5209800], [85, 90])
const [y, x] = spatialDimensions(grid)
const cells = grid.width * grid.height

/** `count` planes, each the formula with other holes. */
function planes(count: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(count * cells)
  for (let p = 0; p < count; p++) {
    out.set(
      formula(grid.width, grid.height, 101 + p, true).map((v) => 4 * v),
      p * cells,
    )
  }
  return out
}

async function expected(count: number, resampling: Resampling): Promise<Float32Array> {
  const names = Array.from({ length: count }, (_, i) => ({ name: `${i}` }))
  return await warp(memoryCube(planes(count), names, grid), target, { resampling }).read(wholeWindow(target))
}

describe('warpNode', () => {
  it.each(['nearest', 'bilinear', 'cubic', 'average', 'median'] as const)(
    'treats planes of other dimensions each by itself, %s',
    async (resampling) => {
      // More planes than are unpacked at one time.
      const node = warpNode(memory(planes(20), schemaOf(grid, [times(5), bands(4), y, x])), target, { resampling })
      expect(shapeOf(node.schema)).toEqual([5, 4, 90, 85])
      const values = await run(node, wholeRegion([5, 4, 90, 85]))
      expect(values).toEqual(await expected(20, resampling))
    },
  )

  it('takes dimensions in any order', async () => {
    const natural = planes(2)
    const mixed = new Float32Array(natural.length)
    for (let p = 0; p < 2; p++) {
      for (let r = 0; r < grid.height; r++) {
        for (let c = 0; c < grid.width; c++) {
          mixed[(c * 2 + p) * grid.height + r] = natural[p * cells + r * grid.width + c]!
        }
      }
    }
    const node = warpNode(memory(mixed, schemaOf(grid, [x, bands(2), y])), target, { resampling: 'bilinear' })
    const values = await run(node, wholeRegion([85, 2, 90]))
    const reference = await expected(2, 'bilinear')
    for (let i = 0; i < values.length; i++) {
      const [c, p, r] = [Math.floor(i / 180), Math.floor(i / 90) % 2, i % 90]
      expect(values[i]).toBe(reference[(p * 90 + r) * 85 + c])
    }
  })

  it('gives any region as the box of the whole, whatever the scale', async () => {
    const coarse = gridOf('EPSG:4326', [0.002, 0, 10.3, 0, -0.002, 46.96], [40, 30])
    const source = memory(planes(2), schemaOf(grid, [bands(2), y, x]))
    for (const [to, resampling] of [
      [target, 'cubic'],
      [coarse, 'average'],
      [coarse, 'bilinear'],
    ] as const) {
      const node = warpNode(source, to, { resampling })
      const shape = shapeOf(node.schema)
      const whole = await run(node, wholeRegion(shape))
      const span = (n: number) =>
        fc.tuple(fc.nat(n - 1), fc.nat(n - 1)).map(([a, b]) => [Math.min(a, b), Math.abs(a - b) + 1] as const)
      await fc.assert(
        fc.asyncProperty(fc.tuple(span(shape[0]!), span(shape[1]!), span(shape[2]!)), async (spans) => {
          const region = { start: spans.map((s) => s[0]), shape: spans.map((s) => s[1]) }
          expect(await run(node, region)).toEqual(sliceBox(whole, shape, region))
        }),
        { numRuns: 15 },
      )
    }
  })

  it('keeps the footprint whole where a map bends within a block of pixels', async () => {
    // A block of 64 pixels of 20 km: the meridians bulge by hundreds of source pixels between its corners.
    const world = gridOf('EPSG:4326', [0.1, 0, 0, 0, -0.1, 80], [400, 300])
    const polar = gridOf('EPSG:3035', [20000, 0, 3000000, 0, -20000, 4800000], [128, 128])
    const [wy, wx] = spatialDimensions(world)
    const values = formula(400, 300, 251, false)
    const node = warpNode(memory(values, schemaOf(world, [wy, wx])), polar, { resampling: 'nearest' })
    const exact = warp(memoryCube(values, [{ name: 'a' }], world), polar, { resampling: 'nearest', tolerance: 0 })
    const region = { start: [0, 0], shape: [64, 64] }
    const reference = await exact.read({ column: 0, row: 0, width: 64, height: 64 })
    expect(await run(node, region)).toEqual(reference)
  })

  it('keeps integers packed where stored values are picked, and unpacks where they are mixed', async () => {
    const packing: Packing = { dtype: 'uint16', nodata: 0, scale: 0.5, offset: 10 }
    const raw = Uint16Array.from(planes(1), (v) => (Number.isNaN(v) ? 0 : v + 1))
    const source = memory(raw, schemaOf(grid, [y, x], packing))
    const nearest = warpNode(source, target, { resampling: 'nearest' })
    expect(nearest.schema.packing).toEqual(packing)
    const near = await expected(1, 'nearest')
    expect(await run(nearest, wholeRegion([90, 85]))).toEqual(
      Uint16Array.from(near, (v) => (Number.isNaN(v) ? 0 : v + 1)),
    )
    const bilinear = warpNode(source, target, { resampling: 'bilinear' })
    expect(bilinear.schema.packing).toEqual(FLOAT)
    const mixed = (await expected(1, 'bilinear')).map((v) => (v + 1) * 0.5 + 10)
    expectClose((await run(bilinear, wholeRegion([90, 85]))) as Float32Array, mixed, 1e-4)
  })

  it('gives float64 for wide inputs and wider integers where one cannot say missing', () => {
    const of = (packing: Packing) => (resampling: Resampling) =>
      warpNode(memory(new Float32Array(cells), schemaOf(grid, [y, x], packing)), target, { resampling }).schema.packing
    expect(of({ dtype: 'int32', scale: 1, offset: 0, nodata: -1 })('bilinear').dtype).toBe('float64')
    expect(of({ dtype: 'int32', scale: 1, offset: 0, nodata: -1 })('nearest').dtype).toBe('int32')
    expect(of({ dtype: 'int32', scale: 1, offset: 0 })('nearest').dtype).toBe('float64')
    const wider = { dtype: 'int16', nodata: -32768, scale: 2, offset: 1 }
    expect(of({ dtype: 'uint8', scale: 2, offset: 1 })('nearest')).toEqual(wider)
    expect(of({ dtype: 'uint8', scale: 1, offset: 0, isBoolean: true })('mode').isBoolean).toBe(true)
  })

  it('asks for nothing where the grids do not meet, and says missing there', async () => {
    const far = { ...target, affine: [30, 0, 500000, 0, -30, 100000] as const }
    const node = warpNode(memory(planes(1), schemaOf(grid, [y, x])), far) as BlockNode
    const region = { start: [3, 4], shape: [10, 10] }
    expect(node.needs(region)).toEqual([undefined])
    expect((await run(node, region)).every(Number.isNaN)).toBe(true)
    expect(node.scratchBytes!(region)).toBeGreaterThan(0)
  })

  it('returns the input on an equal grid, and refuses what has no grid', () => {
    const source = memory(planes(1), schemaOf(grid, [y, x]))
    expect(warpNode(source, cropGrid(grid, wholeWindow(grid)))).toBe(source)
    const flat = memory(new Float32Array(3), { dims: [bands(3)], packing: FLOAT })
    expect(() => warpNode(flat, target)).toThrow(InputError)
    expect(() => warpNode(source, target, { resampling: 'gauss' as Resampling })).toThrow('there is no resampling')
  })

  it('stops when asked to', async () => {
    const node = warpNode(memory(planes(1), schemaOf(grid, [y, x])), target) as BlockNode
    const region = wholeRegion([90, 85])
    const work = { signal: AbortSignal.abort() }
    const block = { region: wholeRegion([80, 90]), data: planes(1) }
    expect(() => node.compute(region, [block], work)).toThrow(CancelledError)
  })

  it('gives back its own memory at once and leaves that of its input alone', () => {
    const region = wholeRegion([90, 85])
    const block = { region: wholeRegion([80, 90]), data: planes(1) }
    // Floats are warped where they lie, integers are unpacked first.
    const whole: Packing = { dtype: 'uint16', nodata: 0, scale: 1, offset: 0 }
    for (const packing of [FLOAT, whole]) {
      const input = packing === FLOAT ? block : { ...block, data: Uint16Array.from(block.data) }
      const before = [...input.data]
      const node = warpNode(memory(input.data, schemaOf(grid, [y, x], packing)), target) as BlockNode
      const { data: made } = node.compute(region, [input], {}) as Block
      expect([...input.data]).toEqual(before)
      release(made)
      expect(made).toHaveLength(0)
    }
  })
})
