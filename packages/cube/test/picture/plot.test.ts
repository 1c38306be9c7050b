/** Pictures: what they show, in both forms, and that their text can be read. */
import { inflateSync } from 'node:zlib'
import { InputError, type Warning } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import { parseCrs } from '../../src/index.ts'
import type { Geometry } from '../../src/model/geometry.ts'
import { memorySource } from '../../src/model/memory.ts'
import type { CubeNode } from '../../src/model/node.ts'
import { rampTable, toOklab } from '../../src/picture/colour.ts'
import type { Shape } from '../../src/picture/drawing.ts'
import { textStrokes, textWidth } from '../../src/picture/font.ts'
import { pngOf } from '../../src/picture/pixels.ts'
import { type PlotOptions, plot } from '../../src/picture/plot.ts'
import { cubeOf, grid, pngSize } from './cubes.ts'

const texts = async (node: CubeNode, options: PlotOptions = {}): Promise<string[]> => {
  const { drawing } = await plot(node, options)
  return drawing.shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []))
}
const images = (shapes: readonly Shape[]) => shapes.filter((shape) => shape.kind === 'image')

const ndvi = (t: number, _b: number, y: number, x: number): number => Math.sin((x + 7 * t) / 9) * 0.5 + y / 80
const DATES = ['2020-06-01T00:00:00Z', '2020-06-11T10:20:30Z', '2020-06-21T00:00:00Z']

describe('a map', () => {
  it('of a damaged file is drawn without what cannot be read, where that is asked for', async () => {
    const whole = cubeOf({ value: (_t, _b, y, x) => x + y })
    const read = (): Promise<never> =>
      Promise.reject(new InputError('CorruptChunk', 'chunk 0.0 is damaged', { data: { path: 'a', chunk: [0, 0] } }))
    const node = { ...whole, source: { ...whole.source, read } }
    await expect(plot(node)).rejects.toMatchObject({ tag: 'CorruptChunk' })
    const told: Warning[] = []
    const { drawing } = await plot(node, { onError: 'skip', onWarning: (warning) => told.push(warning) })
    expect(drawing.shapes.length).toBeGreaterThan(0)
    expect(told).toEqual([{ tag: 'CorruptChunk', message: 'chunk 0.0 is damaged' }])
  })

  it('has title, legend with unit, coordinates, scale bar and CRS', async () => {
    const bands = [{ name: 'chl', unit: 'mg m-3' }]
    const node = cubeOf({ bands, value: (_t, _b, y, x) => (x === 0 ? Number.NaN : 1 + x + y) })
    const found = await texts(node, { title: 'Chlorophyll' })
    for (const text of [
      'Chlorophyll',
      'chl (mg m⁻³)',
      '200 m',
      'no data',
      '600\u2009200',
      'EPSG:32632, 60 x 40 pixels of 10 m',
    ]) {
      expect(found, text).toContain(text)
    }
    expect(found).toContain('ends: 2 % and 98 %')
  })

  it('is SVG and PNG of one size', async () => {
    const picture = await plot(cubeOf({ value: ndvi }), { title: 'a < b & c' })
    const svg = picture.svg()
    expect(svg).toContain(`width="${picture.width}" height="${picture.height}"`)
    expect(svg).toContain('a &lt; b &amp; c')
    expect(svg.match(/data:image\/png;base64,/g)!.length).toBe(2)
    expect(pngSize(picture.png())).toEqual([2 * picture.width, 2 * picture.height])
    expect(pngSize(picture.png(1))).toEqual([picture.width, picture.height])
  })

  it('parts the colours at 0 where values lie on both sides', async () => {
    const { drawing } = await plot(cubeOf({ value: (_t, _b, _y, x) => (x - 30) / 30 }), { percentileStretch: [0, 100] })
    const [map] = images(drawing.shapes)
    const at = (x: number) => [...map!.rgba.slice(4 * x, 4 * x + 3)]
    const table = rampTable('balance')
    expect(at(30)).toEqual([...table.slice(3 * 128, 3 * 128 + 3)])
    expect(at(0)).toEqual([...table.slice(0, 3)])
  })

  it('of degrees has degrees and the shape of the ground', async () => {
    const degrees = { crs: parseCrs('EPSG:4326'), affine: [0.1, 0, 10, 0, -0.1, 62], width: 40, height: 40 } as const
    const { drawing } = await plot(cubeOf({ grid: degrees, value: ndvi }))
    const [map] = images(drawing.shapes)
    expect(map!.height / map!.width).toBeCloseTo(2, 1)
    const all = drawing.shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []))
    expect(all).toContain('60° N')
    expect(all.some((text) => text.endsWith('° E'))).toBe(true)
  })

  it('has north up and east right, however rows and columns run', async () => {
    const value = (_t: number, _b: number, y: number, x: number): number => 100 * y + x
    const mirrored = { ...grid, affine: [-10, 0, 600600, 0, 10, 5199600] as const }
    const [usual, turned] = await Promise.all([
      plot(cubeOf({ value: (t, b, y, x) => value(t, b, 39 - y, 59 - x) })),
      plot(cubeOf({ grid: mirrored, value })),
    ])
    expect(turned.drawing.shapes).toEqual(usual.drawing.shapes)
  })

  it('of the world names longitudes from -180 to 180, and has no scale bar', async () => {
    const world = { crs: parseCrs('EPSG:4326'), affine: [6, 0, 0, 0, -4.5, 90] as const, width: 60, height: 40 }
    const found = await texts(cubeOf({ grid: world, value: ndvi }))
    for (const text of ['0°', '90° E', '180°', '90° W', '90° N', '90° S']) expect(found).toContain(text)
    expect(found.filter((text) => text.endsWith('km'))).toEqual([])
  })

  it('without a value, or of one value, tells of no others', async () => {
    const empty = await texts(cubeOf({ value: () => Number.NaN }))
    expect(empty).toContain('no data')
    expect(empty.filter((text) => text.startsWith('ends') || text === '0.5')).toEqual([])
    const bands = ['red', 'green', 'blue'].map((role) => ({ name: role, role }))
    expect((await texts(cubeOf({ bands, value: () => Number.NaN }))).filter((text) => text.startsWith('ends'))).toEqual(
      [],
    )
    expect(await texts(cubeOf({ value: () => 5 }))).toContain('5 everywhere')
    expect(await texts(cubeOf({ value: () => -1e12 }))).toContain('−1e12 everywhere')
  })

  it('of a rotated grid counts pixels', async () => {
    const rotated = { ...grid, affine: [7, 7, 600000, 7, -7, 5200000] as const }
    expect((await texts(cubeOf({ grid: rotated, value: ndvi }))).some((text) => text.endsWith('rotated'))).toBe(true)
  })
})

