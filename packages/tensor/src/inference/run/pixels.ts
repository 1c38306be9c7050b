/** Steps that go over pixels once: copies, windows of single channels, moments, maxima, softmax, planes. */
import { rowGeometry, SEGMENT, sourceDepth } from '../geometry.ts'
import { type Extent, padded, type View, vectors } from '../layout.ts'
import type { Source, StepOf } from '../steps.ts'
import { blockNumbers, HEAD_BYTES } from '../wasm/moments.ts'
import { addCopy, addFinish, addGather, addPeak, addScatter, addSoftmax, addWindow } from '../wasm/pixels.ts'
import { areas, areasSize, type Executor } from './executor.ts'
import { rowsOf } from './products.ts'
import { bindRing, ringNumbers } from './ring.ts'
import { addReader, bindReader, pixelAt, type Room } from './room.ts'

/** Units of an image's rows. */
const rowUnits = (extent: Extent): number => extent.n * rowGeometry(extent, SEGMENT).runs

/** Calls `visit` for each segment of a unit's rows. */
function eachSegment(
  unit: number,
  extent: Extent,
  visit: (sample: number, y: number, x: number, n: number, segment: number) => void,
): void {
  const geometry = rowGeometry(extent, SEGMENT)
  const { sample, from, to } = rowsOf(unit, geometry, extent.h)
  for (let y = from; y < to; y++) {
    for (let segment = 0; segment < geometry.segments; segment++) {
      const x = segment * geometry.segment
      visit(sample, y, x, Math.min(geometry.segment, extent.w - x), segment)
    }
  }
}

const segmentNumbers = (source: Source): number => Math.min(SEGMENT, source.extent.w) * sourceDepth(source)

export const map: Executor<'map'> = {
  kernels: (step, registry) => {
    addReader(registry, step.from, step.to.strides.w)
    return {}
  },
  scratch: () => 0,
  units: (step) => rowUnits(step.to.extent),
  bind: (step, room) => {
    const read = bindReader(room, step.from, step.to.strides.w)
    return (unit) =>
      eachSegment(unit, step.to.extent, (sample, y, x, n) =>
        read(sample, y, x, n, pixelAt(room, step.to, sample, y, x)),
      )
  },
}

export const window: Executor<'window'> = {
  kernels: (step, registry) => {
    const depth = sourceDepth(step.from)
    const { kernel, stride, dilation } = step.reach
    addReader(registry, step.from, depth)
    const { combine } = step
    const shape = { combine, rows: kernel[0], columns: kernel[1], channels: step.to.extent.c }
    return { window: addWindow(registry, { ...shape, tap: dilation[1] * depth * 4, step: stride[1] * depth * 4 }) }
  },
  scratch: (step) => areasSize([windowRing(step)]),
  units: (step) => rowUnits(step.to.extent),
  bind: (step, room, names) => {
    const kernel = room.kernel(names.window!)
    const depth = sourceDepth(step.from)
    const ring = bindRing(room, step.from, step.reach, depth, room.scratch, step.fill)
    const table = (buffer: number | undefined): number => (buffer === undefined ? 0 : room.offset(buffer) * 4)
    const [weights, bias] = [table(step.weights), table(step.bias)]
    const { extent, strides } = step.to
    const geometry = rowGeometry(extent, WINDOWS)
    return (unit) => {
      const { sample, from, to } = rowsOf(unit, geometry, extent.h)
      for (let segment = 0; segment < geometry.segments; segment++) {
        const x = segment * geometry.segment
        const n = Math.min(geometry.segment, extent.w - x)
        ring.start(sample, x, n)
        for (let y = from; y < to; y++) {
          const rows = ring.rows(y).map((row) => row * 4)
          kernel(n, pixelAt(room, step.to, sample, y, x) * 4, strides.w * 4, weights, bias, ...rows)
        }
      }
    }
  },
}

/** Windows side by side whose rows stay in the cache. */
const WINDOWS = 128

const windowRing = ({ from, reach, to }: StepOf<'window'>): number =>
  ringNumbers(reach, sourceDepth(from), Math.min(WINDOWS, to.extent.w))

