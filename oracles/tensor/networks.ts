/**
 * Networks and simulators of the oracle and the benchmarks, as `networks.py` has them: same order of parameters, same
 * hashed numbers, same losses. Each is a function of its sizes.
 */

import {
  add,
  concat,
  constant,
  constantInit,
  conv2d,
  div,
  exp,
  gelu,
  type InputSpecs,
  layerNorm,
  layoutOf,
  log,
  log1p,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  type ParameterTree,
  parameter,
  relu,
  reshape,
  type Shape,
  scope,
  sigmoid,
  silu,
  sliceAxis,
  softmax,
  softplus,
  split,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  transpose,
} from '../../packages/tensor/src/index.ts'
import { crossEntropyAndDice, hashed, hashedTarget, type UNetTree, unet as unetOf, unetTree } from './unet.ts'

type Numbers = Float32Array<ArrayBuffer>
type Sizes = Readonly<Record<string, number>>
/** Parameters and inputs by name. */
type Named = Readonly<Record<string, Tensor>>

export interface Network {
  readonly parameters: ParameterTree
  readonly initial: Numbers
  readonly inputs: InputSpecs
  readonly data: Readonly<Record<string, Numbers>>
  readonly loss: (parameters: never, inputs: Named) => Tensor
}

const init = constantInit(0)
const draws = (shape: Shape, seed: number): Numbers => hashed(sizeOf(shape), seed)
const sizeOf = (shape: Shape): number => shape.reduce((n, extent) => n * extent, 1)

/** Weights of variance 1 / fan-in, scales around 1, the rest around 0. */
function values(tree: ParameterTree, seed = 100): Numbers {
  const { leaves, size } = layoutOf(tree)
  const flat = new Float32Array(size)
  leaves.forEach(({ path, shape, offset, size: count }, i) => {
    const fanIn = shape.length === 2 ? shape[0]! : sizeOf(shape.slice(1))
    const [level, spread] = shape.length >= 2 ? [0, Math.sqrt(3 / fanIn)] : [path.endsWith('scale') ? 1 : 0, 0.1]
    hashed(count, seed + i).forEach((v, k) => {
      flat[offset + k] = level + v * spread
    })
  })
  return flat
}

/** Parameters by their path, which the networks below read. */
function tree(shapes: Readonly<Record<string, Shape>>): Readonly<Record<string, ReturnType<typeof parameter>>> {
  return Object.fromEntries(Object.entries(shapes).map(([path, shape]) => [path, parameter(shape, init)]))
}

function network(
  shapes: Readonly<Record<string, Shape>>,
  inputs: Readonly<Record<string, { readonly shape: Shape; readonly data: Numbers }>>,
  loss: (p: Named, inputs: Named) => Tensor,
): Network {
  const parameters = tree(shapes)
  return {
    parameters,
    initial: values(parameters),
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, { shape }])),
    data: Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data])),
    loss,
  }
}

const drawn = (shape: Shape, seed: number, fn: (v: number) => number = (v) => v): { shape: Shape; data: Numbers } => ({
  shape,
  data: draws(shape, seed).map(fn),
})

const dense = (p: Named, name: string, h: Tensor): Tensor => add(matmul(h, p[`${name}.weight`]!), p[`${name}.bias`]!)
const layer = (name: string, from: number, to: number): Record<string, Shape> => ({
  [`${name}.weight`]: [from, to],
  [`${name}.bias`]: [to],
})
const norm = (name: string, width: number): Record<string, Shape> => ({
  [`${name}.scale`]: [width],
  [`${name}.bias`]: [width],
})

