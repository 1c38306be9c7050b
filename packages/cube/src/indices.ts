/** Band indices by name: formulas over band roles, with their sources. Lazy; computed where and when they are read. */
import { InputError, nearest } from '@ecotope/core'
import { roleOf } from './roles.ts'
import type { Band, BandCube } from './types.ts'

interface IndexRule {
  readonly title: string
  readonly roles: readonly string[]
  /** The index from the roles' values in that order. */
  readonly of: (...values: number[]) => number
  /** Constants in the formula that hold for reflectance in [0, 1] only. */
  readonly needsReflectance?: boolean
  readonly source: string
}

const normalised = (a: number, b: number): number => (a - b) / (a + b)
const difference = (title: string, roles: readonly [string, string], source: string): IndexRule => ({
  title,
  roles,
  of: (a = 0, b = 0) => normalised(a, b),
  source,
})

const INDICES = {
  ndvi: difference('Normalised difference vegetation index', ['nir', 'red'], 'Rouse et al. 1974, NASA SP-351'),
  gndvi: difference('Green NDVI', ['nir', 'green'], 'Gitelson et al. 1996, doi:10.1016/S0034-4257(96)00072-7'),
  ndre: difference(
    'Normalised difference red edge',
    ['nir', 'redEdge'],
    'Gitelson and Merzlyak 1994, doi:10.1016/S0176-1617(11)81633-0',
  ),
  ndwi: difference(
    'Normalised difference water index',
    ['green', 'nir'],
    'McFeeters 1996, doi:10.1080/01431169608948714',
  ),
  mndwi: difference('Modified NDWI', ['green', 'swir1'], 'Xu 2006, doi:10.1080/01431160600589179'),
  ndmi: difference(
    'Normalised difference moisture index',
    ['nir', 'swir1'],
    'Gao 1996, doi:10.1016/S0034-4257(96)00067-3',
  ),
  ndsi: difference(
    'Normalised difference snow index',
    ['green', 'swir1'],
    'Hall et al. 1995, doi:10.1016/0034-4257(95)00137-P',
  ),
  nbr: difference('Normalised burn ratio', ['nir', 'swir2'], 'Key and Benson 2006, USDA RMRS-GTR-164'),
  ndbi: difference(
    'Normalised difference built-up index',
    ['swir1', 'nir'],
    'Zha et al. 2003, doi:10.1080/01431160304987',
  ),
  evi: {
    title: 'Enhanced vegetation index',
    roles: ['nir', 'red', 'blue'],
    of: (nir = 0, red = 0, blue = 0) => (2.5 * (nir - red)) / (nir + 6 * red - 7.5 * blue + 1),
    needsReflectance: true,
    source: 'Huete et al. 2002, doi:10.1016/S0034-4257(02)00096-2',
  },
  evi2: {
    title: 'Two-band enhanced vegetation index',
    roles: ['nir', 'red'],
    of: (nir = 0, red = 0) => (2.5 * (nir - red)) / (nir + 2.4 * red + 1),
    needsReflectance: true,
    source: 'Jiang et al. 2008, doi:10.1016/j.rse.2008.06.006',
  },
  savi: {
    title: 'Soil-adjusted vegetation index (L = 0.5)',
    roles: ['nir', 'red'],
    of: (nir = 0, red = 0) => (1.5 * (nir - red)) / (nir + red + 0.5),
    needsReflectance: true,
    source: 'Huete 1988, doi:10.1016/0034-4257(88)90106-X',
  },
  msavi: {
    title: 'Modified soil-adjusted vegetation index (MSAVI2)',
    roles: ['nir', 'red'],
    of: (nir = 0, red = 0) => (2 * nir + 1 - Math.sqrt((2 * nir + 1) ** 2 - 8 * (nir - red))) / 2,
    needsReflectance: true,
    source: 'Qi et al. 1994, doi:10.1016/0034-4257(94)90134-1',
  },
  bsi: {
    title: 'Bare soil index',
    roles: ['swir1', 'red', 'nir', 'blue'],
    of: (swir = 0, red = 0, nir = 0, blue = 0) => normalised(swir + red, nir + blue),
    source: 'Rikimaru et al. 2002, Tropical Ecology 43(1)',
  },
  brightness: {
    title: 'Mean of the visible bands',
    roles: ['blue', 'green', 'red'],
    of: (blue = 0, green = 0, red = 0) => (blue + green + red) / 3,
    source: 'plain mean',
  },
} as const satisfies Record<string, IndexRule>

export type BandIndexName = keyof typeof INDICES

/** Names of all band indices with title, roles needed and source. */
export const bandIndices: Readonly<Record<BandIndexName, Omit<IndexRule, 'of'>>> = INDICES

/** Roles of numbered bands, per sensor. */
const SENSORS = {
  sentinel2: {
    B1: 'coastal',
    B2: 'blue',
    B3: 'green',
    B4: 'red',
    B5: 'redEdge',
    B6: 'redEdge2',
    B7: 'redEdge3',
    B8: 'nir',
    B8A: 'nirNarrow',
    B9: 'waterVapour',
    B11: 'swir1',
    B12: 'swir2',
  },
  landsat8: { B1: 'coastal', B2: 'blue', B3: 'green', B4: 'red', B5: 'nir', B6: 'swir1', B7: 'swir2', B10: 'thermal' },
  landsat5: { B1: 'blue', B2: 'green', B3: 'red', B4: 'nir', B5: 'swir1', B6: 'thermal', B7: 'swir2' },
} as const satisfies Record<string, Record<string, string>>

