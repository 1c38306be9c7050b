/** A plan loaded into a memory of its own, with its threads. */
import { EnvironmentError } from '@ecotope/core'
import type { RunReply, TensorMessage } from '../../run/protocol.ts'
import { placementOf } from '../memory.ts'
import type { Plan, StepOf } from '../steps.ts'
import { Registry } from '../wasm/registry.ts'
import { pack } from '../weights.ts'
import { type CrewStart, joinCrew } from './crew.ts'
import { addStep } from './executors.ts'

/** Starts a thread that runs `serveCrew`; resolves with the function that ends it. */
export type StartHelper = (start: CrewStart) => Promise<() => void>

export interface Session {
  run(feeds: Readonly<Record<string, TensorMessage>>): RunReply
  release(): void
}

const PAGE = 65536

function newMemory(bytes: number, shared: boolean): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE)
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared })
  } catch (cause) {
    throw new EnvironmentError('OutOfMemory', `this program needs ${Math.ceil(bytes / 2 ** 20)} MiB in one piece`, {
      cause,
      hint: 'Use a smaller image or batch, or close other work on this machine.',
      data: { bytes },
    })
  }
}

/** The plan without the numbers, which lie in the memory. */
const withoutNumbers = ({ steps, buffers }: Plan): Plan => ({
  steps,
  buffers: buffers.map(({ numbers }) => ({ numbers })),
})

async function startCrew(start: Omit<CrewStart, 'thread'>, startHelper: StartHelper): Promise<() => void> {
  const others = Array.from({ length: start.threads - 1 }, (_, i) => startHelper({ ...start, thread: i + 1 }))
  const settled = await Promise.allSettled(others)
  const stop = (): void => {
    for (const each of settled) if (each.status === 'fulfilled') each.value()
  }
  const failure = settled.find((each) => each.status === 'rejected')
  if (failure === undefined) return stop
  stop()
  throw new EnvironmentError('ThreadsUnavailable', 'a thread of the image engine could not be started', {
    cause: failure.reason,
  })
}

export async function openSession(plan: Plan, threads: number, startHelper: StartHelper): Promise<Session> {
  const placement = placementOf(plan, threads)
  const registry = new Registry()
  const names = plan.steps.map((step) => addStep(step, registry))
  const shared = threads > 1
  const memory = newMemory(placement.numbers * 4, shared)
  const module = new WebAssembly.Module(registry.bytes(shared, memory.buffer.byteLength / PAGE))
  const heap = new Float32Array(memory.buffer)
  plan.buffers.forEach(({ constant, numbers }, i) => {
    const at = placement.offsets[i]!
    if (constant !== undefined) pack(constant, heap.subarray(at, at + numbers))
  })
  const start = { module, memory, plan: withoutNumbers(plan), placement, names, threads }
  const stop = await startCrew(start, startHelper)
  const { control, run } = joinCrew({ ...start, thread: 0 })
  const planes = (buffer: number, numbers: number): Float32Array => {
    const at = placement.offsets[buffer]!
    return heap.subarray(at, at + numbers)
  }
  return {
    run: (feeds) => {
      for (const { input, planes: buffer } of stepsOf(plan, 'load')) {
        const data = feeds[input]!.data as Float32Array
        planes(buffer, data.length).set(data)
      }
      run(control.begin())
      if (control.failed) throw new EnvironmentError('ImageEngine', 'a thread of the image engine failed')
      return Object.fromEntries(stepsOf(plan, 'store').map((step) => [step.output, outputOf(step, plan, planes)]))
    },
    release: stop,
  }
}

function outputOf(
  { planes: buffer, shape }: StepOf<'store'>,
  { buffers }: Plan,
  planes: (buffer: number, numbers: number) => Float32Array,
): TensorMessage {
  return { type: 'float32', data: new Float32Array(planes(buffer, buffers[buffer]!.numbers)), shape }
}

function stepsOf<K extends 'load' | 'store'>({ steps }: Plan, kind: K): StepOf<K>[] {
  return steps.filter((step) => step.kind === kind) as unknown as StepOf<K>[]
}
