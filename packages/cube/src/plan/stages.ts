/**
 * Small results of large inputs (statistics of whole images), found before the rest is computed: by all workers, each
 * taking in some of the pieces, and once, however many tasks need them.
 */
import type { CubeNode, Fold } from '../model/node.ts'
import { shapeOf } from '../model/node.ts'
import { cellCount, type Region, wholeRegion } from '../model/region.ts'
import { rewrite } from './fuse.ts'
import { blockBytes, consumersFirst } from './nodes.ts'
import { foldOf } from './partial.ts'
import { needsOf, type ScheduleOptions, scheduleOf } from './schedule.ts'
import { type SpoolHandle, spoolHandle, spoolSource } from './spool.ts'

/** A result is small up to this part of the bytes that pieces take. */
const SMALL_PART = 4
/** What is found first has to save this part of the time. */
const GAIN = 0.2

export interface Stage {
  readonly node: CubeNode
  readonly fold: Fold
  /** All of the result. */
  readonly region: Region
}

/** How a node would be found first: in pieces of about these bytes; undefined where it is not small or cannot be shared. */
export function stageOf(node: CubeNode, targetBytes: number): Stage | undefined {
  if (node.kind === 'source') return undefined
  const region = wholeRegion(shapeOf(node.schema))
  if (cellCount(region.shape) === 0 || SMALL_PART * blockBytes(node.schema, region) > targetBytes) return undefined
  const needs = needsOf(node, region)
  const read = node.inputs.map(({ schema }, i) => (needs[i] === undefined ? 0 : blockBytes(schema, needs[i])))
  if (read.reduce((sum, bytes) => sum + bytes, 0) <= targetBytes) return undefined
  const fold = foldOf(node, targetBytes, true)
  return fold?.shared?.(region) === undefined ? undefined : { node, fold, region }
}

/** What is planned without stages: how many tasks there are, and what one in the middle needs. */
export interface Plain {
  readonly tasks: number
  readonly task: Region
}

export interface Bounds extends ScheduleOptions {
  readonly foldAbove: number
  readonly workers: number
  /** Bytes that one task may take. */
  readonly mostBytes: number
}

/**
 * Places (among the nodes of the graph, consumers first) of what is better found first, inputs before what is made of
 * them. `plain`: undefined where nothing fits without.
 */
export function stagesOf(
  root: CubeNode,
  plain: Plain | undefined,
  { workers, mostBytes, ...options }: Bounds,
): number[] {
  const found = consumersFirst(root).flatMap((node, i) => {
    const stage = stageOf(node, options.foldAbove)
    if (stage === undefined) return []
    const { peakBytes } = scheduleOf(node, stage.region, { ...options, inPasses: true })
    return peakBytes <= mostBytes ? [{ i, stage }] : []
  })
  const steps = found.length === 0 || plain === undefined ? [] : scheduleOf(root, plain.task, options).steps
  const isFaster = ({ node, fold, region }: Stage): boolean => {
    const own = steps.filter((step) => step.node === node)
    // What only pieces of another fold need would be computed for each of them.
    if (own.length === 0 || plain === undefined) return true
    const cells = own.reduce((sum, step) => sum + cellCount(step.region.shape), 0)
    const repeats = Math.max(1, (plain.tasks * cells) / cellCount(region.shape))
    const passes = (one: Fold | undefined): number => one?.passes?.(region) ?? 1
    const rounds = Math.ceil(plain.tasks / workers) / plain.tasks
    const before = repeats * rounds * passes(own[0]!.fold)
    return passes(fold) / workers <= (1 - GAIN) * before
  }
  return found.flatMap(({ i, stage }) => (isFaster(stage) ? [i] : [])).reverse()
}

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