describe('small multiples', () => {
  it('have a panel and a date each, one legend, coordinates at the edges only', async () => {
    const node = cubeOf({ dates: DATES, bands: [{ name: 'NDVI' }], value: ndvi })
    const { drawing } = await plot(node, { title: 'NDVI' })
    expect(images(drawing.shapes)).toHaveLength(4)
    const found = drawing.shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []))
    for (const text of ['2020-06-01', '2020-06-11 10:20', '2020-06-21']) expect(found).toContain(text)
    expect(found.filter((text) => text === '5\u2009199\u2009800')).toHaveLength(1)
  })

  it('stand in rows of about the same length', async () => {
    const dates = Array.from({ length: 12 }, (_, i) => `2020-06-${String(i + 1).padStart(2, '0')}`)
    const { drawing } = await plot(cubeOf({ dates, value: ndvi }))
    const columns = new Set(
      images(drawing.shapes)
        .slice(0, 12)
        .map(({ x }) => x),
    )
    expect(columns.size).toBe(4)
  })

  it('tell that they are a choice', async () => {
    const dates = Array.from({ length: 30 }, (_, i) => `2020-06-${String(i + 1).padStart(2, '0')}T00:00:00Z`)
    const found = await texts(cubeOf({ dates, value: ndvi }), { maxPanels: 6, title: 'x' })
    expect(found).toContain('6 of 30 dates')
  })
})

