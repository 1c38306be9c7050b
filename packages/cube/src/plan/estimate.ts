/** What plans take, by estimate: which of several is the quickest, and whether one decodes the same again and again. */
import { InputError } from '@ecotope/core'
import { DECODED_AGAIN } from '../model/array-source.ts'
import { type CubeNode, shapeOf } from '../model/node.ts'
import { cellCount, chunkCount, type Region, wholeRegion } from '../model/region.ts'
import { blockBytes, consumersFirst } from './nodes.ts'
import type { Plan } from './plan.ts'
import { isSpooled } from './schedule.ts'
import { idling, type TaskShape, taskShare } from './tasks.ts'

/** Another size of pieces, or a file between, has to save this part of the time. */
const GAIN = 0.1

export const wholeBytes = ({ schema }: CubeNode): number => blockBytes(schema, wholeRegion(shapeOf(schema)))

/** The first plan, or the one that takes the least time where that saves enough of it. */
export function quickest([first, ...others]: readonly (Plan | InputError)[]): Plan | InputError {
  const best = others.reduce<Plan | undefined>((a, b) => {
    if (b instanceof InputError) return a
    return a === undefined || timeOf(b) < timeOf(a) ? b : a
  }, undefined)
  if (best === undefined || first === undefined) return first!
  return first instanceof InputError || timeOf(best) <= (1 - GAIN) * timeOf(first) ? best : first
}

/** Whether tasks decode hardly more than all that is stored. */
export function decodesOnce({ root, whole, shape, pieces, costs }: Plan): boolean {
  const sources = consumersFirst(root).filter((node) => node.kind === 'source' && !isSpooled(node))
  const stored = sources.reduce((sum, node) => sum + wholeBytes(node), 0)
  return chunkCount(whole, pieces ?? shape) * costs.decodedBytes <= DECODED_AGAIN * stored
}

/** What writing a byte of a temporary file costs, as decoding bytes; reading it again is like decoding one. */
export const COST_OF_SPOOLS = 3

/** The time that all tasks take, in bytes that a worker could decode meanwhile, times workers. */
export function timeOf(plan: Plan): number {
  const { whole, tasks, staged, spools } = plan
  if (tasks === 0) return 0
  const filling = spools.map(({ node, fill }) => {
    const { schema } = consumersFirst(staged)[node]!
    const region = wholeRegion(shapeOf(schema))
    return COST_OF_SPOOLS * blockBytes(schema, region) + timeOfTasks(fill, region, chunkCount(region, fill.shape), plan)
  })
  return filling.reduce((sum, time) => sum + time, timeOfTasks(plan, whole, tasks, plan))
}

type Timed = Pick<TaskShape, 'costs' | 'pace'>

function timeOfTasks(
  { costs, pace }: Timed,
  whole: Region,
  tasks: number,
  { budgetBytes, workers }: Pick<Plan, 'budgetBytes' | 'workers'>,
): number {
  // Tasks that are too large for it do not run beside each other.
  const abreast = Math.max(1, Math.min(workers, Math.floor(taskShare(budgetBytes) / Math.max(1, costs.peakBytes))))
  return pace * cellCount(whole.shape) * idling(tasks, abreast) * (workers / abreast)
}
