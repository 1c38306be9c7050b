/** Where water flows on a raster: order from the outlets upwards, receivers, contributing area. No erosion here. */

import type { Noise } from './noise.ts'

/** A binary heap of pixels by height. */
export class Heap {
  private readonly keys: Float64Array
  private readonly items: Int32Array
  length = 0

  constructor(capacity: number) {
    this.keys = new Float64Array(capacity + 1)
    this.items = new Int32Array(capacity + 1)
  }

  push(item: number, key: number): void {
    let at = ++this.length
    while (at > 1 && this.keys[at >> 1]! > key) {
      this.keys[at] = this.keys[at >> 1]!
      this.items[at] = this.items[at >> 1]!
      at >>= 1
    }
    this.keys[at] = key
    this.items[at] = item
  }

  pop(): number {
    const top = this.items[1]!
    const key = this.keys[this.length]!
    const item = this.items[this.length]!
    const n = --this.length
    let at = 1
    for (;;) {
      let child = at * 2
      if (child > n) break
      if (child < n && this.keys[child + 1]! < this.keys[child]!) child++
      if (this.keys[child]! >= key) break
      this.keys[at] = this.keys[child]!
      this.items[at] = this.items[child]!
      at = child
    }
    this.keys[at] = key
    this.items[at] = item
    return top
  }
}

export const NEIGHBOUR_X = [1, 1, 0, -1, -1, -1, 0, 1] as const
export const NEIGHBOUR_Y = [0, 1, 1, 1, 0, -1, -1, -1] as const
export const NEIGHBOUR_DISTANCE = [1, Math.SQRT2, 1, Math.SQRT2, 1, Math.SQRT2, 1, Math.SQRT2] as const

export interface Drainage {
  /** Pixels from the outlets upwards: every pixel comes after the one it drains to. */
  readonly order: Int32Array
  /** The pixel that a pixel drains to; itself at an outlet. */
  readonly receivers: Int32Array
  /** Distance to the receiver, in pixels. */
  readonly steps: Float32Array
}

/** Rise that carries water across filled hollows, metres. */
const FILL_STEP = 1e-3

/**
 * Fills hollows of `height` in place and finds each pixel's steepest way down to the outlets (priority flood, Barnes et
 * al. 2014, doi:10.1016/j.cageo.2013.04.024; eight directions). With a `wobble` noise each fall is weighed at random (as in
 * Rho8, Fairfield and Leymarie 1991), so that over many steps no direction of the lattice is preferred.
 */
export function drain(height: Float32Array, width: number, outlets: Uint8Array, wobble?: Noise): Drainage {
  const n = height.length
  const rows = n / width
  const order = new Int32Array(n)
  const receivers = new Int32Array(n)
  const steps = new Float32Array(n)
  const queued = Uint8Array.from(outlets)
  const popped = new Uint8Array(n)
  const heap = new Heap(n)
  for (let i = 0; i < n; i++) {
    receivers[i] = i
    if (outlets[i] === 1) heap.push(i, height[i]!)
  }
  for (let count = 0; heap.length > 0; count++) {
    const i = heap.pop()
    order[count] = i
    popped[i] = 1
    const x = i % width
    const y = (i - x) / width
    let steepest = 0
    for (let k = 0; k < 8; k++) {
      const nx = x + NEIGHBOUR_X[k]!
      const ny = y + NEIGHBOUR_Y[k]!
      if (nx < 0 || ny < 0 || nx >= width || ny >= rows) continue
      const j = ny * width + nx
      if (popped[j] === 1) {
        const weight = wobble === undefined ? 1 : 0.4 + wobble(i, k)
        const fall = (weight * (height[i]! - height[j]!)) / NEIGHBOUR_DISTANCE[k]!
        if (fall > steepest && outlets[i] === 0) {
          steepest = fall
          receivers[i] = j
          steps[i] = NEIGHBOUR_DISTANCE[k]!
        }
      } else if (queued[j] === 0) {
        queued[j] = 1
        if (height[j]! <= height[i]!) height[j] = height[i]! + FILL_STEP
        heap.push(j, height[j]!)
      }
    }
  }
  return { order, receivers, steps }
}

/** Area that drains through each pixel, its own included, in pixels. */
export function contributingArea({ order, receivers }: Drainage): Float32Array<ArrayBuffer> {
  const area = new Float32Array(order.length).fill(1)
  for (let k = order.length - 1; k >= 0; k--) {
    const i = order[k]!
    const receiver = receivers[i]!
    if (receiver !== i) area[receiver]! += area[i]!
  }
  return area
}