describe('classes', () => {
  const packing = { dtype: 'uint8', nodata: 255, scale: 1, offset: 0 } as const

  it('have their names and shares', async () => {
    const node = cubeOf({ bands: [{ name: 'SCL' }], packing, value: (_t, _b, _y, x) => (x < 45 ? 4 : 6) })
    const found = await texts(node)
    for (const text of ['vegetation', '75 %', 'water', '25 %']) expect(found).toContain(text)
  })

  it('are taken from the band, from options, or not at all', async () => {
    const named = cubeOf({
      bands: [
        {
          name: 'cover',
          classes: [
            { value: 0, name: 'forest' },
            { value: 1, name: 'field' },
          ],
        },
      ],
      packing,
      value: (_t, _b, _y, x) => x % 2,
    })
    expect(await texts(named)).toContain('forest')
    const given = await texts(named, { classes: [{ value: 1, name: 'meadow', colour: '#00ff00' }] })
    expect(given).toContain('meadow')
    expect(await texts(named, { classes: false })).toContain('ends: 2 % and 98 %')
    const twice = [
      { value: 1, name: 'a' },
      { value: 1, name: 'b' },
    ]
    await expect(plot(named, { classes: twice })).rejects.toMatchObject({ tag: 'BadClasses' })
  })

  it('of booleans are yes and no', async () => {
    const mask = cubeOf({ packing: { ...packing, isBoolean: true }, value: (_t, _b, _y, x) => (x > 9 ? 1 : 0) })
    expect(await texts(mask)).toEqual(expect.arrayContaining(['no', 'yes']))
  })
})

describe('true colour', () => {
  it('is stretched by channel', async () => {
    const bands = [
      { name: 'B04', role: 'red' },
      { name: 'B03', role: 'green' },
      { name: 'B02', role: 'blue' },
    ]
    const { drawing } = await plot(cubeOf({ bands, value: (_t, b, y, x) => 1000 * b + (b === 0 ? x : y) }), {
      percentileStretch: [0, 100],
    })
    const [map] = images(drawing.shapes)
    expect([...map!.rgba.slice(0, 4)]).toEqual([0, 0, 0, 255])
    expect([...map!.rgba.slice(-4)]).toEqual([255, 255, 255, 255])
    expect(drawing.shapes.some((shape) => shape.kind === 'text' && shape.text === 'red: B04')).toBe(true)
  })
})

describe('cubes without x and y', () => {
  it('are lines over time', async () => {
    const bands = [{ name: 'a' }, { name: 'b' }]
    const schema = {
      dims: [
        { type: 'temporal', name: 't', labels: DATES, calendar: 'standard' },
        { type: 'bands', name: 'bands', labels: ['a', 'b'], bands },
      ],
      packing: { dtype: 'float32', scale: 1, offset: 0 },
      unit: 'm2',
    } as const
    const node = memorySource(Float32Array.of(1, 2, 3, Number.NaN, 5, 6), schema, 'lakes')
    const found = await texts(node)
    for (const text of ['lakes', 'a', 'b', 'm²', '2020-06-01']) expect(found).toContain(text)
  })

  const series = (labels: readonly string[], value: (t: number) => number): CubeNode =>
    memorySource(
      Float64Array.from(labels, (_, t) => value(t)),
      {
        dims: [
          { type: 'temporal', name: 't', labels, calendar: 'standard' },
          { type: 'bands', name: 'bands', labels: ['level'], bands: [{ name: 'level', unit: 'm' }] },
        ],
        packing: { dtype: 'float64', scale: 1, offset: 0 },
      },
      'lake',
    )
  const days = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => new Date(Date.UTC(2019, 10, 20 + i)).toISOString().replace('.000Z', 'Z'))

  it('name their one band, and round months or years where the dates are many', async () => {
    const found = await texts(series(days(300), (t) => t))
    expect(found).toContain('level (m)')
    expect(found).toEqual(expect.arrayContaining(['2019-12', '2020-01', '2020-09']))
    const years = await texts(series(days(9000), (t) => t))
    expect(years).toEqual(expect.arrayContaining(['2020', '2040']))
    expect(years.filter((text) => /^2\d{3}-/.test(text))).toEqual([])
  })

  it('say where nothing is known, and leave out what lies beside a given range', async () => {
    expect(await texts(series(days(5), () => Number.NaN))).toContain('no data')
    const { drawing } = await plot(
      series(days(5), (t) => 10 * t),
      { range: [0, 25] },
    )
    const lines = drawing.shapes.flatMap((shape) =>
      shape.kind === 'line' && shape.strokeWidth === 1.8 ? [shape.points] : [],
    )
    expect(lines.map((points) => points.length)).toEqual([6])
  })
})

