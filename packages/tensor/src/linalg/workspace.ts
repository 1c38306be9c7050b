/**
 * The memory in which the kernels work: one per thread of JavaScript, grown when a call needs more, reused by the next
 * call, given back by `release`. A call copies its operands in and its results out.
 */
import { EnvironmentError } from '@ecotope/core'
import type { Helpers } from './threads/helpers.ts'
import { workspaceOf } from './wasm/gemm.ts'
import { buildKernels, instantiate, type KernelModule, type Kernels, maximumPages } from './wasm/kernels.ts'

const pageNumbers = 8192
/** Numbers at the start of the memory that belong to the control of helper threads. */
const controlNumbers = 512

export interface Engine {
  readonly kernels: Kernels
  readonly memory: WebAssembly.Memory
  readonly source: KernelModule
  readonly helpers: Helpers | undefined
  /** Numbers of packing space of one thread; those of thread t start at `controlNumbers + t * work`. */
  readonly work: number
}

/** What a running call sees: a heap of float64, and room in it by index. */
export interface Workspace extends Engine {
  readonly heap: Float64Array
  /** Reserves `count` numbers, aligned to 64 bytes, and returns the index of the first. */
  take(count: number): number
}

let engine: Engine | undefined

/** Makes (or takes over) the engine; `helpers` starts the helper threads on its memory. */
export function openEngine(shared: boolean, fused?: boolean): Engine {
  const source = buildKernels(shared, fused)
  const memory = newMemory(shared)
  return {
    source,
    memory,
    kernels: instantiate(source.module, memory),
    helpers: undefined,
    work: workspaceOf(source.tiles),
  }
}

function newMemory(shared: boolean): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: maximumPages, shared })
  } catch (cause) {
    throw new EnvironmentError('OutOfMemory', 'no address space for the memory of the linear algebra', {
      cause,
      hint: 'Close other work on this machine.',
    })
  }
}

export function currentEngine(): Engine {
  engine ??= openEngine(false)
  return engine
}

/** Puts another engine in place and returns the one that was there. */
export function replaceEngine(next: Engine | undefined): Engine | undefined {
  const before = engine
  engine = next
  return before
}

export function packingOf(space: Engine, thread: number): number {
  return (controlNumbers + thread * space.work) * 8
}

function grow(memory: WebAssembly.Memory, numbers: number): void {
  const missing = Math.ceil(numbers / pageNumbers) - memory.buffer.byteLength / 65536
  if (missing <= 0) return
  const needed = Math.ceil((numbers * 8) / 2 ** 20)
  try {
    memory.grow(missing)
  } catch (cause) {
    throw new EnvironmentError('OutOfMemory', `this computation needs ${needed} MiB of working memory`, {
      cause,
      hint: 'WebAssembly addresses at most 4096 MiB, and the system must have them free: use smaller matrices.',
      data: { mebibytes: needed },
    })
  }
}

/** Runs `body` with room for `numbers` float64 numbers (and 64 bytes of alignment for each of at most 64 areas). */
export function withWorkspace<T>(numbers: number, body: (space: Workspace) => T): T {
  const current = currentEngine()
  const threads = 1 + (current.helpers?.count ?? 0)
  let top = controlNumbers + threads * current.work
  const end = top + numbers + 64 * 8
  grow(current.memory, end)
  const take = (count: number): number => {
    const start = Math.ceil(top / 8) * 8
    top = start + count
    if (top > end) throw new Error('linalg: workspace too small (an error of this library)')
    return start
  }
  return body({ ...current, heap: new Float64Array(current.memory.buffer), take })
}

/** Bytes of working memory held now. */
export function heldBytes(): number {
  return engine?.memory.buffer.byteLength ?? 0
}
