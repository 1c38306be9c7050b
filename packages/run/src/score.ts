/** Scores a map of classes against a reference raster: aligned or refused, nodata left out, streamed. */
import {
  addConfusions,
  blockBootstrap,
  type ConfusionMatrix,
  type Interval,
  isRefusal,
  type Scores,
  scores,
} from '@ecotope/belief'
import { InputError, type WorkOptions } from '@ecotope/core'
import { type BandCube, crsEquals, gridEquals, openRaster, parseCrs, type Raster, warp } from '@ecotope/cube'
import { isObject } from './json.ts'

/** Class names by value. */
export type ClassNames = ReadonlyMap<number, string>

export interface ScoreOptions extends WorkOptions {
  readonly reference: string
  readonly prediction: string
  /** Names of the values, where the files do not hold them. */
  readonly referenceNames?: ClassNames
  readonly predictionNames?: ClassNames
  /** Bring the prediction to the reference's grid by the nearest pixel. Default false: other grids are refused. */
  readonly resample?: boolean
  /** Side of the blocks in pixels of the reference. Default 128. */
  readonly block?: number
  /** Score only the blocks where block row + block column is odd (`test`) or even (`train`). Default all. */
  readonly checkerboard?: 'test' | 'train'
  /** For rasters that name no CRS. */
  readonly crs?: string
}

export interface ScoreResult extends Scores {
  /** Rows are the reference, columns the prediction, in the order of `classes`. */
  readonly confusion: ConfusionMatrix
  /** 95 % interval of kappa by bootstrap over blocks; undefined where there are too few blocks. */
  readonly kappaInterval: Interval | undefined
  readonly block: number
  readonly blocks: number
  /** True where classes were matched by name, false where by value. */
  readonly matchedByName: boolean
}

/** Scores two rasters. Errors: those of `openRaster`; GridsDiffer, NotClasses, NothingToCompare. */
export async function score(options: ScoreOptions): Promise<ScoreResult> {
  const crs = options.crs === undefined ? undefined : parseCrs(options.crs)
  const settings = crs === undefined ? {} : { crs }
  const reference = await openRaster(options.reference, settings)
  try {
    const prediction = await openRaster(options.prediction, settings)
    try {
      return await compare(reference, prediction, options)
    } finally {
      await prediction.close()
    }
  } finally {
    await reference.close()
  }
}

async function compare(reference: Raster, prediction: Raster, options: ScoreOptions): Promise<ScoreResult> {
  const namesA = options.referenceNames ?? namesOf(reference)
  const namesB = options.predictionNames ?? namesOf(prediction)
  const matchedByName = namesA !== undefined && namesB !== undefined
  const aligned = align(reference, prediction, options.resample ?? false)
  const block = options.block ?? 128
  const blocks = await countBlocks(reference, aligned, { ...options, block })
  if (blocks.length === 0)
    throw new InputError('NothingToCompare', 'the two rasters have no pixel with a class in common', {
      hint: 'Check nodata values and the chosen blocks.',
      data: { reference: reference.path, prediction: prediction.path },
    })
  const nameOf = (names: ClassNames | undefined) => (value: number) =>
    matchedByName ? (names!.get(value) ?? String(value)) : ((namesA ?? namesB)?.get(value) ?? String(value))
  const { names, matrices } = matricesOf(blocks, nameOf(namesA), nameOf(namesB))
  if (!matchedByName && disagree(blocks))
    options.onWarning?.({
      tag: 'ValuesDiffer',
      message:
        'the two rasters have different class values and not both name them, so values were compared as they are; ' +
        'give the names with --reference-names and --prediction-names, such as 0=shadow,1=snow',
    })
  const confusion = addConfusions(matrices)
  const interval = blockBootstrap(matrices, (matrix) => scores(matrix, names).kappa, { seed: 1, replicates: 1000 })
  return {
    ...scores(confusion, names),
    confusion,
    kappaInterval: isRefusal(interval) ? undefined : interval,
    block,
    blocks: matrices.length,
    matchedByName,
  }
}

/** Names in the metadata of a raster: `CLASS_NAMES` as a JSON object from values (or a list by value), as Ecotope writes. */
export function namesOf(raster: Pick<Raster, 'info'>): ClassNames | undefined {
  const text = raster.info.metadata.CLASS_NAMES
  if (text === undefined) return undefined
  try {
    const json: unknown = JSON.parse(text)
    const entries = Array.isArray(json) ? [...json.entries()] : isObject(json) ? Object.entries(json) : []
    const names = entries.flatMap(([value, name]) =>
      typeof name === 'string' && Number.isFinite(Number(value)) ? [[Number(value), name] as const] : [],
    )
    return names.length === 0 ? undefined : new Map(names)
  } catch {
    return undefined
  }
}

