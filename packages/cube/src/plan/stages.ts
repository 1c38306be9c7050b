/**
 * Small results of large inputs (statistics of whole images), found before the rest is computed: by all workers, each
 * taking in some of the pieces, and once, however many tasks need them.
 */
import type { CubeNode, Fold } from '../model/node.ts'
import { shapeOf } from '../model/node.ts'
import { cellCount, chunkCount, type Region, wholeRegion } from '../model/region.ts'
import { rewrite } from './fuse.ts'
import { blockBytes, consumersFirst } from './nodes.ts'
import { foldOf } from './partial.ts'
import { needsOf, scheduleOf } from './schedule.ts'
import { type SpoolHandle, spoolHandle, spoolSource } from './spool.ts'
import { workOf } from './tasks.ts'

/** A result is small up to this part of the bytes that pieces take, */
const SMALL_PART = 4
/** or, up to a part of what a task may take, where it is made from this many times its bytes. */
const MUCH_READ = 8
const LARGE_PART = 4
/** What is found first has to save this part of the time. */
const GAIN = 0.2

export interface Stage {
  readonly node: CubeNode
  readonly region: Region
  /** The parts of the result that are found one after the other. */
  readonly shape: readonly number[]
  /** How workers share a part; undefined where each finds parts of its own. */
  readonly fold: Fold | undefined
}

export interface StageOptions {
  /** Bytes that pieces should have. */
  readonly foldAbove: number
  readonly workers: number
  /** Bytes that one task may take. */
  readonly mostBytes: number
}

/** Smaller parts that take nearly as much memory only read the same again; such as take as much work are no better. */
const NEARLY = 0.9

/** What finding a result takes in parts of this shape. */
function workInParts(node: CubeNode, shape: readonly number[], foldAbove: number): number {
  const region = wholeRegion(shapeOf(node.schema))
  const part = { start: region.start, shape }
  return chunkCount(region, shape) * workOf(scheduleOf(node, part, { foldAbove, inPasses: true }))
}

/** With the longest side cut in two. */
function halved(shape: readonly number[]): readonly number[] {
  const longest = shape.indexOf(Math.max(...shape))
  return shape.map((side, d) => (d === longest ? Math.ceil(side / 2) : side))
}

/** Large parts of a result that can be found at one time; undefined where not even one cell can. */
function partShape(node: CubeNode, { foldAbove, workers, mostBytes }: StageOptions): readonly number[] | undefined {
  const start = shapeOf(node.schema).map(() => 0)
  const bytesOf = (shape: readonly number[]): number =>
    scheduleOf(node, { start, shape }, { foldAbove, inPasses: true }).peakBytes
  let shape: readonly number[] = shapeOf(node.schema)
  let peakBytes = bytesOf(shape)
  while (peakBytes * workers > mostBytes && cellCount(shape) > 1) {
    const next = halved(shape)
    const bytes = bytesOf(next)
    // Fewer workers at one time, rather.
    if (peakBytes <= mostBytes && bytes > NEARLY * peakBytes) break
    shape = next
    peakBytes = bytes
  }
  if (peakBytes > mostBytes) return undefined
  // Pieces of large parts are thin, and cut through chunks that would be decoded for each.
  for (let work = workInParts(node, shape, foldAbove); cellCount(shape) > 1; ) {
    const next = halved(shape)
    const less = workInParts(node, next, foldAbove)
    if (less > NEARLY * work) break
    shape = next
    work = less
  }
  return shape
}

/** Parts for each worker from which on each worker finds parts of its own. */
const PARTS_PER_WORKER = 2

/** Whether a result is small and made of much. */
function isSmall(node: CubeNode, region: Region, { foldAbove, mostBytes }: StageOptions): boolean {
  const bytes = blockBytes(node.schema, region)
  if (LARGE_PART * bytes > mostBytes) return false
  const needs = needsOf(node, region)
  const read = node.inputs.reduce((sum, { schema }, i) => sum + (needs[i] ? blockBytes(schema, needs[i]) : 0), 0)
  return read > foldAbove && (SMALL_PART * bytes <= foldAbove || MUCH_READ * bytes <= read)
}

