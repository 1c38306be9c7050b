/**
 * Helper threads that run kernels on a shared memory, and the protocol between them and the caller: one slot of 16
 * numbers a helper at the start of the memory (a state, the kernel's number, its arguments).
 */
import type { Kernels } from '../wasm/kernels.ts'

/** Kernels that a helper can run; the slot holds the index. */
const runnable = ['gemm', 'symmetricTimesVector', 'timesVector'] as const
export type Runnable = (typeof runnable)[number]

const slotNumbers = 20
const idle = 0
const posted = 1
const done = 2
const failed = 3
const closed = 4

export interface Helpers {
  readonly count: number
  post<Name extends Runnable>(helper: number, name: Name, args: Parameters<Kernels[Name]>): void
  /** Blocks until the helper has finished what was posted. */
  await(helper: number): void
  close(): void
}

export interface HelperStart {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly slot: number
}

interface Slot {
  readonly state: Int32Array
  readonly call: Float64Array
}

function slotOf(memory: WebAssembly.Memory, slot: number): Slot {
  const start = slot * slotNumbers * 8
  return {
    state: new Int32Array(memory.buffer, start, 1),
    call: new Float64Array(memory.buffer, start + 8, slotNumbers - 1),
  }
}

/** The life of a helper thread; returns when it is closed. */
export function serveKernels({ module, memory, slot }: HelperStart): void {
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels
  const { state, call } = slotOf(memory, slot)
  for (;;) {
    const now = Atomics.load(state, 0)
    if (now === closed) return
    if (now !== posted) {
      Atomics.wait(state, 0, now)
      continue
    }
    const kernel = kernels[runnable[call[0]!]!] as (...args: readonly number[]) => void
    Atomics.store(state, 0, attempt(kernel, call.slice(2, 2 + call[1]!)))
    Atomics.notify(state, 0)
  }
}

function attempt(kernel: (...args: readonly number[]) => void, args: Float64Array): number {
  try {
    kernel(...args)
    return done
  } catch {
    return failed
  }
}

/** The caller's side. `stop` ends the threads themselves. */
export function helpersOn(memory: WebAssembly.Memory, count: number, stop: () => void): Helpers {
  const slots = Array.from({ length: count }, (_, slot) => slotOf(memory, slot))
  return {
    count,
    post: (helper, name, args) => {
      const { state, call } = slots[helper]!
      call[0] = runnable.indexOf(name)
      call[1] = args.length
      call.set(args, 2)
      Atomics.store(state, 0, posted)
      Atomics.notify(state, 0)
    },
    await: (helper) => {
      const { state } = slots[helper]!
      while (Atomics.load(state, 0) === posted) pause(state)
      if (Atomics.load(state, 0) === failed) throw new Error('linalg: a helper thread failed')
      Atomics.store(state, 0, idle)
    },
    close: () => {
      for (const { state } of slots) {
        Atomics.store(state, 0, closed)
        Atomics.notify(state, 0)
      }
      stop()
    },
  }
}

/** The main thread of a page may not sleep: there it goes on looking. */
function pause(state: Int32Array): void {
  for (let spin = 0; spin < 2000; spin++) if (Atomics.load(state, 0) !== posted) return
  if (typeof document === 'undefined') Atomics.wait(state, 0, posted, 10)
}