export const enlarge: Executor<'enlarge'> = {
  kernels: (step, registry) => {
    addReader(registry, step.from, sourceDepth(step.from))
    return { copy: addCopy(registry) }
  },
  scratch: (step) => areasSize([segmentNumbers(step.from)]),
  units: (step) => rowUnits(step.from.extent),
  bind: (step, room, names) => {
    const depth = sourceDepth(step.from)
    const [read, copy] = [bindReader(room, step.from, depth), room.kernel(names.copy!)]
    const [down, across] = step.factor
    const pixel = step.to.strides.w * 4
    return (unit) =>
      eachSegment(unit, step.from.extent, (sample, y, x, n) => {
        read(sample, y, x, n, room.scratch)
        for (let tap = 0; tap < down * across; tap++) {
          const row = y * down + Math.floor(tap / across)
          const to = pixelAt(room, step.to, sample, row, x * across + (tap % across)) * 4
          copy(n, depth / 4, room.scratch * 4, to, depth * 4, across * pixel)
        }
      })
  },
}

export const moments: Executor<'moments'> = {
  kernels: (step, registry) => {
    addReader(registry, step.from, sourceDepth(step.from))
    return { finish: addFinish(registry, true) }
  },
  scratch: (step) => areasSize([segmentNumbers(step.from), sourceDepth(step.from)]),
  units: (step) => rowUnits(step.from.extent),
  bind: (step, room, names) => {
    const { extent } = step.from
    const depth = sourceDepth(step.from)
    const [read, finish] = [bindReader(room, step.from, depth), room.kernel(names.finish!)]
    const [pixels, zeros] = areas(room.scratch, [segmentNumbers(step.from), depth]) as [number, number]
    const { segments } = rowGeometry(extent, SEGMENT)
    return (unit) => {
      room.memory.fill(0, zeros, zeros + depth)
      eachSegment(unit, extent, (sample, y, x, n, segment) => {
        const block = (sample * extent.h + y) * segments + segment
        const at = room.offset(step.moments) + block * blockNumbers(extent.c)
        room.memory[at] = n
        read(sample, y, x, n, pixels)
        const entries = at * 4 + HEAD_BYTES
        finish(n, vectors(extent.c), pixels * 4, pixels * 4, depth * 4, depth * 4, zeros * 4, entries, 1)
      })
    }
  },
}

export const peak: Executor<'peak'> = {
  kernels: (step, registry) => {
    addReader(registry, step.from, sourceDepth(step.from))
    return { peak: addPeak(registry, step.to.extent.c) }
  },
  scratch: (step) => areasSize([segmentNumbers(step.from)]),
  units: (step) => step.to.extent.n,
  bind: (step, room, names) => {
    const { extent } = step.from
    const [read, kernel] = [bindReader(room, step.from, sourceDepth(step.from)), room.kernel(names.peak!)]
    const { segment } = rowGeometry(extent, SEGMENT)
    return (sample) => {
      const to = pixelAt(room, step.to, sample, 0, 0)
      room.memory.fill(Number.NEGATIVE_INFINITY, to, to + padded(extent.c))
      for (let y = 0; y < extent.h; y++) {
        for (let x = 0; x < extent.w; x += segment) {
          const n = Math.min(segment, extent.w - x)
          read(sample, y, x, n, room.scratch)
          kernel(n, room.scratch * 4, to * 4)
        }
      }
    }
  },
}

export const softmax: Executor<'softmax'> = {
  kernels: (step, registry) => {
    addReader(registry, step.from, sourceDepth(step.from))
    return { softmax: addSoftmax(registry, step.to.extent.c, step.logarithm) }
  },
  scratch: (step) => areasSize([segmentNumbers(step.from)]),
  units: (step) => rowUnits(step.to.extent),
  bind: (step, room, names) => {
    const [read, kernel] = [bindReader(room, step.from, sourceDepth(step.from)), room.kernel(names.softmax!)]
    return (unit) =>
      eachSegment(unit, step.to.extent, (sample, y, x, n) => {
        read(sample, y, x, n, room.scratch)
        kernel(n, room.scratch * 4, pixelAt(room, step.to, sample, y, x) * 4, step.to.strides.w * 4)
      })
  },
}

