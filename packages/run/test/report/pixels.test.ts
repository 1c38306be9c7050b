import { classColours, inkOn, lineColour, rampColour, rampTable, rgbOf } from '@ecotope/cube'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toOklab } from '../../../cube/src/picture/colour.ts'
import { classQuicklook, encodePng, errorRaster, quicklook, type RampName } from '../../src/report/index.ts'
import { mapView, scaleBar } from '../../src/report/page.ts'
import { paint } from '../../src/report/paint.ts'
import { memoryCubeOf, memoryGrid } from './cube.ts'
import { decodePng } from './png.ts'

describe('encodePng', () => {
  test('gives back any pixels', () => {
    const shape = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
    const picture = shape.chain(([w, h]) =>
      fc.tuple(fc.constant(w), fc.constant(h), fc.uint8Array({ minLength: 4 * w * h, maxLength: 4 * w * h })),
    )
    fc.assert(
      fc.property(picture, ([width, height, rgba]) => {
        const back = decodePng(encodePng(width, height, rgba))
        expect([back.width, back.height]).toEqual([width, height])
        for (let i = 0; i < rgba.length; i += 4) {
          if (rgba[i + 3] === 0) expect(back.rgba[i + 3]).toBe(0)
          else expect(back.rgba.subarray(i, i + 4)).toEqual(rgba.subarray(i, i + 4))
        }
      }),
    )
  })

  test('indexes few colours and filters many', () => {
    const few = Uint8Array.from({ length: 400 }, (_, i) => (i % 4 === 3 ? 255 : (i >> 4) % 3))
    expect(decodePng(encodePng(10, 10, few)).indexed).toBe(true)
    const smooth = Uint8Array.from({ length: 4 * 64 * 64 }, (_, i) => {
      const [x, y] = [(i >> 2) % 64, (i >> 2) >> 6]
      return [x * 4, y * 4, x + y, 255][i % 4]!
    })
    const png = encodePng(64, 64, smooth)
    expect(decodePng(png)).toMatchObject({ indexed: false, rgba: smooth })
    expect(png.length).toBeLessThan(1500)
  })

  test('a wrong size is told', () => {
    expect(() => encodePng(2, 2, new Uint8Array(15))).toThrow(/no picture of 2 x 2/)
  })
})

describe('colours', () => {
  const monotone: RampName[] = ['viridis', 'magma', 'cividis', 'grey', 'ember', 'dusk']

  test.each(monotone)('the ramp %s changes lightness steadily, so that it survives grey print', (name) => {
    const table = rampTable(name)
    const lightness = Array.from(
      { length: 256 },
      (_, i) => toOklab([table[3 * i]!, table[3 * i + 1]!, table[3 * i + 2]!])[0],
    )
    const direction = Math.sign(lightness[255]! - lightness[0]!)
    for (let i = 8; i < 256; i += 8) expect(direction * (lightness[i]! - lightness[i - 8]!)).toBeGreaterThan(0)
    expect(Math.abs(lightness[255]! - lightness[0]!)).toBeGreaterThan(0.5)
  })

  test('ramps meet their anchors and stay in range', () => {
    expect(rampColour('viridis', 0)).toBe('#440154')
    expect(rampColour('viridis', 2)).toBe('#fde725')
    expect(rampColour('diverging', 0.5)).toMatch(/^#f[0-9a-f]f[0-9a-f]e[0-9a-f]$/)
  })

  test('classes have distinct colours, however many', () => {
    const colours = classColours(Array.from({ length: 24 }, (_, c) => ({ name: `class ${c}` })))
    expect(new Set(colours).size).toBe(24)
    for (const colour of colours) expect(colour).toMatch(/^#[0-9a-f]{6}$/)
    expect(
      classColours([
        { name: 'a', colour: '#123456' },
        { name: 'b', colour: 'blue' },
      ]),
    ).toEqual(['#123456', '#c8502d'])
  })

  test('lines are visible on white and black, ink on any colour', () => {
    for (const colour of ['#ffffff', '#000000', '#efe9dd', '#3c3a4a', '#ff0000']) {
      const lightness = toOklab(rgbOf(lineColour(colour)))[0]
      expect(lightness).toBeGreaterThan(0.4)
      expect(lightness).toBeLessThan(0.72)
    }
    expect([inkOn('#ffffff'), inkOn('#00224e')]).toEqual(['#111111', '#ffffff'])
  })
})

describe('paint', () => {
  test('classes, ramps and missing values', () => {
    const classes = [
      { name: 'a', colour: '#010203' },
      { name: 'b', colour: '#040506' },
    ]
    const raster = { kind: 'classes', width: 3, height: 1, data: Int16Array.from([1, -1, 255]), classes } as const
    expect(Array.from(paint(raster))).toEqual([4, 5, 6, 255, 0, 0, 0, 0, 0, 0, 0, 0])
    const ramp = {
      kind: 'ramp',
      width: 3,
      height: 1,
      data: Float32Array.from([-9, Number.NaN, 9]),
      range: [0, 1],
      legend: '',
    } as const
    expect(Array.from(paint(ramp))).toEqual([0x44, 0x01, 0x54, 255, 0, 0, 0, 0, 0xfd, 0xe7, 0x25, 255])
  })

  test('errors: four kinds for two classes, two for more, nothing without reference', () => {
    const two = [{ name: 'other' }, { name: 'scar' }]
    const raster = (data: number[], classes = two) => ({
      kind: 'classes' as const,
      width: 5,
      height: 1,
      data: Int16Array.from(data),
      classes,
    })
    const error = errorRaster(raster([0, 1, 1, 0, 1]), raster([0, 1, 0, 1, -1]))!
    expect(Array.from(error.data)).toEqual([0, 1, 2, 3, -1])
    const three = [...two, { name: 'river' }]
    const many = errorRaster(raster([0, 1, 2, 0, 255], three), raster([0, 2, 2, 1, 0], three))!
    expect(Array.from(many.data)).toEqual([0, 1, 0, 1, -1])
    expect(many.classes.length).toBe(2)
    expect(errorRaster(raster([0, 0, 0, 0, 0]), { ...raster([0]), width: 1 })).toBeUndefined()
  })
})

test('scale bars are round and at most a third of the view', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 1000, noNaN: true }),
      fc.integer({ min: 20, max: 768 }),
      (metresPerPixel, width) => {
        const bar = scaleBar(metresPerPixel, width)
        expect(bar.share).toBeLessThanOrEqual(1 / 3 + 1e-9)
        expect(bar.share).toBeGreaterThan(0.12)
        expect(bar.metres / (metresPerPixel * width)).toBeCloseTo(bar.share, 12)
        expect(Number(bar.metres.toPrecision(1))).toBeCloseTo(bar.metres, 9)
      },
    ),
  )
  const view = {
    kind: 'ramp',
    width: 300,
    height: 100,
    data: new Float32Array(30_000),
    range: [0, 1],
    legend: 'x',
  } as const
  expect(mapView({ ...view, metresPerPixel: 10, northDeg: -12.3 }, { alt: 'a map' }).text).toContain('rotate(-12.3deg)')
  expect(mapView(view, { alt: 'a map' }).text).not.toContain('class="scale"')
})

