/** The neighbour kernels of this thread, and their memory, which one estimator at a time lays out for itself. */

import { type KernelInstance, kernelInstance } from '@ecotope/cube'
import { wasm as distances } from '../kernels/distances.wasm.ts'
import { wasm as ranks } from '../kernels/ranks.wasm.ts'

/** See `kernels/pcg64.ts`. */
interface NoiseKernel {
  loadState(from: number): void
  addNoise(from: number, to: number, count: number, scale: number): void
}

/** See `kernels/ranks.ts`. */
export interface RankKernel extends NoiseKernel {
  sortOrder(keys: number, order: number, scratch: number, count: number): void
  placeRanks(order: number, places: number, scratch: number, to: number, count: number): void
  countRanks(
    count: number,
    z: number,
    x: number,
    y: number,
    rows: number,
    bytes: number,
    k: number,
    places: number,
    counts: number,
    buffers: number,
  ): void
}

/** See `kernels/distances.ts`. */
export interface DistanceKernel extends NoiseKernel {
  kthDistances(
    count: number,
    dims: number,
    rows: number,
    bytes: number,
    limits: number,
    k: number,
    to: number,
    buffers: number,
  ): void
  countDistances(
    count: number,
    z: number,
    x: number,
    y: number,
    rows: number,
    bytes: number,
    limits: number,
    k: number,
    shrink: number,
    bound: number,
    share: number,
    counts: number,
    buffers: number,
  ): number
}

export const rankKernel = kernelInstance<RankKernel>(ranks)
export const distanceKernel = kernelInstance<DistanceKernel>(distances)

/** Whose layout the memory of a kernel has. */
const owners = new WeakMap<KernelInstance<NoiseKernel>, object>()

/** The stream of random numbers is loaded from here. */
const STATE_AT = 1024
const START = STATE_AT + 64

export const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** Areas of the kernel's memory by name, as addresses. */
export class Arena<Name extends string, Kernel extends NoiseKernel> {
  readonly at: Readonly<Record<Name, number>>
  readonly #bytes: number
  readonly #fill: (arena: Arena<Name, Kernel>) => void
  readonly #instance: KernelInstance<Kernel>
  #memory: ArrayBuffer | undefined

  /** `fill` writes what does not change; it is called again when others have used the memory. */
  constructor(
    instance: KernelInstance<Kernel>,
    sizes: Readonly<Record<Name, number>>,
    fill: (arena: Arena<Name, Kernel>) => void,
  ) {
    this.#instance = instance
    let next = START
    const at: Partial<Record<Name, number>> = {}
    for (const [name, size] of Object.entries(sizes) as [Name, number][]) {
      at[name] = next
      next += aligned(size) + 64
    }
    this.at = at as Record<Name, number>
    this.#bytes = next
    this.#fill = fill
  }

  /** Call it before each use of the memory. */
  enter(): Kernel {
    const { call, room } = this.#instance
    const memory = room(this.#bytes).buffer
    if (owners.get(this.#instance) === this && this.#memory === memory) return call
    owners.set(this.#instance, this)
    this.#memory = memory
    this.#fill(this)
    return call
  }

  /** Random numbers go on from this state. */
  seed(state: Uint32Array): void {
    new Uint32Array(this.#memory!, STATE_AT, state.length).set(state)
    this.#instance.call.loadState(STATE_AT)
  }

  floats(address: number, count: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#memory!, address, count)
  }

  words(address: number, count: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#memory!, address, count)
  }

  get kernel(): Kernel {
    return this.#instance.call
  }
}
