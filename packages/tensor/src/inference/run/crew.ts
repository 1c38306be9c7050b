/** What every thread of a session does: bind the plan to the shared memory, and carry its steps out together. */

import { EnvironmentError } from '@ecotope/core'
import type { Placement } from '../memory.ts'
import type { Plan } from '../steps.ts'
import type { Kernel } from '../wasm/registry.ts'
import { Control } from './control.ts'
import type { Names } from './executor.ts'
import { bindStep, type Work } from './executors.ts'
import type { Room } from './room.ts'

/** Everything that a thread needs; plain data and what threads may share. */
export interface CrewStart {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly plan: Plan
  readonly placement: Placement
  /** Each step's kernels. */
  readonly names: readonly Names[]
  readonly threads: number
  /** Which thread this is; 0 leads. */
  readonly thread: number
}

export interface Member {
  readonly control: Control
  /** Takes part in a run: units of each step, then a wait for the others. Raises what went wrong here. */
  run(generation: number): void
}

export function joinCrew({ module, memory, plan, placement, names, threads, thread }: CrewStart): Member {
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as Record<string, Kernel>
  const room: Room = {
    memory: new Float32Array(memory.buffer),
    scratch: placement.scratch[thread]!,
    kernel: (name) => kernels[name]!,
    offset: (buffer) => placement.offsets[buffer]!,
    numbers: (buffer) => plan.buffers[buffer]!.numbers,
  }
  const control = new Control(memory, threads, plan.steps.length)
  const works = plan.steps.map((step, i) => bindStep(step, room, names[i]!))
  return {
    control,
    run: (generation) => {
      let failure: unknown
      works.forEach((work, step) => {
        try {
          if (failure === undefined && !control.failed) carryOut(work, () => control.take(step))
        } catch (cause) {
          failure = new EnvironmentError('ImageEngine', `${work.name} failed: ${String(cause)}`, { cause })
          control.fail()
        }
        control.arrive(generation, step)
      })
      if (failure !== undefined) throw failure
    },
  }
}

function carryOut({ units, run }: Work, take: () => number): void {
  for (let unit = take(); unit < units; unit = take()) run(unit)
}

/**
 * The life of a thread that does not lead; it ends when it is ended from outside. `ready` is called when nothing is left
 * that could fail: the others wait for a thread that has said so.
 */
export function serveCrew(start: CrewStart, ready: () => void): never {
  const { control, run } = joinCrew(start)
  ready()
  for (let generation = 0; ; ) {
    generation = control.awaitRun(generation)
    try {
      run(generation)
    } catch {
      // The leader sees that something failed, and tells.
    }
  }
}