function transformer({ batch, steps, bands, width, heads, layers, classes }: Sizes): Network {
  const [b, t, d, h] = [batch!, steps!, width!, heads!]
  const shapes: Record<string, Shape> = { ...layer('embed', bands!, d), position: [t, d] }
  for (let i = 0; i < layers!; i++) {
    const at = `layers.${i}.`
    for (const name of ['query', 'key', 'value', 'out']) Object.assign(shapes, layer(at + name, d, d))
    Object.assign(shapes, norm(`${at}norm1`, d), layer(`${at}up`, d, 4 * d), layer(`${at}down`, 4 * d, d))
    Object.assign(shapes, norm(`${at}norm2`, d))
  }
  Object.assign(shapes, layer('head', d, classes!))
  const heads_ = (x: Tensor): Tensor => transpose(reshape(x, [b, t, h, d / h]), [0, 2, 1, 3])
  const block = (p: Named, at: string, x: Tensor): Tensor => {
    const n = layerNorm(x, p[`${at}norm1.scale`]!, p[`${at}norm1.bias`]!)
    const [q, k, v] = ['query', 'key', 'value'].map((name) => heads_(dense(p, at + name, n))) as [
      Tensor,
      Tensor,
      Tensor,
    ]
    const a = softmax(mul(matmul(q, k, { transposeB: true }), 1 / Math.sqrt(d / h)))
    const mixed = reshape(transpose(matmul(a, v), [0, 2, 1, 3]), [b, t, d])
    const y = add(x, dense(p, `${at}out`, mixed))
    const m = layerNorm(y, p[`${at}norm2.scale`]!, p[`${at}norm2.bias`]!)
    return add(y, dense(p, `${at}down`, gelu(dense(p, `${at}up`, m))))
  }
  const target = { shape: [b, classes!], data: hashedTarget(b, classes!, 1, 2) }
  return network(shapes, { x: drawn([b, t, bands!], 1), target }, (p, { x, target }) => {
    let y = add(dense(p, 'embed', x!), p.position!)
    for (let i = 0; i < layers!; i++) y = scope(`layers.${i}`, () => block(p, `layers.${i}.`, y))
    return mul(sum(mul(logSoftmax(dense(p, 'head', mean(y, 1))), target!)), -1 / b)
  })
}

function convLstm({ batch, steps, bands, width, size }: Sizes): Network {
  const [b, w, s] = [batch!, width!, size!]
  const shapes = {
    'gates.weight': [4 * w, bands! + w, 3, 3],
    'gates.bias': [4 * w],
    'head.weight': [bands!, w, 1, 1],
    'head.bias': [bands!],
  }
  const inputs = { x: drawn([b, steps!, bands!, s, s], 1), target: drawn([b, bands!, s, s], 2) }
  return network(shapes, inputs, (p, { x, target }) => {
    let h: Tensor = constant(0, [b, w, s, s])
    let c = h
    for (let t = 0; t < steps!; t++) {
      const frame = reshape(sliceAxis(x!, 1, t, t + 1), [b, bands!, s, s])
      const gates = conv2d(concat([frame, h], 1), p['gates.weight']!, { bias: p['gates.bias']! })
      const [i, f, o, g] = split(gates, 1, [w, w, w, w]) as [Tensor, Tensor, Tensor, Tensor]
      c = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)))
      h = mul(sigmoid(o), tanh(c))
    }
    return mean(square(sub(conv2d(h, p['head.weight']!, { bias: p['head.bias']! }), target!)))
  })
}

/** A variational autoencoder whose decoder is the double logistic of phenology (Beck et al. 2006, equation 3). */
function vae({ batch, steps, bands, width, latent }: Sizes): Network {
  const [b, n, w, k] = [batch!, steps!, width!, latent!]
  const shapes = { ...layer('a', bands! * n, w), ...layer('b', w, w), ...layer('mean', w, k), ...layer('spread', w, k) }
  const inputs = {
    x: drawn([b, bands! * n], 1),
    series: drawn([b, n], 2, (v) => 0.5 + 0.5 * v),
    epsilon: drawn([b, k], 3, (v) => 1.5 * v),
  }
  return network(shapes, inputs, (p, { x, series, epsilon }) => {
    const h = silu(dense(p, 'b', silu(dense(p, 'a', x!))))
    const [centre, logVariance] = [dense(p, 'mean', h), dense(p, 'spread', h)]
    const z = sigmoid(add(centre, mul(exp(mul(logVariance, 0.5)), epsilon!)))
    const [low, range, start, length, rise, fall] = split(z, 1, [1, 1, 1, 1, 1, 1]) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ]
    const t = constant(Float64Array.from({ length: n }, (_, i) => i / (n - 1)))
    const up = mul(start, 0.6)
    const down = add(up, add(mul(length, 0.4), 0.1))
    const edge = (at: Tensor, pace: Tensor): Tensor => sigmoid(div(sub(t, at), add(mul(pace, 0.1), 0.02)))
    const curve = add(mul(low, 0.3), mul(range, sub(edge(up, rise), edge(down, fall))))
    const likelihood = mul(sum(square(mul(sub(series!, curve), 10)), 1), 0.5)
    const divergence = mul(sum(sub(sub(add(square(centre), exp(logVariance)), 1), logVariance), 1), 0.5)
    return mean(add(likelihood, mul(divergence, 0.1)))
  })
}

