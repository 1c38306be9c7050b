/** The map as a Belief on disk: probability, class and uncertainty as COGs, from features of any size. */
import { join } from 'node:path'
import { type Calibration, ensembleCategorical } from '@ecotope/belief'
import { throwIfAborted, type WorkOptions } from '@ecotope/core'
import { type Band, type BandCube, type Colour, type Grid, type Window, writeCog } from '@ecotope/cube'
import { type Ensemble, type Normalisation, predictMosaic } from '@ecotope/model'
import { NO_LABEL } from './labels.ts'
import { classColours } from './palette.ts'
import { openSpool, type Spool } from './spool.ts'
import { tilingFor, windowLogits } from './tiles.ts'

export const PROBABILITY_FILE = 'probability.tif'
export const CLASS_FILE = 'class.tif'
export const UNCERTAINTY_FILE = 'uncertainty.tif'

export interface MappedClass {
  readonly name: string
  /** Value in `class.tif`. */
  readonly code: number
}

export interface BeliefMapOptions extends WorkOptions {
  readonly features: BandCube
  readonly normalisation: Normalisation
  readonly ensemble: Ensemble
  readonly calibration: Calibration
  readonly classes: readonly MappedClass[]
  /** Folder for the three files. */
  readonly directory: string
}

/** Writes the three maps and returns the pixels of each class. A pixel with a missing band is missing in all of them. */
export async function writeBeliefMap(options: BeliefMapOptions): Promise<number[]> {
  const { width, height } = options.features.grid
  const layers = options.classes.length + 1
  const spool = await openSpool(join(options.directory, 'belief.spool'), layers, width)
  try {
    await predictMosaic(
      layers,
      tilingFor(options.ensemble.network, width, height),
      (window) => beliefOfTile(options, window),
      (_first, rows, values) => spool.append(rows, values),
      options,
    )
    return await writeMaps(options, spool)
  } finally {
    await spool.close()
  }
}

/** Probabilities of the classes and, last, the aleatoric entropy; NaN where a band is missing. */
async function beliefOfTile(options: BeliefMapOptions, window: Window): Promise<Float32Array> {
  const { logits, missing } = await windowLogits(
    options.ensemble,
    options.features,
    options.normalisation,
    window,
    options,
  )
  const classes = options.classes.length
  const belief = ensembleCategorical(logits, classes, options.calibration)
  const n = missing.length
  const out = new Float32Array((classes + 1) * n)
  out.set(belief.probability)
  out.set(belief.aleatoric, classes * n)
  for (let i = 0; i < n; i++) {
    if (missing[i] === 1) for (let layer = 0; layer <= classes; layer++) out[layer * n + i] = Number.NaN
  }
  return out
}

async function writeMaps(options: BeliefMapOptions, spool: Spool): Promise<number[]> {
  const { classes, directory } = options
  const grid: Grid = options.features.grid
  const all = classes.map((_, k) => k)
  const mapped = new Array<number>(classes.length).fill(0)
  const names = Object.fromEntries(classes.map(({ name, code }) => [code, name]))
  const metadata = { CLASS_NAMES: JSON.stringify(names) }
  const floats = { grid, dtype: 'float32', nodata: Number.NaN, predictor: 3, overviews: 'average' } as const
  const bands: Band[] = classes.map(({ name }) => ({ name, description: `probability of ${name}` }))
  const read = (chosen: readonly number[]) => (window: Window) => {
    throwIfAborted(options.signal)
    return spool.read(window, chosen)
  }
  await writeCog(join(directory, PROBABILITY_FILE), { ...floats, bands, metadata }, read(all), options)
  const uncertainty: Band[] = ['total', 'aleatoric', 'epistemic'].map((name) => ({
    name,
    description: `${name} entropy divided by log K, 0 to 1`,
  }))
  await writeCog(
    join(directory, UNCERTAINTY_FILE),
    { ...floats, bands: uncertainty },
    async (window) => entropies(await spool.read(window, [...all, classes.length]), classes.length),
    options,
  )
  await writeCog(
    join(directory, CLASS_FILE),
    {
      grid,
      bands: [{ name: 'class', description: 'most probable class', nodata: NO_LABEL }],
      dtype: 'uint8',
      nodata: NO_LABEL,
      overviews: 'mode',
      metadata,
      colourTable: colourTable(classes),
    },
    async (window) => mostProbableCodes(await spool.read(window, all), classes, mapped),
    options,
  )
  return mapped
}

/** Total, aleatoric and epistemic entropy in units of log K, from `[classes + 1, n]`. */
function entropies(values: Float32Array, classes: number): Float32Array<ArrayBuffer> {
  const n = values.length / (classes + 1)
  const out = new Float32Array(3 * n)
  const unit = 1 / Math.log(classes)
  for (let i = 0; i < n; i++) {
    let total = 0
    for (let k = 0; k < classes; k++) {
      const p = values[k * n + i]!
      if (p !== 0) total -= p * Math.log(p)
    }
    const aleatoric = Math.min(values[classes * n + i]!, total)
    out[i] = total * unit
    out[n + i] = aleatoric * unit
    out[2 * n + i] = (total - aleatoric) * unit
  }
  return out
}

function mostProbableCodes(
  values: Float32Array,
  classes: readonly MappedClass[],
  mapped: number[],
): Uint8Array<ArrayBuffer> {
  const n = values.length / classes.length
  const out = new Uint8Array(n).fill(NO_LABEL)
  for (let i = 0; i < n; i++) {
    let best = -1
    let most = 0
    for (let k = 0; k < classes.length; k++) {
      const p = values[k * n + i]!
      if (p > most) {
        most = p
        best = k
      }
    }
    if (best < 0) continue
    out[i] = classes[best]!.code
    mapped[best]!++
  }
  return out
}

function colourTable(classes: readonly MappedClass[]): Colour[] {
  const colours = classColours(classes.map((c) => c.name))
  const table: Colour[] = Array.from({ length: 256 }, () => [0, 0, 0, 0])
  classes.forEach(({ code }, k) => {
    table[code] = [...colours[k]!, 255]
  })
  return table
}
