/** What a plan will do, as plain data and as text: chunks, fused nodes, memory, bytes read, tasks. */
import type { CubeNode } from '../model/node.ts'
import { shapeOf } from '../model/node.ts'
import { chunkCount, type Region, regionText, splitRegion, wholeRegion } from '../model/region.ts'
import { kernelOfNode } from './kernels.ts'
import { blockBytes, chunkBytes, consumersFirst } from './nodes.ts'
import { nodeAt, type Plan, type PlanOptions, planOf, regionsOfPlan, stageOptions } from './plan.ts'
import { isSpooled, type Schedule, type ScheduleOptions, type Step, scheduleOf } from './schedule.ts'
import { overStages, stageHandle, stageOf } from './stages.ts'
import { megabytes, taskShare } from './tasks.ts'

export interface ExplainedNode {
  readonly id: number
  readonly kind: CubeNode['kind']
  readonly label: string
  readonly dims: readonly { readonly name: string; readonly length: number }[]
  readonly dtype: string
  readonly inputs: readonly number[]
  /** How a kernel computes it. */
  readonly kernel?: string
  /** Of sources. */
  readonly source?: { readonly format: string; readonly path: string; readonly chunks: readonly number[] }
}

export interface Explanation {
  /** After fusion, inputs before what is made from them. */
  readonly nodes: readonly ExplainedNode[]
  /** Nodes of the graph before and after fusion. */
  readonly nodesBefore: number
  /** Nodes whose small results are found first, by all workers. */
  readonly foundFirst: readonly { readonly label: string; readonly bytes: number }[]
  /** Nodes that are cut anew on disk first, with the chunks that they get. */
  readonly cutAnew: readonly { readonly label: string; readonly chunks: readonly number[]; readonly bytes: number }[]
  readonly taskShape: readonly number[]
  /** Of the parts that the last tasks are cut into, so that workers end together. */
  readonly lastShape?: readonly number[]
  readonly pieces?: readonly number[]
  /** Order statistics take several passes over what they read. */
  readonly inPasses: boolean
  readonly tasks: number
  readonly workers: number
  readonly budgetBytes: number
  /** Of one task, at its peak. */
  readonly taskBytes: number
  /** Of all tasks that run at one time, caches included. */
  readonly totalBytes: number
  /** Decoded bytes of all tasks, if none finds its chunks in the cache. */
  readonly decodedBytes: number
  /** Decoded bytes if every needed chunk is decoded once. */
  readonly leastDecodedBytes: number
  /** Stored bytes of the needed chunks, where the sources know. */
  readonly storedBytes?: number
}

/** Tasks or pieces of them that are measured one by one; of more, an even sample stands for all. */
const MEASURED = 64

export function explain(node: CubeNode, options: PlanOptions = {}): Explanation {
  return explainPlan(planOf(node, options), node)
}

export function explainPlan(plan: Plan, before: CubeNode = plan.fused): Explanation {
  const order = [...consumersFirst(plan.root)].reverse()
  const abreast = Math.floor(taskShare(plan.budgetBytes) / plan.costs.peakBytes)
  const running = Math.max(1, Math.min(plan.workers, plan.tasks, abreast))
  const { decodedBytes, leastDecodedBytes, storedBytes } = bytesOf(plan)
  return {
    nodes: order.map((node, id) => explainedNode(node, id, order)),
    nodesBefore: consumersFirst(before).length,
    foundFirst: plan.stages.map((node) => {
      const { label, schema } = nodeAt(plan.fused, node)
      return { label, bytes: blockBytes(schema, wholeRegion(shapeOf(schema))) }
    }),
    cutAnew: plan.spools.map(({ node, chunks }) => {
      const { label, schema } = nodeAt(plan.staged, node)
      return { label, chunks, bytes: blockBytes(schema, wholeRegion(shapeOf(schema))) }
    }),
    taskShape: plan.shape,
    ...(plan.last === undefined ? {} : { lastShape: plan.last }),
    ...(plan.pieces === undefined ? {} : { pieces: plan.pieces }),
    inPasses: plan.inPasses,
    tasks: plan.tasks,
    workers: plan.workers,
    budgetBytes: plan.budgetBytes,
    taskBytes: plan.costs.peakBytes,
    totalBytes: running * (plan.costs.peakBytes + plan.cacheBytes),
    decodedBytes,
    leastDecodedBytes,
    ...(storedBytes === undefined ? {} : { storedBytes }),
  }
}

