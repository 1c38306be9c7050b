/** Applying a saved model to other features: checks that they are what it was trained on, then maps them. */
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@ecotope/core'
import {
  type BandCube,
  cropGrid,
  gridBounds,
  intersectWindows,
  stack,
  transformBounds,
  wholeWindow,
  windowOf,
} from '@ecotope/cube'
import { openEnsemble } from '@ecotope/model'
import type { PredictOptions, Published } from '../application.ts'
import { makeFolder } from '../surroundings.ts'
import { CLASS_FILE, PROBABILITY_FILE, UNCERTAINTY_FILE, writeBeliefMap } from './belief-map.ts'
import { readVector } from './fit.ts'
import { openLayers } from './layers.ts'
import { loadModel, type SavedModel } from './model-file.ts'
import { finest, meanPixelArea } from './prepare.ts'

const FILES = [PROBABILITY_FILE, CLASS_FILE, UNCERTAINTY_FILE]
/** Pixel areas that differ by more than this factor from those trained on are worth a warning. */
const AREA_FACTOR = 1.5

/** Maps new features with a saved model. The files appear in `out` when all are finished. */
export async function predictWithModel(options: PredictOptions): Promise<Published> {
  const saved = await loadModel(options.model)
  const layers = await openLayers(options.features, saved.derived, options.crs ?? null, options.onWarning)
  const aside = join(options.out, '.predicting')
  try {
    const features = alignedFeatures(layers.rasters, layers.cubes)
    checkBands(saved, features, options)
    await checkRanges(saved, features)
    await makeFolder(aside)
    const members = await Promise.all(saved.members.map((file) => readVector(join(options.model, file))))
    const { threads, device } = options
    const ensemble = openEnsemble({ network: saved.network, members, views: saved.views, threads, device })
    try {
      const mapped = await writeBeliefMap({ ...options, features, ensemble, ...saved, directory: aside })
      for (const file of FILES) await rename(join(aside, file), join(options.out, file))
      const hectares = (pixels: number): string =>
        `${((pixels * meanPixelArea(features.grid)) / 1e4).toFixed(2)} ha mapped`
      return { files: FILES, summary: saved.classes.map(({ name }, k) => [name, hectares(mapped[k]!)] as const) }
    } finally {
      await ensemble.close()
    }
  } finally {
    await rm(aside, { recursive: true, force: true })
    await layers.close()
  }
}

/** All bands on the finest raster's grid, where all rasters overlap. */
function alignedFeatures(rasters: Parameters<typeof finest>[0], cubes: readonly BandCube[]): BandCube {
  const reference = finest(rasters)
  let window = wholeWindow(reference.grid)
  for (const raster of rasters) {
    const bounds = transformBounds(gridBounds(raster.grid), raster.grid.crs, reference.grid.crs)
    window = intersectWindows(window, windowOf(reference.grid, bounds))
  }
  if (window.width <= 0 || window.height <= 0) {
    throw new InputError('RastersDisjoint', 'the rasters do not overlap', {
      hint: 'see where each lies with ecotope inspect',
    })
  }
  return stack(cubes, cropGrid(reference.grid, window), { resampling: 'bilinear' })
}

/** Names, order and units must be those of the training features. */
function checkBands(saved: SavedModel, features: BandCube, { onWarning }: PredictOptions): void {
  const expected = saved.bands.map((band) => band.name)
  const given = features.bands.map((band) => band.name)
  const same = expected.length === given.length && expected.every((name, i) => name === given[i])
  if (!same) {
    const reordered = expected.every((name) => given.includes(name)) && expected.length === given.length
    throw new InputError('OtherBands', `the model was trained on ${expected.join(', ')}, not on ${given.join(', ')}`, {
      hint: reordered
        ? 'give the rasters in the order that the model was trained with'
        : 'give rasters with the same bands; ecotope inspect shows their names',
      data: { expected, actual: given },
    })
  }
  saved.bands.forEach((band, i) => {
    const unit = features.bands[i]!.unit
    if (band.unit === unit) return
    if (unit === undefined || band.unit === undefined) {
      onWarning?.({
        tag: 'UnitUnknown',
        message: `band '${band.name}' is in ${unit ?? 'no stated unit'}; the model was trained on ${band.unit ?? 'no stated unit'}`,
      })
      return
    }
    throw otherUnits(band.name, `is in ${unit}; the model was trained on ${band.unit}`)
  })
  const ratio = meanPixelArea(features.grid) / saved.pixelAreaSquareMetres
  if (ratio > AREA_FACTOR || ratio < 1 / AREA_FACTOR) {
    onWarning?.({
      tag: 'OtherResolution',
      message: `pixels cover ${ratio.toFixed(2)} times the area of those that the model was trained on`,
    })
  }
}

const otherUnits = (band: string, what: string): InputError =>
  new InputError('OtherUnits', `band '${band}' ${what}`, {
    hint: 'bring the band to the units of the training features, and state unit, scale and offset in the file',
    data: { band },
  })

/** Pixels a side of a sampled window, and windows a side of the raster. */
const SAMPLE = 32
const SAMPLES = 4
/** Share of sampled values beyond the clipping limit, in standard deviations, that no change of scene explains. */
const STRANGE_SHARE = 0.9

/** Units that no file states show in the values: nearly all of them far outside what the model was trained on. */
async function checkRanges({ normalisation }: SavedModel, features: BandCube): Promise<void> {
  const { width, height } = features.grid
  const bands = normalisation.bands.length
  const valid = new Array<number>(bands).fill(0)
  const strange = new Array<number>(bands).fill(0)
  for (let s = 0; s < SAMPLES * SAMPLES; s++) {
    const at = (i: number, extent: number): number => Math.floor(((i + 0.5) / SAMPLES) * extent)
    const window = {
      row: at(Math.floor(s / SAMPLES), height),
      column: at(s % SAMPLES, width),
      width: SAMPLE,
      height: SAMPLE,
    }
    const values = await features.read(window)
    for (let i = 0; i < values.length; i++) {
      const band = Math.floor(i / SAMPLE ** 2)
      const z = (values[i]! - normalisation.centre[band]!) / normalisation.scale[band]!
      if (Number.isNaN(z)) continue
      valid[band]!++
      if (Math.abs(z) > normalisation.limit) strange[band]!++
    }
  }
  const band = valid.findIndex((n, i) => n > 0 && strange[i]! > STRANGE_SHARE * n)
  if (band >= 0)
    throw otherUnits(normalisation.bands[band]!, 'has values far outside those that the model was trained on')
}
