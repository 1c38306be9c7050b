/**
 * How large tasks are: as large as the memory budget allows while that saves work, on borders of the chunks that are
 * written and, where possible, of those that are read. Found by measuring schedules of candidate shapes.
 */
import { InputError } from '@ecotope/core'
import { type ArraySource, DECODED_AGAIN } from '../model/array-source.ts'
import { type CubeNode, shapeOf } from '../model/node.ts'
import { cellCount, chunkCount, type Region, regionText, wholeRegion } from '../model/region.ts'
import { chunkBytes, consumersFirst } from './nodes.ts'
import { type Costs, scheduleOf } from './schedule.ts'

/** Bytes, where nobody says how many. */
export const DEFAULT_BUDGET = 512 * 2 ** 20

export interface TaskShapeOptions {
  /** Bytes of all that runs at one time, caches of decoded chunks included. */
  readonly budgetBytes: number
  /** Tasks that run at one time. Default 1. */
  readonly workers?: number
  /** What is computed. Default: the whole cube. */
  readonly region?: Region
  /** Boxes whose multiples tasks have to be. Default: any shape will do. */
  readonly align?: readonly number[]
  /** Bytes that a task's result costs while it is encoded. */
  readonly extraBytes?: (region: Region) => number
  /** Order statistics may take several passes. Default: they may not. */
  readonly inPasses?: boolean
  /** Bytes of the pieces in which nodes that can fold take their inputs. Default: a part of what a task may take. */
  readonly foldAbove?: number
  /** More shapes are tried where chunks are decoded again and again. Default: they are not. */
  readonly isThorough?: boolean
}

export interface TaskShape {
  readonly shape: readonly number[]
  /** Of the costliest of the measured tasks. */
  readonly costs: Costs
  /** Work for each cell of the result, in bytes that could be decoded meanwhile. */
  readonly pace: number
}

/** Bytes that allocators and threads hold beside what is in use; a third of a small budget. */
const RESERVE_BYTES = 64 * 2 ** 20
const usable = (budgetBytes: number): number => budgetBytes - Math.min(RESERVE_BYTES, budgetBytes / 3)
/** The budget of which so much is usable. */
const budgetFor = (bytes: number): number => Math.min(1.5 * bytes, bytes + RESERVE_BYTES)

/** Bytes for decoded chunks that more than one task uses a part of, for each worker. */
export function cacheShare(budgetBytes: number, workers = 1): number {
  return Math.floor(usable(budgetBytes) / (8 * workers))
}

/** Bytes that one task may take. */
export function taskShare(budgetBytes: number, workers = 1): number {
  return Math.floor((usable(budgetBytes) * 7) / 8 / workers)
}

/** Bytes of the pieces in which nodes that can fold take their inputs, see `ScheduleOptions`. */
export function foldAbove(budgetBytes: number, workers = 1): number {
  return taskShare(budgetBytes, workers) / 4
}

/** What starting a task costs, in bytes that could be decoded meanwhile. */
const TASK_OVERHEAD = 2 ** 18
/** What computing a cell costs, likewise. */
const CELL_COST = 2
/** Work, in bytes that could be decoded meanwhile. */
export const workOf = ({ decodedBytes, copiedBytes, cells }: Costs): number =>
  decodedBytes + copiedBytes + CELL_COST * cells

/** Times the time that workers would take which all end together. */
export const idling = (tasks: number, workers: number): number => (Math.ceil(tasks / workers) * workers) / tasks

/** A larger task has to save this part of the work. */
const GAIN = 0.02
/** Where there is so much work, in bytes that could be decoded meanwhile, planning again is little. */
export const MUCH_WORK = 2 ** 27
/** Tasks that take this many times the memory of the least ones are small enough: smaller ones decode the same again. */
const NEARLY = 1.05
/** Tasks for each worker, at least, so that all end at about the same time. */
const TASKS_PER_WORKER = 4
/** A task this small is never split further for the sake of balance. */
const SMALL_BYTES = 2 ** 22

interface Candidate extends TaskShape {
  readonly fits: boolean
}

/** Shapes of tasks are tried by doubling and halving sides. */
class Search {
  readonly #root: CubeNode
  readonly #options: TaskShapeOptions
  readonly #share: number
  readonly #foldAbove: number
  readonly #whole: ReadonlySet<number>
  readonly region: Region

