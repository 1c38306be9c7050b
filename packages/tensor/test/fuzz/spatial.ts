/** Steps of a random program on signals, images and volumes, and normalisations. */

import type { Tensor } from '../../src/index.ts'
import * as t from '../../src/index.ts'
import { range, sizeOf } from '../../src/shape.ts'
import { divisors, fitted, type Maker, type Pool } from './pool.ts'

function asImage(p: Pool, d: number): Tensor {
  const usual = p.floats.filter(({ shape }) => shape.length === d + 2 && sizeOf(shape) > 8)
  if (usual.length > 0 && p.dice.chance(0.7))
    return p.limited(p.dice.chance(0.6) ? usual.at(-1)! : p.dice.pick(usual), 2)
  const most = [9, 6, 4][d - 1]!
  return fitted(p.float(2), [
    p.dice.int(1, 2),
    p.dice.pick([1, 2, 3, 4, 6, 8]),
    ...range(0, d).map(() => p.dice.int(1, most)),
  ])
}

interface Geometry {
  readonly kernel: number[]
  readonly stride: number[]
  readonly dilation: number[]
  readonly padding: number[]
}

/** A window that fits into extents. `inside`: every window reads something. */
function geometry(p: Pool, size: readonly number[], inside = false): Geometry {
  const { dice } = p
  const kernel = size.map(() => dice.int(1, 3))
  const dilation = size.map(() => (dice.chance(0.7) ? 1 : 2))
  const reach = kernel.map((k, i) => dilation[i]! * (k - 1) + 1)
  const pads = (): number[] =>
    size.map((_, i) => Math.min(dice.pick([0, 0, 1, 2]), inside ? (kernel[i]! - 1) * (dilation[i] === 1 ? 1 : 0) : 9))
  const [before, after] = [pads(), pads()]
  for (const [i, n] of size.entries()) {
    while (n + before[i]! + after[i]! < reach[i]!) {
      if (inside) {
        kernel[i] = 1
        dilation[i] = 1
        before[i] = 0
        after[i] = 0
        reach[i] = 1
      } else after[i]!++
    }
  }
  return { kernel, stride: size.map(() => dice.pick([1, 1, 2, 3])), dilation, padding: [...before, ...after] }
}

const convs = [t.conv1d, t.conv2d, t.conv3d] as const
const transposed = [t.convTranspose1d, t.convTranspose2d, t.convTranspose3d] as const

export const conv: Maker = (p) => {
  const d = p.dice.pick([1, 2, 2, 2, 3])
  const x = asImage(p, d)
  const [, c, ...size] = x.shape as [number, number, ...number[]]
  const { kernel, ...g } = geometry(p, size)
  const groups = p.dice.chance(0.6) ? 1 : p.dice.pick(divisors(c))
  const o = groups * p.dice.int(1, 3)
  const w = p.shaped([o, c / groups, ...kernel], 1)
  const bias = p.dice.chance(0.5) ? { bias: p.shaped([o], 1) } : {}
  const padding = p.dice.chance(0.3) ? 'same' : g.padding
  return [convs[d - 1]!(x, w, { ...g, ...bias, groups, padding }), 1.5 * Math.sqrt((c / groups) * sizeOf(kernel))]
}

export const convTranspose: Maker = (p) => {
  const d = p.dice.pick([1, 2, 2, 2, 3])
  const x = asImage(p, d)
  const [, c, ...size] = x.shape as [number, number, ...number[]]
  const groups = p.dice.chance(0.6) ? 1 : p.dice.pick(divisors(c))
  const kernel = size.map(() => p.dice.int(1, 3))
  const o = p.dice.int(1, 3)
  const w = p.shaped([c, o, ...kernel], 1)
  const bias = p.dice.chance(0.5) ? { bias: p.shaped([o * groups], 1) } : {}
  const stride = p.dice.chance(0.3) ? size.map(() => 2) : size.map(() => p.dice.int(1, 3))
  const more = p.dice.chance(0.5)
    ? { padding: 'same' as const }
    : { padding: 0, outputPadding: stride.map((s) => p.dice.int(0, s - 1)) }
  return [
    transposed[d - 1]!(x, w, { ...bias, ...more, stride, groups }),
    1.5 * Math.sqrt((c / groups) * sizeOf(kernel)),
  ]
}

export const pool =
  (kind: 'max' | 'mean'): Maker =>
  (p) => {
    const d = p.dice.pick([1, 2, 2, 2, 3])
    const x = asImage(p, d)
    const halving = d === 2 && p.dice.chance(0.4) && x.shape[2]! > 1 && x.shape[3]! > 1
    const g = halving ? { kernel: 2 } : geometry(p, x.shape.slice(2), true)
    if (kind === 'max') return [t.maxPool(x, g), 2]
    return [t.meanPool(x, { ...g, countIncludePad: p.dice.chance(0.5) }), 2]
  }

export const resize: Maker = (p) => {
  const d = p.dice.pick([1, 2, 2, 3])
  const x = asImage(p, d)
  const size = x.shape.slice(2).map((n) => (p.dice.chance(0.4) ? n * p.dice.pick([1, 2, 4]) : p.dice.int(1, 7)))
  const mode = p.dice.pick(['nearest', 'linear'] as const)
  return [t.resize(x, size, { mode, alignCorners: mode === 'linear' && p.dice.chance(0.5) }), 2]
}

export const groupNorm: Maker = (p) => {
  const x = asImage(p, 2)
  const c = x.shape[1]!
  const activation = p.dice.pick(['none', 'relu', 'silu'] as const)
  const overBatch = p.dice.chance(0.4)
  const groups = overBatch && p.dice.chance(0.6) ? c : p.dice.pick(divisors(c))
  return [t.groupNorm(x, p.shaped([c], 1.5), p.shaped([c], 1), { groups, overBatch, activation, eps: 0.1 }), 3]
}

export const layerNorm: Maker = (p) => {
  const given = p.float(2)
  const x = given.shape.length === 0 ? t.reshape(given, [1]) : given
  const c = x.shape.at(-1)!
  return [t.layerNorm(x, p.shaped([c], 1.5), p.shaped([c], 1), { eps: 0.1 }), 3]
}
