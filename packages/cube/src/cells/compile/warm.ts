/**
 * Brings what a tile reads into the processor's cache, a few planes at a time. Kernels over time read from as many
 * places at once as there are dates, processors follow a dozen or so: beyond that each line of memory is waited for.
 */
import { kernelOver } from '../../kernels/load.ts'
import { wasm } from '../../kernels/warm.wasm.ts'
import { cellCount, type Region } from '../../model/region.ts'
import type { Spread } from './parameters.ts'

/** Planes that are read at one time without any help. */
const FOLLOWED = 16
/** Bytes that are likely to be in the cache still. */
const CACHED_BYTES = 2 ** 21
/** Shorter stretches of a plane are not worth the call. */
const LEAST_BYTES = 512

interface Warm {
  warm(from: number, bytes: number, count: number, apart: number): number
}

export class Warmer {
  readonly #memory: WebAssembly.Memory
  #kernel: Warm | undefined

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory
  }

  /** `boxes`: what a tile reads of each input; `spreads`: where the inputs lie. The sum of the bytes that were touched. */
  warm(boxes: readonly (Region | undefined)[], spreads: readonly (Spread | undefined)[]): number {
    const planes = boxes.reduce((sum, box) => sum + (box === undefined ? 0 : cellCount(box.shape.slice(0, -2))), 0)
    const held = spreads.reduce((sum, one) => sum + (one === undefined ? 0 : one.length * one.cellBytes), 0)
    if (planes <= FOLLOWED || held <= CACHED_BYTES) return 0
    this.#kernel ??= kernelOver<Warm>(wasm, this.#memory)
    let sum = 0
    for (const [i, box] of boxes.entries()) {
      const spread = spreads[i]
      if (box === undefined || spread === undefined) continue
      for (const { from, bytes, count, apart } of stretches(box, spread))
        if (bytes >= LEAST_BYTES) sum += this.#kernel.warm(from, bytes, count, apart)
    }
    return sum
  }
}

/** Stretches of bytes at equal distances. */
interface Stretches {
  readonly from: number
  readonly bytes: number
  readonly count: number
  readonly apart: number
}

/** Rows of a box in each of its planes; planes that lie evenly are taken together. */
function* stretches(box: Region, { address, strides, cellBytes, start }: Spread): Generator<Stretches> {
  const { shape } = box
  const first = Math.max(0, shape.length - 2)
  const offset = box.start.reduce((sum, at, d) => sum + (at - start[d]!) * strides[d]!, 0)
  const cells = shape.slice(first).reduce((sum, side, k) => sum + (side - 1) * strides[first + k]!, 1)
  let along = first - 1
  let count = shape[along] ?? 1
  const apart = strides[along] ?? 0
  while (along > 0 && strides[along - 1] === count * apart) count *= shape[--along]!
  const outer = shape.slice(0, Math.max(0, along))
  const position = outer.map(() => 0)
  for (let k = cellCount(outer); k > 0; k--) {
    const at = offset + position.reduce((sum, n, d) => sum + n * strides[d]!, 0)
    yield { from: address + at * cellBytes, bytes: cells * cellBytes, count, apart: apart * cellBytes }
    for (let d = outer.length - 1; d >= 0 && ++position[d]! === outer[d]; d--) position[d] = 0
  }
}
