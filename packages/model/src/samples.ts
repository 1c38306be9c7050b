/** Labelled cubes as training, validation and test samples: what is read, normalised and masked by role. */

import { type Random, throwIfAborted, type WorkOptions } from '@ecotope/core'
import type { BandCube, Window } from '@ecotope/cube'
import { type BandMoments, bandMoments, type Normalisation, normaliseInPlace } from './normalise.ts'
import { type PixelIndex, pixelIndexBuilder } from './sampler.ts'
import type { Role, SplitPlan, SubBlock } from './split.ts'

/** No class: outside the labels, or outside the role asked for. */
export const UNLABELLED = 255

/** Features and labels on one grid. Labels are class indices, one band, NaN where unknown. */
export interface LabelledCube {
  readonly features: BandCube
  readonly labels: BandCube
  readonly classes: readonly string[]
  /** Position of this grid's first pixel in the reference grid that blocks are counted on. */
  readonly origin: { readonly row: number; readonly column: number }
}

const STRIP_ROWS = 256
/** Columns in the number that stands for a row and a column. */
const COLUMNS = 2 ** 26

/** Full-width strips from top to bottom: the order in which everything streams. */
export function* strips(width: number, height: number, rows: number = STRIP_ROWS): Generator<Window> {
  for (let row = 0; row < height; row += rows) yield { column: 0, row, width, height: Math.min(rows, height - row) }
}

/** Calls `visit` for every labelled pixel, strip by strip. */
export async function forEachLabel(
  labelled: LabelledCube,
  visit: (classIndex: number, row: number, column: number) => void,
  options: WorkOptions = {},
): Promise<void> {
  const { width, height } = labelled.labels.grid
  for (const window of strips(width, height)) {
    throwIfAborted(options.signal)
    const values = await labelled.labels.read(window, options)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (!Number.isNaN(value)) visit(value, window.row + Math.floor(i / width), i % width)
    }
  }
}

/** Labelled pixels per sub-block of the blocks that do not test. */
export async function trainingSubBlocks(labelled: LabelledCube, plan: SplitPlan): Promise<SubBlock[]> {
  const blocks = new Map<number, { row: number; column: number; counts: number[] }>()
  await forEachLabel(labelled, (k, localRow, localColumn) => {
    const row = localRow + labelled.origin.row
    const column = localColumn + labelled.origin.column
    if (plan.roleAt(row, column) === 'test') return
    const at = plan.subBlockAt(row, column)
    const key = at.row * COLUMNS + at.column
    let block = blocks.get(key)
    if (block === undefined) {
      block = { ...at, counts: new Array<number>(labelled.classes.length).fill(0) }
      blocks.set(key, block)
    }
    block.counts[k]!++
  })
  return [...blocks.values()]
}

export interface RoleIndex {
  readonly train: PixelIndex
  readonly validation: PixelIndex
  readonly counts: Readonly<Record<Role, readonly number[]>>
}

/** Where the labelled pixels of each role are (a bounded sample of them) and how many there are. */
export async function indexRoles(labelled: LabelledCube, plan: SplitPlan, draw: Random): Promise<RoleIndex> {
  const classes = labelled.classes.length
  const train = pixelIndexBuilder(classes, draw.split('train'))
  const validation = pixelIndexBuilder(classes, draw.split('validation'))
  const test = new Array<number>(classes).fill(0)
  const { row: originRow, column: originColumn } = labelled.origin
  await forEachLabel(labelled, (k, row, column) => {
    const role = plan.roleAt(row + originRow, column + originColumn)
    if (role === 'train') train.add(k, row, column)
    else if (role === 'validation') validation.add(k, row, column)
    else test[k]!++
  })
  const [trained, validated] = [train.build(), validation.build()]
  return {
    train: trained,
    validation: validated,
    counts: { train: trained.counts, validation: validated.counts, test },
  }
}

/** Mean and deviation of each band over the labelled training pixels. */
export async function trainingMoments(
  labelled: LabelledCube,
  plan: SplitPlan,
  options: WorkOptions = {},
): Promise<BandMoments> {
  const { width, height } = labelled.features.grid
  const bands = labelled.features.bands.length
  const moments = bandMoments(bands)
  for (const window of strips(width, height)) {
    throwIfAborted(options.signal)
    const [values, labels] = await Promise.all([
      labelled.features.read(window, options),
      labelled.labels.read(window, options),
    ])
    for (let i = 0; i < labels.length; i++) {
      if (Number.isNaN(labels[i]!)) continue
      const row = window.row + Math.floor(i / width) + labelled.origin.row
      if (plan.roleAt(row, (i % width) + labelled.origin.column) !== 'train') continue
      for (let band = 0; band < bands; band++) moments.add(band, values[band * labels.length + i]!)
    }
  }
  return moments
}

/** Reads tiles for training: normalised features and class indices of one role. */
export interface TileReader {
  features(window: Window): Promise<Float32Array<ArrayBuffer>>
  /** Class index, or `UNLABELLED` where there is no label of this role. */
  labels(window: Window, role: Role): Promise<Uint8Array>
}

export function tileReader(labelled: LabelledCube, plan: SplitPlan, normalisation: Normalisation): TileReader {
  return {
    features: async (window) => {
      const values = await labelled.features.read(window)
      normaliseInPlace(values, normalisation)
      return values
    },
    labels: async (window, role) => {
      const values = await labelled.labels.read(window)
      const out = new Uint8Array(values.length).fill(UNLABELLED)
      for (let i = 0; i < out.length; i++) {
        const value = values[i]!
        if (Number.isNaN(value)) continue
        const row = window.row + Math.floor(i / window.width) + labelled.origin.row
        const column = window.column + (i % window.width) + labelled.origin.column
        if (plan.roleAt(row, column) === role) out[i] = value
      }
      return out
    },
  }
}