/** The prediction on the reference's grid. */
function align(reference: Raster, prediction: Raster, resample: boolean): BandCube {
  if (gridEquals(reference.grid, prediction.grid)) return prediction
  if (resample) return warp(prediction, reference.grid, { resampling: 'nearest' })
  const [a, b] = [reference.grid, prediction.grid]
  const what = !crsEquals(a.crs, b.crs)
    ? `CRS (${a.crs.code ?? a.crs.name} and ${b.crs.code ?? b.crs.name})`
    : a.width !== b.width || a.height !== b.height
      ? `size (${a.width} x ${a.height} and ${b.width} x ${b.height} pixels)`
      : 'place or pixel size'
  throw new InputError('GridsDiffer', `reference and prediction differ in ${what}`, {
    hint: 'Add --resample to bring the prediction to the grid of the reference (nearest pixel).',
    data: { reference: reference.path, prediction: prediction.path },
  })
}

/** Pairs of values in one block: reference value, then prediction value, to the number of pixels. */
type Pairs = Map<number, Map<number, number>>

const MOST_CLASSES = 256

async function countBlocks(
  reference: BandCube,
  prediction: BandCube,
  options: ScoreOptions & { block: number },
): Promise<Pairs[]> {
  const { width, height } = reference.grid
  const { block, checkerboard, signal } = options
  const parity = checkerboard === undefined ? undefined : checkerboard === 'test' ? 1 : 0
  const found: Pairs[] = []
  for (let row = 0; row < height; row += block) {
    const part = { column: 0, row, width, height: Math.min(block, height - row) }
    const work = signal === undefined ? {} : { signal }
    const [a, b] = await Promise.all([reference.read(part, work), prediction.read(part, work)])
    for (let column = 0; column < width; column += block) {
      if (parity !== undefined && (row / block + column / block) % 2 !== parity) continue
      const pairs = countPairs(a, b, { width, column, columns: Math.min(block, width - column), rows: part.height })
      if (pairs.size > 0) found.push(pairs)
    }
    options.onProgress?.({ step: 'score', fraction: (row + part.height) / height })
  }
  return found
}

function countPairs(
  a: Float32Array,
  b: Float32Array,
  { width, column, columns, rows }: { width: number; column: number; columns: number; rows: number },
): Pairs {
  const pairs: Pairs = new Map()
  for (let r = 0; r < rows; r++) {
    for (let at = r * width + column; at < r * width + column + columns; at++) {
      const [x, y] = [a[at]!, b[at]!]
      if (Number.isNaN(x) || Number.isNaN(y)) continue
      let row = pairs.get(x)
      if (row === undefined) {
        if (!Number.isInteger(x) || pairs.size >= MOST_CLASSES) throw notClasses('reference', x)
        row = new Map()
        pairs.set(x, row)
      }
      if (!row.has(y) && (!Number.isInteger(y) || row.size >= MOST_CLASSES)) throw notClasses('prediction', y)
      row.set(y, (row.get(y) ?? 0) + 1)
    }
  }
  return pairs
}

function notClasses(which: string, value: number): InputError {
  return new InputError('NotClasses', `the ${which} does not hold classes: it has values such as ${value}`, {
    hint: 'Give a raster of whole numbers, one for each class, such as class.tif.',
    data: { which, value },
  })
}

function matricesOf(
  blocks: readonly Pairs[],
  nameA: (value: number) => string,
  nameB: (value: number) => string,
): { names: string[]; matrices: ConfusionMatrix[] } {
  const values = new Map<string, number>()
  for (const pairs of blocks)
    for (const [a, row] of pairs) {
      for (const b of row.keys()) if (!values.has(nameB(b))) values.set(nameB(b), b)
      values.set(nameA(a), a)
    }
  // In the order of values, the reference's where a name has two.
  const names = [...values].sort((x, y) => x[1] - y[1] || (x[0] < y[0] ? -1 : 1)).map(([name]) => name)
  const index = new Map(names.map((name, i) => [name, i]))
  const matrices = blocks.map((pairs) => {
    const matrix = names.map(() => new Array<number>(names.length).fill(0))
    for (const [a, row] of pairs)
      for (const [b, count] of row) {
        const cells = matrix[index.get(nameA(a))!]!
        cells[index.get(nameB(b))!]! += count
      }
    return matrix
  })
  return { names, matrices }
}

/** True where the prediction has a value that the reference has nowhere. */
function disagree(blocks: readonly Pairs[]): boolean {
  const reference = new Set(blocks.flatMap((pairs) => [...pairs.keys()]))
  return blocks.some((pairs) =>
    [...pairs.values()].some((row) => [...row.keys()].some((value) => !reference.has(value))),
  )
}
