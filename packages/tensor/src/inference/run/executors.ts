/** Every kind of step and what carries it out, complete by type. */
import type { Step, StepKind } from '../steps.ts'
import type { Registry } from '../wasm/registry.ts'
import type { Executor, Names } from './executor.ts'
import { enlarge, load, map, moments, peak, softmax, store, window } from './pixels.ts'
import { gathered, spread } from './products.ts'
import type { Room } from './room.ts'
import { normalise, total } from './statistics.ts'
import { winograd } from './winograd.ts'

const executors: { readonly [K in StepKind]: Executor<K> } = {
  load,
  store,
  map,
  winograd,
  gathered,
  spread,
  window,
  enlarge,
  moments,
  normalise,
  total,
  peak,
  softmax,
}

const executorOf = (step: Step): Executor<Step['kind']> => executors[step.kind] as Executor<Step['kind']>

export const scratchNumbers = (step: Step): number => executorOf(step).scratch(step as never)

export const addStep = (step: Step, registry: Registry): Names => executorOf(step).kernels(step as never, registry)

export interface Work {
  readonly name: string
  readonly units: number
  run(unit: number): void
}

export function bindStep(step: Step, room: Room, names: Names): Work {
  const executor = executorOf(step)
  return { name: step.name, units: executor.units(step as never), run: executor.bind(step as never, room, names) }
}
