/** Maps of link strength: every pixel of a cube tested for what drives it. */
import { InputError, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { Cube, type CubeArray, type Dimension, memorySource } from '@ecotope/cube'
import { checkLevel } from '../discovery/options.ts'
import { benjaminiHochberg } from '../statistics/false-discovery.ts'
import { paced } from '../work/pace.ts'
import { type LaggedLinks, laggedRegression } from './lagged-regression.ts'

export interface Driver {
  readonly name: string
  /** One value per time of the cube; NaN where missing. */
  readonly values: ArrayLike<number>
}

export interface LinkMapOptions extends WorkOptions {
  /** Lags of the drivers in steps of the cube; default 1, 2, 3. */
  readonly lags?: readonly number[]
  /** Lags of the pixel itself that are held; default 1. */
  readonly own?: number
  /** False discovery rate over all pixels of a driver and lag (Wilks 2016); default 0.05. */
  readonly alpha?: number
  /** Bytes for the part of the cube in work; default 256 MB. */
  readonly budgetBytes?: number
}

/** Bands of a map of links, in order. */
export const LINK_BANDS = ['correlation', 'coefficient', 'half-width', 'p', 'q'] as const

export interface LinkMap {
  /** Dimensions `link` (such as `nino34@-2`), `bands` (see `LINK_BANDS`), y, x. NaN where there were too few samples. */
  readonly cube: Cube
  /** Driver and lag of each label of `link`. */
  readonly links: readonly { readonly driver: string; readonly lag: number; readonly label: string }[]
  /** Share of the tested pixels whose q-value is at most alpha, for each link. */
  readonly significant: readonly number[]
  /** Pixels tested. */
  readonly tested: number
  readonly alpha: number
  readonly assumptions: readonly string[]
}

/**
 * Regresses each pixel on lags of drivers and on its own past; the cube needs a dimension of time and x and y, and one band.
 * It is read in strips, so that it may be larger than memory. Throws `InputError`: BadCube, DriverLength, BadLags, BadLevel.
 */
export async function linkMap(cube: Cube, drivers: readonly Driver[], options: LinkMapOptions = {}): Promise<LinkMap> {
  const { lags = [1, 2, 3], own = 1, budgetBytes = 256e6 } = options
  const alpha = checkLevel('alpha', options.alpha ?? 0.05)
  const axes = axesOf(cube)
  const [steps, height, width] = [axes.t, axes.y, axes.x].map((axis) => cube.shape[axis]!) as [number, number, number]
  const model = { drivers: drivers.map(({ values }) => Float64Array.from(values)), lags, own }
  const links = drivers.flatMap(({ name }) =>
    lags.map((lag) => ({ driver: name, lag, label: `${name}@${lag === 0 ? 0 : -lag}` })),
  )
  const planes = new Float32Array(links.length * LINK_BANDS.length * height * width).fill(Number.NaN)
  const rows = Math.max(1, Math.min(height, Math.floor(budgetBytes / (24 * steps * width))))
  const pace = paced('link map', options)
  for (let row = 0; row < height; row += rows) {
    throwIfAborted(options.signal)
    const size = Math.min(rows, height - row)
    const strip = await stripOf(cube, axes, row, size, options)
    const found = laggedRegression(cellMajor(strip, axes), steps, model)
    store(planes, found, { row, size, height, width })
    await pace.at((row + size) / height)
  }
  const significant = correct(planes, links.length, height * width, alpha)
  const correlation = planes.subarray(0, height * width)
  return {
    cube: cubeOfPlanes(
      cube,
      axes,
      planes,
      links.map(({ label }) => label),
    ),
    links,
    significant,
    tested: correlation.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0),
    alpha,
    assumptions: [
      'The drivers are not driven by the pixels, and no other cause of both is left out.',
      `Relations are linear; the past of a pixel is held by ${own === 1 ? 'its value one step ago' : `its last ${own} values`}.`,
      'Residuals are independent in time and of equal spread.',
    ],
  }
}

interface Axes {
  readonly t: number
  readonly y: number
  readonly x: number
}

function axesOf(cube: Cube): Axes {
  const find = (test: (dim: Dimension) => boolean): number => cube.dims.findIndex(test)
  const axes = {
    t: find(({ type }) => type === 'temporal'),
    y: find((dim) => dim.type === 'spatial' && dim.axis === 'y'),
    x: find((dim) => dim.type === 'spatial' && dim.axis === 'x'),
  }
  const others = cube.dims.filter((_, d) => !Object.values(axes).includes(d) && cube.shape[d] !== 1)
  if (Object.values(axes).every((axis) => axis >= 0) && others.length === 0) return axes
  const names = cube.dims.map(({ name }, d) => `${name} (${cube.shape[d]})`).join(', ')
  throw new InputError('BadCube', `links need a cube of time, y and x with one band, but this has ${names}`, {
    hint: 'Choose a band first: cube.band("NDVI").',
  })
}

const stripOf = (cube: Cube, axes: Axes, row: number, size: number, { signal }: LinkMapOptions): Promise<CubeArray> =>
  cube.compute({
    region: {
      start: cube.shape.map((_, d) => (d === axes.y ? row : 0)),
      shape: cube.shape.map((length, d) => (d === axes.y ? size : length)),
    },
    ...(signal && { signal }),
  })

/** Values with time last: `[y, x, t]`. */
function cellMajor({ data, shape }: CubeArray, { t, y, x }: Axes): Float64Array {
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((product, length) => product * length, 1))
  const [steps, rows, columns] = [shape[t]!, shape[y]!, shape[x]!]
  const out = new Float64Array(steps * rows * columns)
  for (let s = 0; s < steps; s++)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++)
        out[(r * columns + c) * steps + s] = data[s * strides[t]! + r * strides[y]! + c * strides[x]!]!
  return out
}

function store(
  planes: Float32Array,
  found: LaggedLinks,
  at: { row: number; size: number; height: number; width: number },
): void {
  const cells = at.height * at.width
  const bands = [found.correlations, found.coefficients, found.halfWidths, found.pValues]
  for (const [b, arrays] of bands.entries())
    for (const [k, values] of arrays.entries())
      planes.set(values, (k * LINK_BANDS.length + b) * cells + at.row * at.width)
}

/** Fills the plane of q-values (Benjamini and Hochberg 1995) and tells the share below alpha. */
function correct(planes: Float32Array, links: number, cells: number, alpha: number): number[] {
  return Array.from({ length: links }, (_, k) => {
    const plane = (band: number): Float32Array =>
      planes.subarray((k * LINK_BANDS.length + band) * cells, (k * LINK_BANDS.length + band + 1) * cells)
    const [p, q] = [plane(3), plane(4)]
    const corrected = benjaminiHochberg(p)
    q.set(corrected)
    const tested = corrected.filter((value) => !Number.isNaN(value))
    return tested.filter((value) => value <= alpha).length / tested.length
  })
}

function cubeOfPlanes(like: Cube, { y, x }: Axes, planes: Float32Array<ArrayBuffer>, labels: readonly string[]): Cube {
  const bands = LINK_BANDS.map((name) => ({ name }))
  const { grid } = like
  const schema = {
    dims: [
      { type: 'other' as const, name: 'link', labels },
      { type: 'bands' as const, name: 'bands', labels: [...LINK_BANDS], bands },
      like.dims[y]!,
      like.dims[x]!,
    ],
    packing: { dtype: 'float32' as const, scale: 1, offset: 0 },
    ...(grid && { grid }),
  }
  return new Cube(memorySource(planes, schema, 'links'))
}
