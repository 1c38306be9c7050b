/**
 * Which pixels train, validate and test. Whole blocks are assigned, so that test pixels have no training neighbours
 * beside them; a pure function of pixel position, never an array over the raster.
 */
import { InputError, type OnWarning, philox, type Random } from '@ecotope/core'

export type Role = 'train' | 'validation' | 'test'

const ARRANGEMENTS = ['checkerboard', 'random'] as const

/** How pixels are divided. `blockPixels` is 1 only for the split that must be asked for by name. */
export interface SplitSpec {
  readonly arrangement: (typeof ARRANGEMENTS)[number]
  readonly blockPixels: number
  /** Share of blocks that test, in (0, 1); the checkerboard always gives half. */
  readonly testShare: number
  readonly text: string
}

const DEFAULT_TEST_SHARE = 0.3
const GRAMMAR = 'blocks:PIXELS:checkerboard, blocks:PIXELS:random[:SHARE] or random-pixels[:SHARE]'

/**
 * Reads `blocks:128:checkerboard`, `blocks:64:random:0.3` or `random-pixels:0.3`.
 * @throws InputError `SplitRefused` for `random`, because neighbouring pixels are near copies of one another
 *   (Roberts et al. 2017, Ecography 40:913), `SplitInvalid` for anything else that is no split.
 */
export function parseSplit(text: string, onWarning?: OnWarning): SplitSpec {
  const [kind, ...rest] = text.trim().split(':')
  if (kind === 'random') {
    throw new InputError(
      'SplitRefused',
      'a random split of single pixels makes the test score meaningless: neighbours are near copies',
      {
        hint: 'use blocks:128:checkerboard, or ask for random-pixels by name if that is truly what you want',
        data: { split: text },
      },
    )
  }
  if (kind === 'random-pixels') {
    onWarning?.({
      tag: 'RandomPixels',
      message: 'test pixels have training pixels beside them: the scores are too good',
    })
    if (rest.length > 1) throw noSplit(text)
    return { arrangement: 'random', blockPixels: 1, testShare: share(rest[0], text), text }
  }
  const blockPixels = Number(rest[0])
  const arrangement = ARRANGEMENTS.find((name) => name === (rest[1] ?? 'checkerboard'))
  const longest = arrangement === 'random' ? 3 : 2
  if (kind !== 'blocks' || !Number.isInteger(blockPixels) || blockPixels < 8 || arrangement === undefined) {
    throw noSplit(text)
  }
  if (rest.length > longest) throw noSplit(text)
  return { arrangement, blockPixels, testShare: arrangement === 'random' ? share(rest[2], text) : 0.5, text }
}

function noSplit(text: string): InputError {
  return new InputError('SplitInvalid', `'${text}' is no split`, {
    hint: `write ${GRAMMAR}; PIXELS at least 8`,
    data: { split: text },
  })
}

function share(given: string | undefined, text: string): number {
  const value = given === undefined ? DEFAULT_TEST_SHARE : Number(given)
  if (!(value > 0 && value < 1)) {
    throw new InputError('SplitInvalid', `the test share of '${text}' is not between 0 and 1`, {
      hint: `write ${GRAMMAR}`,
      data: { split: text },
    })
  }
  return value
}

/** Marks the counter of block draws, so that they are independent of all other streams of the seed. */
const BLOCK_STREAM = 0x73706c74

/** True where a block tests. The same for every raster: it depends on the position and the seed only. */
export function isTestBlock(spec: SplitSpec, seed: number, blockRow: number, blockColumn: number): boolean {
  if (spec.arrangement === 'checkerboard') return ((blockRow + blockColumn) & 1) === 1
  const key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0] as const
  const [word] = philox([blockRow >>> 0, blockColumn >>> 0, BLOCK_STREAM, 0], key)
  return word < spec.testShare * 2 ** 32
}

/** Labelled pixels of one sub-block, by class. Sub-blocks are the units that validation is chosen from. */
export interface SubBlock {
  readonly row: number
  readonly column: number
  readonly counts: readonly number[]
}

/** Sub-blocks divide a block in this many parts a side; validation needs pieces small enough to leave rare classes in training. */
const PARTS = 2
/** Where single pixels are split there are no blocks to divide; validation still takes pieces, of this many pixels a side. */
const PIECE_OF_SINGLE_PIXELS = 16
/** Columns in the number that stands for a row and a column. */
const STRIDE = 2 ** 26

export interface SplitPlan {
  readonly spec: SplitSpec
  readonly subBlockPixels: number
  /** The address of the sub-block of a pixel. */
  subBlockAt(row: number, column: number): { readonly row: number; readonly column: number }
  /** The role of the pixel at a row and column of the reference grid. */
  roleAt(row: number, column: number): Role
  /** The block's address, for scores by block. */
  blockAt(row: number, column: number): { readonly row: number; readonly column: number }
  /** Addresses (`row:column`) of the sub-blocks that validate; all that is needed to rebuild the plan. */
  readonly validation: readonly string[]
}