  constructor(root: CubeNode, options: TaskShapeOptions) {
    this.#root = root
    this.#options = options
    this.#share = taskShare(options.budgetBytes, options.workers)
    this.#foldAbove = options.foldAbove ?? foldAbove(options.budgetBytes, options.workers)
    this.#whole = wholeDimensions(root)
    this.region = options.region ?? wholeRegion(shapeOf(root.schema))
  }

  get share(): number {
    return this.#share
  }

  /** The task in the middle (halos on all sides) and the first one (the edge). */
  #samples(shape: readonly number[]): Region[] {
    const { start, shape: extent } = this.region
    const box = (at: (count: number) => number): Region => {
      const from = start.map((first, d) => first + at(Math.ceil(extent[d]! / shape[d]!)) * shape[d]!)
      return { start: from, shape: from.map((s, d) => Math.min(shape[d]!, start[d]! + extent[d]! - s)) }
    }
    const middle = box((count) => (count - 1) >> 1)
    return chunkCount(this.region, shape) === 1 ? [middle] : [middle, box(() => 0)]
  }

  measure(shape: readonly number[]): Candidate {
    let costs: Costs = { peakBytes: 0, decodedBytes: 0, copiedBytes: 0, cells: 0 }
    const { inPasses = false } = this.#options
    let [work, cells] = [0, 0]
    for (const region of this.#samples(shape)) {
      const { steps: _, ...one } = scheduleOf(this.#root, region, { foldAbove: this.#foldAbove, inPasses })
      const peakBytes = one.peakBytes + (this.#options.extraBytes?.(region) ?? 0)
      if (peakBytes >= costs.peakBytes) costs = { ...one, peakBytes }
      work += workOf(one) + TASK_OVERHEAD
      cells += cellCount(region.shape)
    }
    return { shape, costs, pace: work / cells, fits: costs.peakBytes <= this.#share }
  }

  /** What a cell of the result takes, with workers that wait for others. */
  time({ shape, pace }: Candidate): number {
    const { workers = 1 } = this.#options
    return pace * idling(chunkCount(this.region, shape), workers)
  }

  /** Whether tasks decode chunks again and again, and so much that other shapes are worth a try. */
  decodesAgain({ shape, costs, pace }: Candidate): boolean {
    if (pace * cellCount(this.region.shape) < MUCH_WORK) return false
    const { decodedBytes } = scheduleOf(this.#root, this.region)
    return chunkCount(this.region, shape) * costs.decodedBytes > DECODED_AGAIN * decodedBytes
  }

  /** The smallest tasks on borders of such boxes, or what fits of one. Where `isWide`, all of an image. */
  least(boxes: readonly number[], isWide = false): Candidate {
    const extent = this.region.shape
    const unit = boxes.map((chunk, d) => {
      const isWhole = this.#whole.has(d) || (isWide && d >= boxes.length - 2)
      const step = this.#options.align?.[d] ?? 1
      return Math.min(extent[d]!, Math.ceil((isWhole ? extent[d]! : chunk) / step) * step)
    })
    const start = this.measure(unit)
    return start.fits ? start : this.shrink(start)
  }

  #changed(shape: readonly number[], change: (side: number, d: number) => number): Candidate[] {
    return shape.flatMap((side, d) => {
      const next = change(side, d)
      return next === side ? [] : [this.measure(shape.map((s, k) => (k === d ? next : s)))]
    })
  }

  /** Larger tasks by one side, or by both sides of an image: what lies around it shrinks only with both. */
  #larger({ shape }: Candidate): Candidate[] {
    const { shape: extent } = this.region
    const twice = (side: number, d: number): number => Math.min(extent[d]!, side * 2)
    const images = shape.map((side, d) => (d >= shape.length - 2 ? twice(side, d) : side))
    const isNew = images.filter((side, d) => side !== shape[d]).length === 2
    return [...this.#changed(shape, twice), ...(isNew ? [this.measure(images)] : [])]
  }

  grow(from: Candidate): Candidate {
    const { workers = 1 } = this.#options
    const wanted = TASKS_PER_WORKER * workers
    let best = from
    for (;;) {
      const candidates = this.#larger(best).filter((c) => c.fits)
      if (candidates.length === 0) return best
      const next = candidates.reduce((a, b) => (isBetter(b, a, best.shape) ? b : a))
      // Small work is done before another worker would have begun.
      const isSmall = next.costs.peakBytes <= SMALL_BYTES
      const gain = isSmall ? 1 - next.pace / best.pace : 1 - this.time(next) / this.time(best)
      const isUneven = workers > 1 && !isSmall && chunkCount(this.region, next.shape) < wanted
      if (gain < (isUneven ? 0.1 : GAIN)) return best
      best = next
    }
  }

  /** With one side cut in two, on borders of `align`. */
  halves({ shape }: Candidate, align: readonly number[] | undefined): Candidate[] {
    return this.#changed(shape, (side, d) => (side % (2 * (align?.[d] ?? 1)) === 0 ? side / 2 : side))
  }

  /** Halves sides until it fits or memory for whole chunks is nearly all that is left; never below `align`. */
  shrink(from: Candidate): Candidate {
    const { align } = this.#options
    const floor = this.measure(from.shape.map((side, d) => Math.min(side, align?.[d] ?? 1))).costs.peakBytes
    let best = from
    while (!best.fits && best.costs.peakBytes > NEARLY * floor) {
      const some = this.#changed(best.shape, (side, d) => (this.#whole.has(d) ? side : halved(side, align?.[d] ?? 1)))
      const candidates = some.length > 0 ? some : this.#changed(best.shape, (side, d) => halved(side, align?.[d] ?? 1))
      if (candidates.length === 0) return best
      const peak = Math.min(...candidates.map((c) => c.costs.peakBytes))
      if (peak >= best.costs.peakBytes && cellCount(best.shape) === 1) return best
      // Among sides that save as much memory, the one that costs the least work.
      best = candidates
        .filter((c) => c.costs.peakBytes <= 1.25 * peak)
        .reduce((a, b) => (b.pace < a.pace * 0.999 ? b : a))
    }
    return best
  }
}

/** Less work, or as much in boxes that are more like cubes, which chunks of any kind overlap the least. */
function isBetter(a: Candidate, b: Candidate, before: readonly number[]): boolean {
  if (Math.abs(a.pace - b.pace) > 0.001 * b.pace) return a.pace < b.pace
  const side = ({ shape }: Candidate): number => before[shape.findIndex((length, d) => length !== before[d])]!
  return side(a) <= side(b)
}

function halved(side: number, unit: number): number {
  return Math.max(unit, Math.ceil(side / 2 / unit) * unit)
}

/** Of more tasks for each worker than these, waiting for the last one is little. */
const FEW_TASKS = 32
/** Times that the last tasks may be halved. */
const HALVINGS = 2
/** Times the work of a whole task that its parts may take. */
const WORK_OF_PARTS = 1.1

/**
 * The shape of the parts that the last tasks are made in, so that workers end at about the same time: halves and
 * quarters that take little more work. Undefined where there are none, or where there is little to gain.
 */
export function lastParts(
  root: CubeNode,
  shape: readonly number[],
  options: TaskShapeOptions,
): readonly number[] | undefined {
  const { workers = 1, align } = options
  const search = new Search(root, options)
  const tasks = chunkCount(search.region, shape)
  if (workers === 1 || tasks < 2 || tasks > FEW_TASKS * workers) return undefined
  const whole = search.measure(shape)
  let best = whole
  for (let n = 0; n < HALVINGS && best.costs.peakBytes > SMALL_BYTES; n++) {
    const half = search
      .halves(best, align)
      .reduce<Candidate | undefined>((a, b) => (a && a.pace <= b.pace ? a : b), undefined)
    if (half === undefined || half.pace > WORK_OF_PARTS * whole.pace) break
    best = half
  }
  return best === whole ? undefined : best.shape
}

/** Dimensions of the result of which some node computes all for any part, so that parts would repeat its work. */
function wholeDimensions(root: CubeNode): ReadonlySet<number> {
  const names = consumersFirst(root).flatMap((node) =>
    node.kind === 'blocks' ? (node.wholeDimensions ?? []).map((d) => node.schema.dims[d]!.name) : [],
  )
  return new Set(names.map((name) => root.schema.dims.findIndex((dim) => dim.name === name)).filter((d) => d >= 0))
}

type BoxesOf = (source: ArraySource) => readonly number[]

/** Chunks (or blocks of them) of the sources along dimensions that reach the result with the same labels; elsewhere 1. */
function sourceBoxes(root: CubeNode, boxesOf: BoxesOf): number[] {
  const sides = shapeOf(root.schema).map(() => 1)
  for (const node of consumersFirst(root)) {
    if (node.kind !== 'source') continue
    for (const [d, { name, labels }] of root.schema.dims.entries()) {
      const k = node.schema.dims.findIndex((other) => other.name === name && other.labels.length === labels.length)
      if (k >= 0) sides[d] = Math.max(sides[d]!, boxesOf(node.source)[k]!)
    }
  }
  return sides
}

/**
 * The shape of tasks for a (fused) cube. Throws InputError `BudgetTooSmall` where the least possible task needs more
 * than the whole budget; between that and a worker's share, fewer tasks run at one time.
 */
export function taskShape(root: CubeNode, options: TaskShapeOptions): TaskShape {
  const search = new Search(root, options)
  const chunks = sourceBoxes(root, (source) => source.chunks)
  const least = search.least(chunks)
  if (least.costs.peakBytes > taskShare(options.budgetBytes)) throw budgetTooSmall(root, least, options.budgetBytes)
  // What is too large a share for one of several workers is made by one, in tasks as large as it can.
  if (!least.fits) return taskShape(root, { ...options, workers: 1 })
  const usual = search.grow(least)
  if (options.isThorough !== true || !search.decodesAgain(usual)) return usual
  // Thin tasks over all of an image have nothing around them, and blocks of chunks can be decoded alone.
  const blocks = sourceBoxes(root, (source) => source.blocks ?? source.chunks)
  const others = [search.least(blocks), search.least(chunks, true), search.least(blocks, true)]
  return others
    .filter(({ fits }) => fits)
    .map((other) => search.grow(other))
    .reduce((best, other) => (search.time(other) < (1 - GAIN) * search.time(best) ? other : best), usual)
}

/** The same, with order statistics in several passes where nothing else fits. */
export function shapeAtLast(root: CubeNode, options: TaskShapeOptions): TaskShape & { readonly inPasses: boolean } {
  try {
    return { ...taskShape(root, options), inPasses: false }
  } catch (error) {
    if (!isTooSmall(error)) throw error
    return { ...taskShape(root, { ...options, inPasses: true }), inPasses: true }
  }
}

/** Whether an error says that a budget is too small. */
export const isTooSmall = (error: unknown): error is InputError =>
  error instanceof InputError && error.tag === 'BudgetTooSmall'

function budgetTooSmall(root: CubeNode, least: TaskShape, budgetBytes: number): InputError {
  return tooSmall(root, least.shape, Math.ceil(budgetFor((least.costs.peakBytes * 8) / 7)), budgetBytes)
}

/** The error of a piece that needs a larger budget. */
export function tooSmall(root: CubeNode, shape: readonly number[], needed: number, budgetBytes: number): InputError {
  const piece = regionText({ start: shape.map(() => 0), shape })
  return new InputError(
    'BudgetTooSmall',
    `${root.label}: the least piece (${piece}) needs ${megabytes(needed)} of memory, the budget is ${megabytes(budgetBytes)}`,
    {
      hint: `give a budget of at least ${megabytes(needed)}, or ${smallerChunks(root, needed)}`,
      data: { needed, budgetBytes, shape },
    },
  )
}

/** Which chunks are too large: stored ones that have to be decoded whole, or those that are written. */
function smallerChunks(root: CubeNode, needed: number): string {
  const stored = consumersFirst(root).flatMap((node) => {
    if (node.kind !== 'source') return []
    const { chunks, handle } = node.source
    return [{ path: handle.path, chunks, bytes: chunkBytes(node.schema, chunks) }]
  })
  const largest = stored.reduce((a, b) => (b.bytes > a.bytes ? b : a), {
    path: '',
    chunks: [] as readonly number[],
    bytes: 0,
  })
  if (4 * largest.bytes < needed) return 'write smaller chunks'
  const { path, chunks, bytes } = largest
  return `store ${path} in smaller chunks: one of ${chunks.join(' x ')} cells has to be decoded whole, to ${megabytes(bytes)}`
}

/** The budget that a `BudgetTooSmall` asks for, and the piece that it is for. */
export const neededBy = ({ data }: InputError): { readonly needed: number; readonly shape: readonly number[] } =>
  data as unknown as { needed: number; shape: readonly number[] }

export function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`
}