describe('quicklook', () => {
  test('averages blocks without what is missing, and reads in pieces', async () => {
    const values = Float32Array.from([
      1,
      3,
      5,
      Number.NaN,
      1,
      3,
      5,
      7,
      Number.NaN,
      Number.NaN,
      2,
      2,
      Number.NaN,
      Number.NaN,
      2,
      2,
    ])
    const { cube, windows } = memoryCubeOf(values, ['height'], memoryGrid(4, 4))
    const view = await quicklook(cube, { maxSize: 2, range: [0, 10] })
    expect(view).toMatchObject({
      kind: 'ramp',
      width: 2,
      height: 2,
      metresPerPixel: 20,
      range: [0, 10],
      legend: 'height',
    })
    expect(Array.from(view.data)).toEqual([2, expect.closeTo(17 / 3, 5), Number.NaN, 2])
    expect(windows.length).toBe(1)
  })

  test('a large cube is never asked for more than a piece', async () => {
    const { cube, windows } = memoryCubeOf(new Float32Array(1300 * 700), ['a'], memoryGrid(1300, 700))
    const view = await quicklook(cube, { maxSize: 130 })
    expect([view.width, view.height]).toEqual([130, 70])
    for (const w of windows) expect(w.width * w.height).toBeLessThanOrEqual(512 * 512)
    expect(windows.reduce((s, w) => s + w.width * w.height, 0)).toBe(1300 * 700)
  })

  test('three bands by role become red, green, blue, stretched; missing is transparent', async () => {
    const values = Float32Array.from([0, 10, 20, 30, 0, 1, 2, 3, 5, 5, 5, Number.NaN])
    const { cube } = memoryCubeOf(values, ['blue', 'green', 'red'], memoryGrid(2, 2), true)
    const view = await quicklook(cube, { percentileStretch: [0, 100] })
    expect(view.kind).toBe('rgb')
    expect(view.legend).toContain('red, green, blue')
    expect(view.data[3]).toBe(255)
    expect(view.data[15]).toBe(0)
    expect(view.data[2]).toBe(0)
    const chosen = await quicklook(cube, { bands: ['green'] })
    expect(chosen).toMatchObject({ kind: 'ramp', legend: 'green' })
    await expect(quicklook(cube, { bands: ['nir'] })).rejects.toThrow(/no band nir/)
    await expect(quicklook(cube, { bands: [0, 1] })).rejects.toThrow(/one or three/)
  })

  test('classes keep their values; what is outside is none', async () => {
    const { cube } = memoryCubeOf(Float32Array.from([0, 1, 2, Number.NaN]), ['class'], memoryGrid(2, 2))
    const view = await classQuicklook(cube, [{ name: 'a' }, { name: 'b' }])
    expect(Array.from(view.data)).toEqual([0, 1, -1, -1])
    const large = memoryCubeOf(
      Float32Array.from({ length: 1024 * 600 }, (_, i) => (i % 1024 < 512 ? 0 : 1)),
      ['class'],
      memoryGrid(1024, 600),
    )
    const small = await classQuicklook(large.cube, [{ name: 'a' }, { name: 'b' }], { maxSize: 4 })
    expect(Array.from(small.data.subarray(0, 4))).toEqual([0, 0, 1, 1])
  })

  test('knows north and the ground', async () => {
    const turned = memoryGrid(4, 4, [0, 10, 0, 10, 0, 0])
    const { cube } = memoryCubeOf(new Float32Array(16), ['a'], turned)
    // Columns run north here, so north is to the right.
    expect((await quicklook(cube)).northDeg).toBeCloseTo(90, 6)
    const degrees = memoryCubeOf(new Float32Array(16), ['a'], {
      ...memoryGrid(4, 4, [0.001, 0, 10, 0, -0.001, 60]),
      crs: {
        code: 'OGC:CRS84',
        name: 'longitude, latitude',
        proj4: '+proj=longlat',
        unit: 'degree',
        isGeographic: true,
      },
    })
    expect((await quicklook(degrees.cube)).metresPerPixel).toBeCloseTo(55.66, 1)
    await expect(quicklook(cube, { signal: AbortSignal.abort() })).rejects.toThrow(/cancelled/)
  })
})