describe('vector cubes without dates', () => {
  const square = (x: number, side: number) => ({
    type: 'Polygon' as const,
    coordinates: [[[x, 0], [x + side, 0], [x + side, side], [x, side], [x, 0]]], // biome-ignore format: a square
  })
  const geometries: readonly (Geometry | null)[] = [
    square(0, 100),
    square(200, 100),
    square(350, 0.01),
    { type: 'Point', coordinates: [400, 50] },
    null,
  ]
  const zones = (shown = geometries): CubeNode => {
    const crs = parseCrs('EPSG:32632')
    const features = { crs, label: 'zones', features: shown.map((geometry) => ({ geometry, properties: {} })) }
    const labels = shown.map((_, i) => i)
    return memorySource(
      Int16Array.from(shown.flatMap((_, i) => [7, i === 1 ? -1 : 10 * i])),
      {
        dims: [
          { type: 'geometry', name: 'geometry', labels, features },
          { type: 'bands', name: 'bands', labels: ['other', 'level'], bands: [{ name: 'other' }, { name: 'level' }] },
        ],
        packing: { dtype: 'int16', scale: 0.1, offset: 1, nodata: -1 },
      },
      'zones',
    )
  }

  it('are maps of their features, small ones and points too', async () => {
    const { drawing } = await plot(zones(), { band: 'level', classes: false, range: [1, 5] })
    const [map] = images(drawing.shapes)
    const colours = new Map<string, number>()
    for (let i = 0; i < map!.rgba.length; i += 4) {
      const key = [...map!.rgba.slice(i, i + 4)].join()
      colours.set(key, (colours.get(key) ?? 0) + 1)
    }
    const ramp = (share: number) =>
      [
        ...rampTable('viridis')
          .slice(3 * Math.round(255 * share))
          .slice(0, 3),
        255,
      ].join()
    // The first square, the tiny one, the point; what is missing is clear, as is the ground.
    expect(new Set(colours.keys())).toEqual(new Set(['0,0,0,0', ramp(0), ramp(0.5), ramp(0.75)]))
    expect(colours.get(ramp(0))! / (560 / 1.06 / 4) ** 2).toBeCloseTo(1, 1)
    expect(colours.get(ramp(0.75))).toBeGreaterThan(20)
    const found = drawing.shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []))
    expect(found).toContain('EPSG:32632, 5 features')
    expect(found).toContain('level')
  })

  it('without a geometry are no picture', async () => {
    await expect(plot(zones([null, null]))).rejects.toMatchObject({ tag: 'NotDrawable' })
  })
})

describe('ramps', () => {
  it.each(['viridis', 'cividis', 'magma', 'grey', 'balance'] as const)(
    '%s rise in lightness, so that grey prints tell the same',
    (name) => {
      const table = rampTable(name)
      const lightness = Array.from(
        { length: 256 },
        (_, i) => toOklab([table[3 * i]!, table[3 * i + 1]!, table[3 * i + 2]!])[0],
      )
      for (let i = 8; i < 256; i += 8) expect(lightness[i], `${i}`).toBeGreaterThan(lightness[i - 8]!)
    },
  )
})

describe('letters', () => {
  it('are there for what titles and units need', () => {
    const text =
      'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:;-+=/\\()[]{}<>%*_\'"`!?&#@$^~|°×−–—·…²³¹⁻µß'
    const box = JSON.stringify(textStrokes('\u2426', 10))
    for (const letter of text) expect(JSON.stringify(textStrokes(letter, 10)), letter).not.toBe(box)
    expect(JSON.stringify(textStrokes('漢', 10))).toBe(box)
    expect(textStrokes('ä', 10).length).toBe(textStrokes('a', 10).length + 2)
    expect(textWidth('ä', 10)).toBe(textWidth('a', 10))
    expect(textWidth('ab', 20)).toBeCloseTo(2 * textWidth('ab', 10), 10)
  })

  it('leave ink where they stand', () => {
    const drawing = {
      width: 40,
      height: 20,
      background: '#ffffff',
      alt: '',
      shapes: [{ kind: 'text', x: 4, y: 15, text: 'Hg', size: 14, fill: '#000000' } as const],
    }
    const png = Buffer.from(pngOf(drawing, 1))
    const at = png.indexOf('IDAT') + 4
    const rows = inflateSync(png.subarray(at, at + png.readUInt32BE(at - 8)))
    expect(new Set(rows).size).toBeGreaterThan(8)
  })
})
