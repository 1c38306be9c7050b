/** Views: what is chosen, means of cells, nearest cells for classes, bounded reading. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { geotiffSource } from '../../src/geotiff/array-source.ts'
import type { SourceNode } from '../../src/model/node.ts'
import { readView } from '../../src/picture/read-view.ts'
import { shortDate, viewOf } from '../../src/picture/view.ts'
import { gridAt, writeRaster } from '../collection/scene.ts'
import { temporaryFolder } from '../temporary.ts'
import { cubeOf, grid } from './cubes.ts'

const dates = Array.from({ length: 24 }, (_, i) => `2020-01-${String(i + 1).padStart(2, '0')}T00:00:00Z`)
const rgb = [
  { name: 'B02', role: 'blue' },
  { name: 'B03', role: 'green' },
  { name: 'B04', role: 'red' },
]

describe('viewOf', () => {
  const { schema } = cubeOf({ dates, bands: rgb, value: () => 0 })

  it('thins the dates evenly and keeps the ends', () => {
    const { panels, dates: count } = viewOf(schema, { maxPanels: 4 })
    expect(panels.map(({ index }) => index)).toEqual([0, 8, 15, 23])
    expect(count).toBe(24)
    expect(panels[0]!.label).toBe('2020-01-01')
  })

  it('refuses sizes that no memory holds, and none', () => {
    for (const size of [0, -1, 99999, Number.NaN]) expect(() => viewOf(schema, { size })).toThrow(/pixels wide or high/)
    expect(viewOf(schema, { size: 4096 }).width).toBe(60)
  })

  it('takes true colour by roles, bands by name, role and number, dates by their beginning', () => {
    expect(viewOf(schema).bands.map(({ index }) => index)).toEqual([2, 1, 0])
    expect(viewOf(schema, { band: 'B03' }).bands.map(({ index }) => index)).toEqual([1])
    expect(viewOf(schema, { band: 'red' }).bands.map(({ index }) => index)).toEqual([2])
    expect(viewOf(schema, { band: [0, 'B04', 1] }).bands.map(({ index }) => index)).toEqual([0, 2, 1])
    expect(viewOf(schema, { time: '2020-01-0' }).panels).toHaveLength(9)
    expect(viewOf(schema, { time: -1 }).panels[0]!.index).toBe(23)
  })

  it('says what there is instead', () => {
    expect(() => viewOf(schema, { band: 'B99' })).toThrow(
      expect.objectContaining({ tag: 'NoBand', hint: 'the bands are B02, B03, B04' }),
    )
    expect(() => viewOf(schema, { time: '1999' })).toThrow(expect.objectContaining({ tag: 'NoDate' }))
    expect(() => viewOf({ ...schema, dims: schema.dims.slice(0, 2) })).toThrow(
      expect.objectContaining({ tag: 'NotDrawable' }),
    )
    const extra = { type: 'other', name: 'level', labels: [850, 500] } as const
    expect(() => viewOf({ ...schema, dims: [extra, ...schema.dims] }, { at: { level: 7 } })).toThrow(
      expect.objectContaining({ tag: 'NoLabel', hint: 'it has 850, 500' }),
    )
    expect(viewOf({ ...schema, dims: [extra, ...schema.dims] }, { at: { level: 500 } }).fixed).toEqual({ 0: 1 })
  })

  it.each([
    ['2020-06-01T00:00:00Z', '2020-06-01'],
    ['2020-06-01T10:05:21.123Z', '2020-06-01 10:05'],
    ['2020-06', '2020-06'],
    ['summer', 'summer'],
  ])('writes %s as %s', (label, expected) => {
    expect(shortDate(label)).toBe(expected)
  })
})

describe('readView', () => {
  it('gives means of what is valid, in physical values', async () => {
    const packing = { dtype: 'int16', nodata: -1, scale: 0.5, offset: 1 } as const
    const node = cubeOf({ packing, value: (_t, _b, y, x) => (x % 2 === 0 ? 2 * y : -1) })
    const { view, values, isSampled } = await readView(node, { size: 6 })
    expect([view.width, view.height, isSampled]).toEqual([6, 4, false])
    // Rows 0 to 9 have 2y * 0.5 + 1.
    expect(values.means[0]![0]![0]).toBe(5.5)
    expect(values.middles[0]![0]![0]).toBeNaN()
  })

  it('keeps the cell in the middle for classes', async () => {
    const node = cubeOf({ value: (_t, _b, y, x) => 100 * y + x })
    const { values } = await readView(node, { size: 6 })
    expect(values.middles[0]![0]![0]).toBe(505)
    expect(values.middles[0]![0]![1]).toBe(515)
  })

  it('reads the whole of small cubes whatever the size of a piece', async () => {
    const wide = { ...grid, width: 1100, height: 700 }
    const node = cubeOf({ grid: wide, value: (_t, _b, _y, x) => x })
    const { values, view } = await readView(node, { size: 11 })
    expect(view.height).toBe(7)
    expect([...values.means[0]![0]!.slice(0, 11)]).toEqual(Array.from({ length: 11 }, (_, i) => 100 * i + 49.5))
  })

  it('samples what is too large, and says so', async () => {
    const wide = { ...grid, width: 2000, height: 1500 }
    let cells = 0
    const whole = cubeOf({ grid: wide, value: (_t, _b, y) => y })
    const counted = {
      ...whole.source,
      read: (region: Parameters<typeof whole.source.read>[0]) => {
        cells += region.shape.reduce((a, b) => a * b, 1)
        return whole.source.read(region)
      },
    }
    const { values, view, isSampled } = await readView({ ...whole, source: counted }, { mostCells: 1_500_000 })
    expect(isSampled).toBe(true)
    expect(cells).toBeLessThan(1_500_000)
    expect(view.width * view.height).toBeLessThan(30)
    expect(values.means[0]![0]!.every((value) => !Number.isNaN(value))).toBe(true)
    expect(values.means[0]![0]!.at(-1)).toBeGreaterThan(values.means[0]![0]![0]!)
  })

  it('reads overviews of files that have them', async () => {
    const folder = await temporaryFolder()
    const spec = { grid: gridAt(10, 512, 384), bands: ['v'], dtype: 'float32', value: (x: number) => x } as const
    const path = await writeRaster(folder, 'a.tif', { ...spec, overviews: 'average', blockSize: 64 })
    const source = await geotiffSource(join(folder, 'a.tif'))
    let reads = 0
    const countingRead: typeof source.read = (...args) => {
      reads++
      return source.read(...args)
    }
    const node: SourceNode = {
      kind: 'source',
      schema: source.schema,
      label: path,
      inputs: [],
      source: { ...source, read: countingRead },
    }
    const { view, values } = await readView(node, { size: 64 })
    expect(reads).toBe(0)
    expect([view.width, view.height]).toEqual([64, 48])
    expect(values.means[0]![0]![0]).toBeCloseTo(3.5, 3)
    expect(values.means[0]![0]![63]).toBeCloseTo(507.5, 3)
    await source.close()
  })
})