type Sensor = keyof typeof SENSORS

/** `B04`, `b4`, `SR_B4`, `B4_MEAN` → `B4`; undefined for other names. */
function numberOf(name: string): string | undefined {
  const match = /^(?:S2_|SR_|TOA_)?B0?(\d{1,2}A?)(?:_\w+)?$/i.exec(name.trim())
  return match === null ? undefined : `B${match[1]!.toUpperCase()}`
}

/** The sensor whose numbering the names follow; undefined where they leave it open, for a wrong guess goes unseen. */
function sensorOf(names: readonly string[]): Sensor | undefined {
  const numbers = new Set(names.map(numberOf).filter((n) => n !== undefined))
  const has = (...wanted: readonly string[]): boolean => wanted.every((n) => numbers.has(n))
  // Surface reflectance of Landsat: only 8 and 9 have a band 6, only 4 to 7 lack it between the others.
  if (names.some((name) => /^SR_B/i.test(name.trim())))
    return has('B6') ? 'landsat8' : has('B1', 'B2', 'B3', 'B4', 'B5', 'B7') ? 'landsat5' : undefined
  if (has('B8A') || has('B12')) return 'sentinel2'
  // Landsat 8 has bands 8 (panchromatic), 9, 10 and 11 (thermal), too; HLS pads its numbers alike.
  const padded = names.some((name) => /^(S2_)?B0\d$/i.test(name.trim()))
  return (padded || has('B8') || has('B11')) && !has('B9') && !has('B10') ? 'sentinel2' : undefined
}

/**
 * Role of every band, by position: what the band states, else what its name says (`red`, `NIR`, `B08`, `SR_B4`). Bare
 * numbers such as `Band 3` say nothing without a sensor and give undefined.
 */
export function rolesOf(bands: readonly Band[]): (string | undefined)[] {
  const sensor = sensorOf(bands.map((band) => band.name))
  return bands.map((band) => {
    const said =
      band.role ?? roleOf(band.name) ?? (band.description === undefined ? undefined : roleOf(band.description))
    if (said !== undefined || sensor === undefined) return said
    const table: Readonly<Record<string, string>> = SENSORS[sensor]
    return table[numberOf(band.name) ?? '']
  })
}

export interface BandIndexOptions {
  /** Band names by role, where names do not tell: `{ nir: 'Band 5', red: 'Band 3' }`. */
  readonly roles?: Readonly<Record<string, string>>
}

function isIndex(name: string): name is BandIndexName {
  return Object.hasOwn(INDICES, name)
}

/** Positions of the bands that an index needs. */
function positionsOf(cube: BandCube, name: BandIndexName, given: Readonly<Record<string, string>>): number[] {
  const roles = rolesOf(cube.bands)
  const rule: IndexRule = INDICES[name]
  const positions = rule.roles.map((role) => {
    const chosen = given[role]
    return chosen === undefined ? roles.indexOf(role) : cube.bands.findIndex((band) => band.name === chosen)
  })
  const missing = rule.roles.filter((_, i) => positions[i]! < 0)
  if (missing.length === 0) return positions
  const bands = cube.bands.map((band, i) => (roles[i] === undefined ? band.name : `${band.name} (${roles[i]})`))
  throw new InputError('MissingBands', `${name} needs ${missing.join(' and ')}, which ${cube.label} does not show`, {
    hint: `Its bands: ${bands.join(', ')}. Name the bands by what they show, or give roles.`,
    data: { index: name, missing, bands: cube.bands.map((band) => band.name) },
  })
}

/** Larger values are no reflectance in [0, 1] (glint and snow reach above 1). */
const BRIGHTEST = 3

/**
 * A band index as a cube of one band, such as `bandIndex(cube, 'ndvi')`; missing where a band is missing or the
 * denominator is 0. Throws `InputError` (`UnknownIndex`, `MissingBands` with the bands there are).
 */
export function bandIndex(cube: BandCube, name: string, options: BandIndexOptions = {}): BandCube {
  const key = name.toLowerCase()
  if (!isIndex(key)) {
    const near = nearest(key, Object.keys(INDICES))
    const known = `Known: ${Object.keys(INDICES).join(', ')}.`
    throw new InputError('UnknownIndex', `there is no band index "${name}"`, {
      hint: near === undefined ? known : `Did you mean "${near}"? ${known}`,
      data: { name },
    })
  }
  const rule: IndexRule = INDICES[key]
  const positions = positionsOf(cube, key, options.roles ?? {})
  let warned = false
  return {
    dims: ['bands', 'y', 'x'],
    bands: [{ name: key, role: key, description: rule.title }],
    grid: cube.grid,
    label: `${key}(${cube.label})`,
    read: async (window, work) => {
      const data = await cube.read(window, work)
      const size = window.width * window.height
      const [a, b, c, d] = positions.map((position) => data.subarray(position * size, (position + 1) * size))
      const out = new Float32Array(size)
      let brightest = 0
      for (let i = 0; i < size; i++) {
        const value = rule.of(a![i]!, b?.[i] ?? 0, c?.[i] ?? 0, d?.[i] ?? 0)
        out[i] = Number.isFinite(value) ? value : Number.NaN
        if (a![i]! > brightest) brightest = a![i]!
      }
      if (rule.needsReflectance === true && brightest > BRIGHTEST && !warned) {
        warned = true
        const message = `${key} holds for reflectance in [0, 1], but ${cube.label} has values up to ${brightest}`
        work?.onWarning?.({ tag: 'NotReflectance', message: `${message}; state its scale` })
      }
      return out
    },
  }
}