/** How a node would be found first; undefined where it is not small or made of little. */
export function stageOf(node: CubeNode, options: StageOptions): Stage | undefined {
  if (node.kind === 'source') return undefined
  const { foldAbove, workers } = options
  const region = wholeRegion(shapeOf(node.schema))
  if (cellCount(region.shape) === 0 || !isSmall(node, region, options)) return undefined
  const shape = partShape(node, options)
  if (shape === undefined) return undefined
  const isMany = chunkCount(region, shape) >= PARTS_PER_WORKER * workers
  const fold = foldOf(node, foldAbove, true)
  const first = { start: region.start, shape }
  const isShared = !isMany && fold?.shared?.(first) !== undefined
  return { node, region, shape, fold: isShared ? fold : undefined }
}

/** What is planned without stages. */
export interface Plain {
  readonly tasks: number
  /** Of what is computed in one go: tasks, or pieces of them. */
  readonly regions: number
  /** The one in the middle. */
  readonly middle: Region
  readonly foldAbove: number
  readonly inPasses: boolean
}

/**
 * Places (among the nodes of the graph, consumers first) of what is better found first, inputs before what is made of
 * them. `plain`: undefined where nothing fits without.
 */
export function stagesOf(root: CubeNode, plain: Plain | undefined, options: StageOptions): number[] {
  const { workers, foldAbove } = options
  const found = consumersFirst(root).flatMap((node, i) => {
    const stage = stageOf(node, options)
    return stage === undefined ? [] : [{ i, stage }]
  })
  const isNone = found.length === 0 || plain === undefined
  const steps = isNone ? [] : scheduleOf(root, plain.middle, plain).steps
  const isFaster = ({ node, region, shape, fold }: Stage): boolean => {
    const own = steps.filter((step) => step.node === node)
    // What only pieces of another fold need would be computed for each of them.
    if (own.length === 0 || plain === undefined) return true
    const parts = chunkCount(region, shape)
    const rounds = fold === undefined ? roundsOf(parts, workers) : 1 / workers
    const roundsBefore = roundsOf(plain.tasks, workers)
    if (own.every((step) => step.fold !== undefined)) {
      const each = own.reduce((sum, step) => sum + workOf(scheduleOf(node, step.region, plain)), 0)
      return rounds * workInParts(node, shape, foldAbove) <= (1 - GAIN) * roundsBefore * plain.regions * each
    }
    const cells = own.reduce((sum, step) => sum + cellCount(step.region.shape), 0)
    const repeats = Math.max(1, (plain.regions * cells) / cellCount(region.shape))
    const passes = foldOf(node, foldAbove, true)?.passes?.(region) ?? 1
    const decoded = (part: Region): number => scheduleOf(node, part, { foldAbove, inPasses: true }).decodedBytes
    const again = (parts * decoded({ start: region.start, shape })) / Math.max(1, decoded(region))
    return Math.max(1, again) * rounds * passes <= (1 - GAIN) * repeats * roundsBefore
  }
  return found.flatMap(({ i, stage }) => (isFaster(stage) ? [i] : [])).reverse()
}

/** The time that tasks take by several workers, as a part of the time that one would take. */
const roundsOf = (tasks: number, workers: number): number => Math.ceil(tasks / workers) / tasks

/** The file of a stage's result. */
export function stageHandle(path: string, { schema }: CubeNode): SpoolHandle {
  return spoolHandle(path, schema, shapeOf(schema))
}

/** Nodes of a fused graph that lie in files, by their place. */
export type Stages = readonly { readonly node: number; readonly handle: SpoolHandle }[]

/** A node of a fused graph, by default its root, over results of stages. */
export function overStages(fused: CubeNode, stages: Stages, node: CubeNode = fused): CubeNode {
  if (stages.length === 0) return node
  const order = consumersFirst(fused)
  const files = new Map(stages.map(({ node: i, handle }) => [order[i]!, spoolSource(order[i]!, handle, 'found first')]))
  return rewrite(node, (made, original) => files.get(original) ?? made)
}