/** Pixels of a plane that are gathered or scattered at a time; a multiple of four. */
const PLANE_PIXELS = 4096

/** Runs of pixels that lie evenly in an image: the whole plane, or each row. */
function evenRuns({ extent: { h, w }, strides }: View): { readonly count: number; readonly length: number } {
  return strides.h === w * strides.w || h === 1 ? { count: 1, length: h * w } : { count: h, length: w }
}

const planeUnits = (view: View): number => {
  const { count, length } = evenRuns(view)
  return view.extent.n * count * Math.ceil(length / PLANE_PIXELS)
}

/**
 * Calls `four` for each vector of channels and group of pixels of a unit, its pixels a multiple of four or less than
 * four: the last group of a run overlaps the one before.
 */
function eachPlane(
  unit: number,
  view: View,
  visit: (channel: number, n: number, image: number, plane: number) => void,
): void {
  const { count, length } = evenRuns(view)
  const pieces = Math.ceil(length / PLANE_PIXELS)
  const { c, h, w } = view.extent
  const sample = Math.floor(unit / (pieces * count))
  const row = Math.floor(unit / pieces) % count
  const start = (unit % pieces) * PLANE_PIXELS
  const n = Math.min(PLANE_PIXELS, length - start)
  const origin = sample * view.strides.n + row * view.strides.h
  const groups =
    n < 4 ? [[0, n] as const] : n % 4 === 0 ? [[0, n] as const] : [[0, n - (n % 4)] as const, [n - 4, 4] as const]
  for (let channel = 0; channel < c; channel += 4) {
    for (const [from, m] of groups) {
      const pixel = start + from
      visit(
        channel,
        m,
        origin + pixel * view.strides.w + channel,
        (sample * c + channel) * h * w + row * length + pixel,
      )
    }
  }
}

/** Kernels for whole vectors of channels, and for the last one. */
const byRest = (add: (channels: number) => string, { extent: { c } }: View): { full: string; rest: string } => ({
  full: add(4),
  rest: add(c % 4 === 0 ? 4 : c % 4),
})

/** Fewer pixels than a vector, one number at a time. */
function single(
  n: number,
  channels: number,
  copy: (image: number, plane: number) => void,
  at: { readonly image: number; readonly plane: number; readonly pixel: number; readonly size: number },
): void {
  for (let x = 0; x < n; x++) {
    for (let k = 0; k < channels; k++) copy(at.image + x * at.pixel + k, at.plane + k * at.size + x)
  }
}

export const load: Executor<'load'> = {
  kernels: (step, registry) => byRest((channels) => addGather(registry, channels), step.to),
  scratch: () => 0,
  units: (step) => planeUnits(step.to),
  bind: (step, room, names) => bindPlanes(step.to, step.planes, room, names, 'load'),
}

export const store: Executor<'store'> = {
  kernels: (step, registry) => byRest((channels) => addScatter(registry, channels), step.from),
  scratch: () => 0,
  units: (step) => planeUnits(step.from),
  bind: (step, room, names) => bindPlanes(step.from, step.planes, room, names, 'store'),
}

function bindPlanes(
  view: View,
  planes: number,
  room: Room,
  names: Readonly<Record<string, string>>,
  kind: 'load' | 'store',
): (unit: number) => void {
  const [full, rest] = [room.kernel(names.full!), room.kernel(names.rest!)]
  const { c, h, w } = view.extent
  const { memory } = room
  const [base, start] = [room.offset(view.buffer) + view.offset, room.offset(planes)]
  const pixel = view.strides.w
  const [size, step] = [h * w * 4, pixel * 4]
  const copy = (image: number, plane: number): void => {
    if (kind === 'load') memory[image] = memory[plane]!
    else memory[plane] = memory[image]!
  }
  return (unit) =>
    eachPlane(unit, view, (channel, n, image, plane) => {
      const [i, p] = [base + image, start + plane]
      const run = c - channel < 4 ? rest : full
      if (n < 4) single(n, Math.min(4, c - channel), copy, { image: i, plane: p, pixel, size: h * w })
      else if (kind === 'load') run(n, p * 4, size, i * 4, step)
      else run(n, i * 4, step, p * 4, size)
    })
}
