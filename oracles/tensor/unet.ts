/** The U-Net of the oracle and the benchmarks, as `unet.py` has it: same order of parameters, same numbers. */

import {
  add,
  concat,
  constantInit,
  conv2d,
  div,
  groupNorm,
  heNormal,
  layoutOf,
  logSoftmax,
  maxPool2,
  mean,
  mul,
  neg,
  normalInit,
  type ParameterSpec,
  type ParameterTree,
  parameter,
  scope,
  softmax,
  sub,
  sum,
  type Tensor,
  type Traced,
  up2,
} from '../../packages/tensor/src/index.ts'

export interface UNetOptions {
  readonly bands: number
  readonly classes: number
  readonly base: number
  readonly levels: number
  readonly activation: 'relu' | 'silu'
}

interface BlockTree {
  readonly [name: string]: ParameterSpec
}

interface StageTree {
  readonly [name: string]: BlockTree
}

export interface UNetTree {
  readonly [name: string]: ParameterTree
  readonly encoder: readonly StageTree[]
  readonly decoder: readonly StageTree[]
  readonly head: BlockTree
}

const GROUPS = 8

const block = (from: number, to: number): BlockTree => ({
  weight: parameter([to, from, 3, 3], heNormal()),
  scale: parameter([to], constantInit(1)),
  bias: parameter([to], constantInit(0)),
})

const up = (from: number, to: number): BlockTree => ({
  weight: parameter([from, to, 2, 2], normalInit(Math.sqrt(1 / from))),
  bias: parameter([to], constantInit(0)),
})

export function unetTree({ bands, classes, base, levels }: UNetOptions): UNetTree {
  const width = (level: number): number => base * 2 ** level
  const below = Array.from({ length: levels - 1 }, (_, i) => levels - 2 - i)
  return {
    encoder: Array.from({ length: levels }, (_, i) => ({
      a: block(i === 0 ? bands : width(i - 1), width(i)),
      b: block(width(i), width(i)),
    })),
    decoder: below.map((i) => ({
      up: up(width(i + 1), width(i)),
      a: block(2 * width(i), width(i)),
      b: block(width(i), width(i)),
    })),
    head: {
      weight: parameter([classes, base, 1, 1], normalInit(Math.sqrt(1 / base))),
      bias: parameter([classes], constantInit(0)),
    },
  }
}

/** x `[N, bands, H, W]` to logits `[N, classes, H, W]`. */
export function unet(p: Traced<UNetTree>, x: Tensor, activation: UNetOptions['activation']): Tensor {
  const apply = (q: Traced<BlockTree>, h: Tensor): Tensor =>
    groupNorm(conv2d(h, q.weight!), q.scale!, q.bias!, { groups: GROUPS, activation })
  const skips: Tensor[] = []
  let h = x
  p.encoder.forEach((stage, i) => {
    h = scope(`encoder.${i}`, () => apply(stage.b!, apply(stage.a!, i === 0 ? h : maxPool2(h))))
    skips.push(h)
  })
  p.decoder.forEach((stage, i) => {
    const skip = skips[skips.length - 2 - i]!
    h = scope(`decoder.${i}`, () => {
      const joined = concat([skip, up2(h, stage.up!.weight!, { bias: stage.up!.bias! })], 1)
      return apply(stage.b!, apply(stage.a!, joined))
    })
  })
  return scope('head', () => conv2d(h, p.head.weight!, { bias: p.head.bias! }))
}

/** Cross-entropy plus soft dice, for one-hot targets of the logits' shape. */
export function crossEntropyAndDice(logits: Tensor, target: Tensor): Tensor {
  const entropy = neg(mean(sum(mul(logSoftmax(logits, 1), target), 1)))
  const probability = softmax(logits, 1)
  const overlap = sum(mul(probability, target), [0, 2, 3])
  const total = add(sum(probability, [0, 2, 3]), sum(target, [0, 2, 3]))
  return add(entropy, sub(1, mean(div(add(mul(overlap, 2), 1), add(total, 1)))))
}

/** A 32-bit integer hash (the finaliser of MurmurHash3) as a number in [-1, 1), rounded to float32. */
export function hashed(size: number, seed: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(size)
  for (let i = 0; i < size; i++) {
    let h = i ^ Math.imul(seed, 0x9e3779b9)
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    out[i] = ((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1
  }
  return out
}

/** One-hot classes `[N, classes, pixels]` from hashed numbers. */
export function hashedTarget(
  samples: number,
  classes: number,
  pixels: number,
  seed: number,
): Float32Array<ArrayBuffer> {
  const draws = hashed(samples * pixels, seed)
  const out = new Float32Array(samples * classes * pixels)
  draws.forEach((v, i) => {
    const kind = Math.floor(((v + 1) / 2) * classes)
    out[(Math.floor(i / pixels) * classes + kind) * pixels + (i % pixels)] = 1
  })
  return out
}

/** First values as in `unet.py`: weights of variance 2 / fan-in, scales around 1, biases around 0. */
export function firstValues(tree: UNetTree, seed: number): Float32Array<ArrayBuffer> {
  const { leaves, size } = layoutOf(tree)
  const flat = new Float32Array(size)
  leaves.forEach(({ path, shape, offset, size: count }, i) => {
    const fanIn = path.includes('up') ? shape[0]! : shape.slice(1).reduce((n, extent) => n * extent, 1)
    const [level, spread] = shape.length === 4 ? [0, Math.sqrt(6 / fanIn)] : [path.endsWith('scale') ? 1 : 0, 0.1]
    hashed(count, seed + i).forEach((v, k) => {
      flat[offset + k] = level + v * spread
    })
  })
  return flat
}