export function subBlockPixels(spec: SplitSpec): number {
  return spec.blockPixels === 1 ? PIECE_OF_SINGLE_PIXELS : Math.ceil(spec.blockPixels / PARTS)
}

/** Index of the sub-block along one axis; the parts of a block start anew with it, also where it has an odd extent. */
function subBlockIndex(spec: SplitSpec): (at: number) => number {
  const piece = subBlockPixels(spec)
  const { blockPixels } = spec
  if (blockPixels === 1) return (at) => Math.floor(at / piece)
  return (at) => {
    const block = Math.floor(at / blockPixels)
    return block * PARTS + (at - block * blockPixels >= piece ? 1 : 0)
  }
}

/** A plan whose validation sub-blocks are known. */
export function splitPlan(spec: SplitSpec, seed: number, validation: readonly string[]): SplitPlan {
  const index = subBlockIndex(spec)
  const chosen = new Set(validation.map(keyOfAddress))
  const blockIndex = (at: number): number => Math.floor(at / spec.blockPixels)
  const testsAt = (row: number, column: number): boolean => isTestBlock(spec, seed, blockIndex(row), blockIndex(column))
  const roleOf = (row: number, column: number, subRow: number, subColumn: number): Role => {
    if (testsAt(row, column)) return 'test'
    return chosen.has(subRow * STRIDE + subColumn) ? 'validation' : 'train'
  }
  return {
    spec,
    subBlockPixels: subBlockPixels(spec),
    validation,
    blockAt: (row, column) => ({ row: blockIndex(row), column: blockIndex(column) }),
    subBlockAt: (row, column) => ({ row: index(row), column: index(column) }),
    roleAt: spec.blockPixels === 1 ? (r, c) => roleOf(r, c, index(r), index(c)) : rememberingLast(index, roleOf),
  }
}

function keyOfAddress(address: string): number {
  const [row, column] = address.split(':').map(Number)
  if (!Number.isInteger(row) || !Number.isInteger(column)) {
    throw new InputError('SplitInvalid', `'${address}' is no address of a sub-block`, {
      hint: 'the split recorded with the model has been altered',
      data: { address },
    })
  }
  return row! * STRIDE + column!
}

/** A sub-block has one role, and pixels are asked for in runs: only the first of a run is worked out. */
function rememberingLast(
  index: (at: number) => number,
  roleOf: (row: number, column: number, subRow: number, subColumn: number) => Role,
): SplitPlan['roleAt'] {
  let [lastRow, lastColumn] = [Number.NaN, Number.NaN]
  let last: Role = 'train'
  return (row, column) => {
    const [subRow, subColumn] = [index(row), index(column)]
    if (subRow === lastRow && subColumn === lastColumn) return last
    last = roleOf(row, column, subRow, subColumn)
    ;[lastRow, lastColumn] = [subRow, subColumn]
    return last
  }
}

/**
 * Chooses validation sub-blocks among those that may train: first one or more for each class, rarest first, then at
 * random up to `validationShare` of the labelled pixels; no class gives up more than half of its training pixels.
 */
export function chooseValidation(
  subBlocks: readonly SubBlock[],
  classes: number,
  validationShare: number,
  draw: Random,
): string[] {
  const totals = sumCounts(subBlocks, classes)
  const left = [...totals]
  const wanted = totals.map((n) => n * validationShare)
  const taken = new Set<SubBlock>()
  const shuffled = draw.shuffle(subBlocks)
  const affordable = (block: SubBlock): boolean =>
    block.counts.every((n, k) => n === 0 || left[k]! - n >= totals[k]! / 2)
  const take = (block: SubBlock): void => {
    taken.add(block)
    block.counts.forEach((n, k) => {
      left[k]! -= n
    })
  }
  const byRarity = [...totals.keys()].sort((a, b) => totals[a]! - totals[b]!)
  for (const k of byRarity) {
    for (const block of shuffled) {
      if (totals[k]! - left[k]! >= wanted[k]!) break
      if (!taken.has(block) && (block.counts[k] ?? 0) > 0 && affordable(block)) take(block)
    }
  }
  return [...taken].map((block) => `${block.row}:${block.column}`).sort((a, b) => a.localeCompare(b))
}

function sumCounts(subBlocks: readonly SubBlock[], classes: number): number[] {
  const totals = new Array<number>(classes).fill(0)
  for (const block of subBlocks) {
    block.counts.forEach((n, k) => {
      totals[k]! += n
    })
  }
  return totals
}
