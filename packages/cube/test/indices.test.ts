/** Band indices: formulas at known reflectances, roles from names, what users hear when bands are missing. */
import { InputError } from '@ecotope/core'
import { describe, expect, it } from 'vitest'
import { parseCrs } from '../src/crs/crs.ts'
import { type BandIndexName, bandIndex, bandIndices, rolesOf } from '../src/indices.ts'
import type { Band, BandCube } from '../src/types.ts'

// A vigorous canopy, reflectance per role.
const CANOPY = { blue: 0.03, green: 0.08, red: 0.04, redEdge: 0.16, nir: 0.45, swir1: 0.2, swir2: 0.1 }

/** Two pixels: the canopy, and nothing. */
function cubeOf(bands: readonly Band[], values: readonly number[]): BandCube {
  const crs = parseCrs('EPSG:32632')
  const read = async (): Promise<Float32Array<ArrayBuffer>> => Float32Array.from(values.flatMap((v) => [v, Number.NaN]))
  return {
    dims: ['bands', 'y', 'x'],
    bands,
    grid: { crs, affine: [1, 0, 0, 0, -1, 0], width: 2, height: 1 },
    label: 'scene',
    read,
  }
}
const canopy = cubeOf(
  Object.keys(CANOPY).map((name) => ({ name })),
  Object.values(CANOPY),
)
const pixels = { column: 0, row: 0, width: 2, height: 1 }

// Worked by hand from the published formulas.
const EXPECTED: Readonly<Record<BandIndexName, number>> = {
  ndvi: 0.41 / 0.49,
  gndvi: 0.37 / 0.53,
  ndre: 0.29 / 0.61,
  ndwi: -0.37 / 0.53,
  mndwi: -0.12 / 0.28,
  ndmi: 0.25 / 0.65,
  ndsi: -0.12 / 0.28,
  nbr: 0.35 / 0.55,
  ndbi: -0.25 / 0.65,
  evi: (2.5 * 0.41) / (0.45 + 0.24 - 0.225 + 1),
  evi2: (2.5 * 0.41) / (0.45 + 0.096 + 1),
  savi: (1.5 * 0.41) / 0.99,
  msavi: (1.9 - Math.sqrt(3.61 - 3.28)) / 2,
  bsi: (0.24 - 0.48) / 0.72,
  brightness: 0.05,
}

describe('bandIndex', () => {
  for (const [name, value] of Object.entries(EXPECTED)) {
    it(name, async () => {
      const cube = bandIndex(canopy, name)
      const out = await cube.read(pixels)
      expect(out[0]).toBeCloseTo(value, 5)
      expect(out[1]).toBeNaN()
      expect(cube.bands[0]!.name).toBe(name)
      expect(bandIndices[name as BandIndexName].source).not.toBe('')
    })
  }

  it('is missing where the denominator is 0', async () => {
    const dark = cubeOf([{ name: 'red' }, { name: 'nir' }], [0, 0])
    expect((await bandIndex(dark, 'NDVI').read(pixels))[0]).toBeNaN()
  })

  it('takes roles that are given', async () => {
    const cube = cubeOf([{ name: 'Band 1' }, { name: 'Band 2' }], [0.1, 0.3])
    const out = await bandIndex(cube, 'ndvi', { roles: { red: 'Band 1', nir: 'Band 2' } }).read(pixels)
    expect(out[0]).toBeCloseTo(0.5, 6)
  })

  it('lists the bands when some are missing, and suggests names', () => {
    const cube = cubeOf([{ name: 'Band 1' }, { name: 'red' }], [0, 0])
    try {
      bandIndex(cube, 'bsi')
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(InputError)
      expect((error as InputError).message).toMatch(/bsi needs swir1 and nir and blue/)
      expect((error as InputError).hint).toMatch(/Band 1, red \(red\)/)
    }
    expect(() => bandIndex(canopy, 'ndvy')).toThrow(expect.objectContaining({ hint: expect.stringMatching(/"ndvi"/) }))
  })

  it('warns once when a formula for reflectance meets counts', async () => {
    const counts = cubeOf([{ name: 'red' }, { name: 'nir' }, { name: 'blue' }], [400, 4500, 300])
    const heard: string[] = []
    const onWarning = ({ tag }: { tag: string }): void => void heard.push(tag)
    const evi = bandIndex(counts, 'evi')
    await evi.read(pixels, { onWarning })
    await evi.read(pixels, { onWarning })
    await bandIndex(counts, 'ndvi').read(pixels, { onWarning })
    expect(heard).toEqual(['NotReflectance'])
  })
})

describe('rolesOf', () => {
  const roles = (...names: string[]): (string | undefined)[] => rolesOf(names.map((name) => ({ name })))

  it.each([
    [
      ['Blue', 'GREEN', 'red', 'Red_Edge', 'NIR'],
      ['blue', 'green', 'red', 'redEdge', 'nir'],
    ],
    [
      ['B02', 'B03', 'B04', 'B08'],
      ['blue', 'green', 'red', 'nir'],
    ],
    [
      ['B2', 'B3', 'B8A', 'B11', 'B12'],
      ['blue', 'green', 'nirNarrow', 'swir1', 'swir2'],
    ],
    [
      ['SR_B2', 'SR_B3', 'SR_B4', 'SR_B5', 'SR_B6', 'SR_B7'],
      ['blue', 'green', 'red', 'nir', 'swir1', 'swir2'],
    ],
    [
      ['SR_B1', 'SR_B2', 'SR_B3', 'SR_B4', 'SR_B5', 'SR_B7'],
      ['blue', 'green', 'red', 'nir', 'swir1', 'swir2'],
    ],
    // Red, near and shortwave infrared of Landsat 5, or green, red and near infrared of Landsat 8.
    [
      ['SR_B3', 'SR_B4', 'SR_B5'],
      [undefined, undefined, undefined],
    ],
    // Landsat 8 at the top of the atmosphere, HLS of Landsat.
    [['B2', 'B3', 'B4', 'B5', 'B8', 'B9', 'B10', 'B11'], Array<undefined>(8).fill(undefined)],
    [['B03', 'B04', 'B05', 'B06', 'B09', 'B10', 'B11'], Array<undefined>(7).fill(undefined)],
    // SuperDove.
    [
      ['coastal_blue', 'blue', 'green_i', 'green', 'yellow', 'red', 'rededge', 'nir'],
      ['coastal', 'blue', undefined, 'green', 'yellow', 'red', 'redEdge', 'nir'],
    ],
    [
      ['Band 1', 'Band 2', 'B1', 'x'],
      [undefined, undefined, undefined, undefined],
    ],
  ])('%j', (names, expected) => {
    expect(roles(...names)).toEqual(expected)
  })

  it('believes what a band states before its name', () => {
    expect(
      rolesOf([
        { name: 'red', role: 'nir' },
        { name: 'Band 2', description: 'near infrared' },
      ]),
    ).toEqual(['nir', 'nir'])
  })
})
