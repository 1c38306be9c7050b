/** From partial moments to normalisations and sums, in float64: blocks are joined in their order (Chan et al. 1983). */
import { type Extent, padded } from '../layout.ts'
import { blockNumbers } from '../wasm/moments.ts'
import type { Executor } from './executor.ts'
import { pixelAt, type Room } from './room.ts'

interface Moments {
  readonly count: number
  readonly mean: number
  /** Sum of the squares of differences from the mean. */
  readonly squares: number
}

/** Blocks of moments of an image: all of a sample, one sample after the other. */
interface Blocks {
  readonly at: number
  readonly perSample: number
  readonly numbers: number
}

/** Calls `visit` with count, pivot, and sums about it, for every block and channel. */
function eachBlock(
  room: Room,
  { at, perSample, numbers }: Blocks,
  samples: readonly number[],
  channels: readonly [number, number],
  visit: (count: number, pivot: number, sum: number, squares: number) => void,
): void {
  const { memory } = room
  for (const sample of samples) {
    for (let block = 0; block < perSample; block++) {
      const start = at + (sample * perSample + block) * numbers
      for (let c = channels[0]; c < channels[1]; c++) {
        const entry = start + 4 + (c >> 2) * 12 + (c & 3)
        visit(memory[start]!, memory[entry + 8]!, memory[entry]!, memory[entry + 4]!)
      }
    }
  }
}

function joined(room: Room, blocks: Blocks, samples: readonly number[], channels: readonly [number, number]): Moments {
  let [count, total] = [0, 0]
  eachBlock(room, blocks, samples, channels, (n, pivot, sum) => {
    count += n
    total += n * pivot + sum
  })
  const mean = total / count
  let squares = 0
  eachBlock(room, blocks, samples, channels, (n, pivot, sum, about) => {
    const own = sum / n
    squares += about - sum * own + n * (pivot + own - mean) ** 2
  })
  return { count, mean, squares }
}

function blocksOf(room: Room, buffer: number, { n, c }: Extent): Blocks {
  const numbers = blockNumbers(c)
  return { at: room.offset(buffer), perSample: room.numbers(buffer) / (n * numbers), numbers }
}

/** x factor + summand = (x - mean) / sqrt(variance + eps) scale + bias. */
export const normalise: Executor<'normalise'> = {
  kernels: () => ({}),
  scratch: () => 0,
  units: ({ groups, overBatch, extent }) => groups * (overBatch ? 1 : extent.n),
  bind: (step, room) => {
    const { extent, groups, overBatch, eps } = step
    const size = extent.c / groups
    const blocks = blocksOf(room, step.moments, extent)
    const all = Array.from({ length: extent.n }, (_, i) => i)
    const [scale, bias] = [room.offset(step.scale), room.offset(step.bias)]
    return (unit) => {
      const group = unit % groups
      const samples = overBatch ? all : [Math.floor(unit / groups)]
      const channels = [group * size, (group + 1) * size] as const
      const { count, mean, squares } = joined(room, blocks, samples, channels)
      const inverse = 1 / Math.sqrt(squares / count + eps)
      for (const sample of samples) {
        const factor = pixelAt(room, step.factor, sample, 0, 0)
        const summand = pixelAt(room, step.summand, sample, 0, 0)
        for (let c = channels[0]; c < channels[1]; c++) {
          const own = inverse * room.memory[scale + c]!
          room.memory[factor + c] = own
          room.memory[summand + c] = room.memory[bias + c]! - mean * own
        }
      }
    }
  },
}

export const total: Executor<'total'> = {
  kernels: () => ({}),
  scratch: () => 0,
  units: ({ extent }) => extent.n,
  bind: (step, room) => {
    const { c } = step.extent
    const blocks = blocksOf(room, step.moments, step.extent)
    return (sample) => {
      const to = pixelAt(room, step.to, sample, 0, 0)
      room.memory.fill(0, to, to + padded(c))
      for (let channel = 0; channel < c; channel++) {
        let [count, sum] = [0, 0]
        eachBlock(room, blocks, [sample], [channel, channel + 1], (n, pivot, about) => {
          count += n
          sum += n * pivot + about
        })
        room.memory[to + channel] = step.mean ? sum / count : sum
      }
    }
  },
}