function explainedNode(node: CubeNode, id: number, order: readonly CubeNode[]): ExplainedNode {
  const { kind, label, schema } = node
  return {
    id,
    kind,
    label,
    dims: schema.dims.map(({ name, labels }) => ({ name, length: labels.length })),
    dtype: schema.packing.dtype,
    inputs: node.inputs.map((input) => order.indexOf(input)),
    ...(node.kind === 'cells' ? { kernel: kernelOfNode(node).describe() } : {}),
    ...(node.kind === 'source'
      ? { source: { format: node.source.handle.format, path: node.source.handle.path, chunks: node.source.chunks } }
      : {}),
  }
}

/** Chunks of each source that some task needs, and the bytes that all tasks decode. */
function bytesOf(plan: Plan): { decodedBytes: number; leastDecodedBytes: number; storedBytes: number | undefined } {
  const parts = [sampled(plan.root, () => computed(plan), plan), ...stagesSampled(plan), ...fillsSampled(plan)]
  let decodedBytes = 0
  let leastDecodedBytes = 0
  let storedBytes: number | undefined = 0
  for (const { schedules, scale } of parts)
    decodedBytes += scale * schedules.reduce((sum, schedule) => sum + schedule.decodedBytes, 0)
  for (const [source, chunks] of parts.flatMap(({ schedules, scale }) => [...neededChunks(schedules, scale)])) {
    leastDecodedBytes += chunks * chunkBytes(source.schema, source.source.chunks)
    const each = source.source.storedChunkBytes
    storedBytes = each === undefined || storedBytes === undefined ? undefined : storedBytes + chunks * each
  }
  return { decodedBytes, leastDecodedBytes: Math.min(leastDecodedBytes, decodedBytes), storedBytes }
}

/** What is computed in one go: tasks, or the pieces that they are made in. */
function* computed(plan: Plan): Generator<Region> {
  if (plan.tasks === 0) return
  for (const task of regionsOfPlan(plan)) {
    if (plan.pieces === undefined) yield task
    else yield* splitRegion(task, plan.pieces)
  }
}

interface Sampled {
  readonly schedules: readonly Schedule[]
  /** Regions that each of them stands for. */
  readonly scale: number
}

/** Schedules of some of these regions. */
function sampled(root: CubeNode, regions: () => Iterable<Region>, options: ScheduleOptions): Sampled {
  let count = 0
  for (const _ of regions()) count++
  const every = Math.max(1, Math.ceil(count / MEASURED))
  const schedules: Schedule[] = []
  let at = 0
  for (const region of regions()) if (at++ % every === 0) schedules.push(scheduleOf(root, region, options))
  return { schedules, scale: count / Math.max(1, schedules.length) }
}

/** Of what is found first, each over those before it, in the parts that it is found in. */
function stagesSampled(plan: Plan): Sampled[] {
  const handles = plan.stages.map((node) => ({ node, handle: stageHandle('temporary', nodeAt(plan.fused, node)) }))
  const bounds = stageOptions(plan)
  return plan.stages.map((at, k) => {
    const node = overStages(plan.fused, handles.slice(0, k), nodeAt(plan.fused, at))
    const { region, shape } = stageOf(node, bounds)!
    return sampled(node, () => splitRegion(region, shape), { foldAbove: bounds.foldAbove, inPasses: true })
  })
}

