/** Convolutions as matrix products: over gathered windows of any reach, and transposed ones without overlap. */
import { productRows, sourceDepth } from '../geometry.ts'
import { vectors } from '../layout.ts'
import type { StepOf } from '../steps.ts'
import { blockNumbers, HEAD_BYTES } from '../wasm/moments.ts'
import { addCopy, addFinish } from '../wasm/pixels.ts'
import { addProduct, PANEL, rowGroups } from '../wasm/products.ts'
import { panelsOf } from '../weights.ts'
import { areas, areasSize, type Executor } from './executor.ts'
import { bindRing, ringNumbers } from './ring.ts'
import { addReader, bindReader, bordered, pixelAt, type Room } from './room.ts'

/** Address of a block of moments, its count of pixels written; 0 where nothing is measured. */
function blockAt(room: Room, step: StepOf<'gathered' | 'spread'>, index: number, pixels: number): number {
  if (step.moments === undefined) return 0
  const at = room.offset(step.moments) + index * blockNumbers(step.to.extent.c)
  room.memory[at] = pixels
  return at * 4 + HEAD_BYTES
}

/** A unit's sample, and its rows. */
export function rowsOf(unit: number, { run, runs }: { run: number; runs: number }, height: number) {
  const from = (unit % runs) * run
  return { sample: Math.floor(unit / runs), from, to: Math.min(height, from + run) }
}

function gatheredSizes(step: StepOf<'gathered'>): number[] {
  const { segment } = productRows(step)
  const depth = sourceDepth(step.from)
  const [rows, columns] = step.reach.kernel
  const width = panelsOf(step.to.extent.c) * PANEL
  return [ringNumbers(step.reach, depth, segment), segment * rows * columns * depth, segment * width]
}

/** Whether pixels of the ring are the rows of the product as they are. */
const isPointwise = ({ reach: { kernel, stride } }: StepOf<'gathered'>): boolean =>
  kernel[0] * kernel[1] === 1 && stride[1] === 1

export const gathered: Executor<'gathered'> = {
  kernels: (step, registry) => {
    const depth = sourceDepth(step.from)
    const [rows, columns] = step.reach.kernel
    addReader(registry, step.from, depth)
    const target = panelsOf(step.to.extent.c) * PANEL
    return {
      copy: addCopy(registry),
      product: addProduct(registry, { depth: depth * rows * columns, target }),
      finish: addFinish(registry, step.moments !== undefined),
    }
  },
  scratch: (step) => areasSize(gatheredSizes(step)),
  units: (step) => step.to.extent.n * productRows(step).runs,
  bind: (step, room, names) => {
    const [copy, product, finish] = [names.copy!, names.product!, names.finish!].map((name) => room.kernel(name))
    const geometry = productRows(step)
    const depth = sourceDepth(step.from)
    const { kernel, stride, dilation } = step.reach
    const { c, h, w } = step.to.extent
    const panels = panelsOf(c)
    const wide = kernel[0] * kernel[1] * depth
    const [start, windows, result] = areas(room.scratch, gatheredSizes(step)) as [number, number, number]
    const ring = bindRing(room, step.from, step.reach, depth, start, 0)
    /** The windows of n pixels, one after the other. */
    const gather = (n: number, rows: readonly number[]): number => {
      if (isPointwise(step)) return rows[0]!
      const [runs, run] = dilation[1] === 1 ? [1, kernel[1]] : [kernel[1], 1]
      rows.forEach((row, i) => {
        for (let k = 0; k < runs; k++) {
          const to = (windows + (i * kernel[1] + k) * depth) * 4
          const from = (row + k * dilation[1] * depth) * 4
          copy!(n, (run * depth) / 4, from, to, stride[1] * depth * 4, wide * 4)
        }
      })
      return windows
    }
    return (unit) => {
      const { sample, from, to } = rowsOf(unit, geometry, h)
      for (let segment = 0; segment < geometry.segments; segment++) {
        const x = segment * geometry.segment
        const n = Math.min(geometry.segment, w - x)
        ring.start(sample, x, n)
        for (let y = from; y < to; y++) {
          const a = gather(n, ring.rows(y))
          const [six, five, rest] = rowGroups(n)
          product!(panels, a * 4, room.offset(step.weights) * 4, result * 4, six, five, rest)
          const block = blockAt(room, step, (sample * h + y) * geometry.segments + segment, n)
          const target = pixelAt(room, step.to, sample, y, x) * 4
          const bias = room.offset(step.bias) * 4
          finish!(n, vectors(c), result * 4, target, panels * PANEL * 4, step.to.strides.w * 4, bias, block, 1)
        }
      }
    }
  },
}

function spreadSizes(step: StepOf<'spread'>): number[] {
  const { segment } = productRows(step)
  return [segment * sourceDepth(step.from), segment * spreadWidth(step)]
}

/** Numbers of a pixel of the product: every output channel, filled up to panels, for every pixel that it becomes. */
const spreadWidth = ({ to, factor }: StepOf<'spread'>): number => panelsOf(to.extent.c) * PANEL * factor[0] * factor[1]

export const spread: Executor<'spread'> = {
  kernels: (step, registry) => {
    const depth = sourceDepth(step.from)
    addReader(registry, step.from, depth)
    return {
      product: addProduct(registry, { depth, target: spreadWidth(step) }),
      finish: addFinish(registry, step.moments !== undefined),
    }
  },
  scratch: (step) => areasSize(spreadSizes(step)),
  units: (step) => step.from.extent.n * productRows(step).runs,
  bind: (step, room, names) => {
    const [product, finish] = [room.kernel(names.product!), room.kernel(names.finish!)]
    const geometry = productRows(step)
    const depth = sourceDepth(step.from)
    const read = bordered(room, step.from, depth, bindReader(room, step.from, depth))
    const [pixels, result] = areas(room.scratch, spreadSizes(step)) as [number, number]
    const { c } = step.to.extent
    const { h, w } = step.from.extent
    const width = spreadWidth(step)
    const one = panelsOf(c) * PANEL
    const [down, across] = step.factor
    const pixel = step.to.strides.w * 4
    const segmentAt = (sample: number, y: number, segment: number): void => {
      const x = segment * geometry.segment
      const n = Math.min(geometry.segment, w - x)
      read(sample, y, x, n, pixels)
      const [six, five, rest] = rowGroups(n)
      product(width / PANEL, pixels * 4, room.offset(step.weights) * 4, result * 4, six, five, rest)
      const block = blockAt(room, step, (sample * h + y) * geometry.segments + segment, n * down * across)
      for (let tap = 0; tap < down * across; tap++) {
        const to = pixelAt(room, step.to, sample, y * down + Math.floor(tap / across), x * across + (tap % across)) * 4
        const from = (result + tap * one) * 4
        const bias = room.offset(step.bias) * 4
        finish(n, vectors(c), from, to, width * 4, across * pixel, bias, block, tap === 0 ? 1 : 0)
      }
    }
    return (unit) => {
      const { sample, from, to } = rowsOf(unit, geometry, h)
      for (let y = from; y < to; y++) {
        for (let segment = 0; segment < geometry.segments; segment++) segmentAt(sample, y, segment)
      }
    }
  },
}