/** Reflectance of a canopy: plate-like leaves (absorption by four constituents) in a two-stream layer over soil. */
function spectra({ samples, bands }: Sizes): Network {
  const [n, b] = [samples!, bands!]
  const inputs = {
    absorption: drawn([4, b], 1, (v) => Math.abs(v) * 2),
    soil: drawn([b], 2, (v) => Math.fround(0.2 + 0.1 * v)),
    target: drawn([n, b], 3, (v) => Math.fround(0.3 + 0.3 * v)),
  }
  return network({ state: [n, 6] }, inputs, (p, { absorption, soil, target }) => {
    const s = sigmoid(p.state!)
    const k = matmul(sliceAxis(s, 1, 0, 4), absorption!)
    const scatter = div(mul(exp(neg(k)), 0.95), add(mul(k, 0.5), 1))
    const gamma = sqrt(sub(1, scatter))
    const depth = add(mul(sliceAxis(s, 1, 4, 5), 5), 0.2)
    const through = exp(neg(mul(depth, gamma)))
    const infinite = div(sub(1, gamma), add(1, gamma))
    const ground = mul(soil!, add(sliceAxis(s, 1, 5, 6), 0.5))
    const ratio = div(sub(ground, infinite), sub(1, mul(infinite, ground)))
    const twice = mul(ratio, square(through))
    const reflected = div(add(infinite, twice), add(1, mul(infinite, twice)))
    return mean(square(sub(log(add(reflected, 0.05)), log(add(abs(target!), 0.05)))))
  })
}

const abs = (x: Tensor): Tensor => sqrt(square(x))

/** Snow and soil stores with smooth thresholds, day by day: runoff against observations. */
function water({ pixels, steps }: Sizes): Network {
  const [n, days] = [pixels!, steps!]
  const inputs = {
    rain: drawn([days, n], 1, (v) => Math.abs(v) * 10),
    warmth: drawn([days, n], 2, (v) => 8 * v),
    flow: drawn([days, n], 3, (v) => Math.abs(v) * 4),
  }
  return network({ state: [n, 4] }, inputs, (p, inputs) => {
    const column = (i: number): Tensor => reshape(sliceAxis(sigmoid(p.state!), 1, i, i + 1), [n])
    const day = (x: Tensor, t: number): Tensor => reshape(sliceAxis(x, 0, t, t + 1), [n])
    const capacity = add(mul(column(0), 200), 50)
    const meltRate = add(mul(column(1), 4), 1)
    const drain = add(mul(column(2), 0.4), 0.05)
    const threshold = sub(mul(column(3), 2), 1)
    let snow: Tensor = constant(0, [n])
    let soil = mul(capacity, 0.3)
    let total: Tensor = constant(0)
    for (let t = 0; t < days; t++) {
      const [rain, warmth, flow] = ['rain', 'warmth', 'flow'].map((name) => day(inputs[name]!, t)) as [
        Tensor,
        Tensor,
        Tensor,
      ]
      const warm = sigmoid(mul(sub(warmth, threshold), 2))
      const melt = mul(snow, sub(1, exp(neg(div(mul(meltRate, warm), 10)))))
      snow = add(sub(snow, melt), mul(rain, sub(1, warm)))
      soil = add(add(soil, mul(rain, warm)), melt)
      const excess = softplus(sub(soil, capacity))
      const base = mul(mul(drain, soil), sigmoid(div(sub(soil, mul(capacity, 0.2)), 10)))
      soil = sub(sub(soil, excess), base)
      total = add(total, mean(square(sub(log1p(relu(add(excess, base))), log1p(flow)))))
    }
    return div(total, days)
  })
}

function unet({ batch, bands, classes, base, levels, size }: Sizes): Network {
  const parameters = unetTree({ bands: bands!, classes: classes!, base: base!, levels: levels!, activation: 'silu' })
  const image = (channels: number): Shape => [batch!, channels, size!, size!]
  return {
    parameters,
    initial: values(parameters),
    inputs: { x: { shape: image(bands!) }, target: { shape: image(classes!) } },
    data: { x: draws(image(bands!), 1), target: hashedTarget(batch!, classes!, size! * size!, 2) },
    loss: (p: UNetTree & never, { x, target }) => crossEntropyAndDice(unetOf(p, x!, 'silu'), target!),
  }
}

export const networks = { transformer, convLstm, vae, spectra, water, unet } as const