/** Of what is cut anew. */
function fillsSampled(plan: Plan): Sampled[] {
  return plan.spools.map(({ node: at, fill }) => {
    const node = nodeAt(plan.staged, at)
    return sampled(node, () => splitRegion(wholeRegion(shapeOf(node.schema)), fill.shape), plan)
  })
}

type Source = Extract<CubeNode, { kind: 'source' }>

/** What a step reads of sources; one that folds reads all that it wants, in pieces. */
function readsOf({ node, region, fold, wanted }: Step): { readonly node: Source; readonly region: Region }[] {
  if (node.kind === 'source') return isSpooled(node) ? [] : [{ node, region }]
  if (fold === undefined) return []
  return wanted.flatMap((need, i) =>
    need === undefined ? [] : scheduleOf(node.inputs[i]!, need).steps.flatMap(readsOf),
  )
}

function neededChunks(schedules: readonly Schedule[], scale: number): Map<Source, number> {
  const seen = new Map<Source, Set<string>>()
  for (const { steps } of schedules) {
    for (const { node, region } of steps.flatMap(readsOf)) {
      const keys = seen.get(node) ?? new Set()
      seen.set(node, keys)
      for (const part of splitRegion(region, node.source.chunks))
        keys.add(part.start.map((start, d) => Math.floor(start / node.source.chunks[d]!)).join())
    }
  }
  const counts = new Map<Source, number>()
  for (const [node, keys] of seen) {
    const shape = shapeOf(node.schema)
    const all = chunkCount({ start: shape.map(() => 0), shape }, node.source.chunks)
    counts.set(node, Math.min(all, Math.round(keys.size * scale)))
  }
  return counts
}

const box = (shape: readonly number[]): string => regionText({ start: shape.map(() => 0), shape }).replaceAll('0:', '')

/** For people: a line for each node, then the tasks. */
export function explainText(explanation: Explanation): string {
  const { nodes, nodesBefore, taskShape, lastShape, pieces, tasks, workers } = explanation
  const lines = nodes.map(({ id, kind, label, dims, dtype, inputs, kernel, source }) => {
    const shape = dims.map(({ name, length }) => `${name} ${length}`).join(' x ')
    const from = inputs.length > 0 ? ` of ${inputs.map((input) => `#${input}`).join(', ')}` : ''
    const how = kernel ?? (source ? `${source.format} ${source.path}, chunks ${source.chunks.join(' x ')}` : kind)
    return `#${id} ${label}${from}: ${shape || 'one value'} (${dtype}), ${how}`
  })
  const again = explanation.decodedBytes / Math.max(1, explanation.leastDecodedBytes)
  const stored = explanation.storedBytes === undefined ? '' : `, ${megabytes(explanation.storedBytes)} stored`
  const parts = pieces ? ` in pieces of ${box(pieces)}` : lastShape ? `, the last of ${box(lastShape)}` : ''
  return [
    ...lines,
    nodesBefore > nodes.length ? `fused: ${nodesBefore} nodes became ${nodes.length}` : 'nothing to fuse',
    ...explanation.foundFirst.map(({ label, bytes }) => `found first, by all workers: ${label}, ${megabytes(bytes)}`),
    ...explanation.cutAnew.map(
      ({ label, chunks, bytes }) =>
        `cut anew on disk: ${label}, ${megabytes(bytes)}, in chunks of ${chunks.join(' x ')}`,
    ),
    `tasks: ${tasks} of ${box(taskShape)}${parts}, ${workers} at one time`,
    ...(explanation.inPasses ? ['order statistics: in several passes, as what they need does not fit'] : []),
    `memory: ${megabytes(explanation.taskBytes)} each, ${megabytes(explanation.totalBytes)} in all of ${megabytes(explanation.budgetBytes)}`,
    `reads: ${megabytes(explanation.leastDecodedBytes)} decoded${stored}; without cache ${again.toFixed(2)} times`,
  ].join('\n')
}
