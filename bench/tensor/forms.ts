/**
 * Alternative forms of convolutions and their gradients on onnxruntime-node, one thread, least processor time of
 * several runs (other work on the machine disturbs it less than wall time): the measurements behind the rules of
 * `packages/tensor/src/lower/node-cpu.ts`. Usage: node bench/tensor/forms.ts [part of a setting's name] [rounds]
 */

import * as ort from 'onnxruntime-node'
import { nchwcConv, nchwcInputGrad } from '../../packages/tensor/src/lower/nchwc.ts'
import { nodeCpuSpatial } from '../../packages/tensor/src/lower/node-cpu.ts'
import { adjointImage, adjointWeight, portableSpatial } from '../../packages/tensor/src/lower/portable.ts'
import { oneProduct, threeProducts } from '../../packages/tensor/src/lower/shift-gemm.ts'
import { asImage, groupedBlocks, phasedInputGrad, withRow } from '../../packages/tensor/src/lower/stencils.ts'
import { type Lower, Lowering, type LoweringTarget, type LowerRules } from '../../packages/tensor/src/lower/target.ts'
import { winogradConv, winogradInputGrad, winogradWeightGrad } from '../../packages/tensor/src/lower/winograd.ts'
import { encodeModel } from '../../packages/tensor/src/onnx/encode.ts'
import { OnnxGraph, type Value } from '../../packages/tensor/src/onnx/graph.ts'
import type { Stencil, Tensor } from '../../packages/tensor/src/primitive.ts'
import { type Shape, sizeOf } from '../../packages/tensor/src/shape.ts'
import { shapeRules } from '../../packages/tensor/src/shapes/index.ts'

/** Channels per block of ONNX Runtime's blocked layout on processors with 512-bit vectors. */
const BLOCK = 16

const target: LoweringTarget = { name: 'node-cpu', nchwcBlock: BLOCK, winograd: true, fixedWeights: false }

type Op = 'conv' | 'convInputGrad' | 'convWeightGrad'

interface Setting {
  readonly name: string
  readonly x: Shape
  readonly w: Shape
  readonly stencil: Stencil
}

/** One application: operands, the stencil and the result's shape. */
interface Use {
  readonly a: Value
  readonly b: Value
  readonly s: Stencil
  readonly shape: Shape
}

type Form = (l: Lowering, use: Use) => Value
type Forms = Readonly<Record<string, Form>>

const square = (n: number, c: number, o: number, size: number, k: number, stride = 1, groups = 1): Setting => ({
  name: `${k}x${k} s${stride} g${groups} ${c}-${o} ${n}x${size}x${size}`,
  x: [n, c, size, size],
  w: [o, c / groups, k, k],
  stencil: { stride: [stride, stride], dilation: [1, 1], padding: new Array(4).fill((k - 1) >> 1), groups },
})

const line = (n: number, c: number, o: number, length: number, k: number, dilation = 1): Setting => ({
  name: `1d ${k} ${c}-${o} ${n}x${length} d${dilation}`,
  x: [n, c, length],
  w: [o, c, k],
  stencil: { stride: [1], dilation: [dilation], padding: new Array(2).fill(((k - 1) * dilation) >> 1), groups: 1 },
})

const settings: readonly Setting[] = [
  square(4, 32, 32, 64, 3, 1, 32),
  square(4, 128, 128, 32, 3, 1, 128),
  square(4, 24, 24, 64, 3, 1, 24),
  square(4, 64, 64, 64, 7, 1, 64),
  square(4, 64, 64, 64, 3, 2, 64),
  square(4, 64, 128, 32, 1),
  square(4, 64, 128, 64, 3, 2),
  square(4, 16, 32, 128, 3, 2),
  square(4, 6, 32, 128, 7, 2),
  square(4, 4, 32, 64, 5),
  square(4, 32, 16, 64, 5),
  square(4, 64, 64, 64, 4, 2),
  square(4, 64, 64, 64, 3, 1, 4),
  line(16, 64, 64, 256, 3),
  line(16, 16, 32, 256, 5),
  line(16, 64, 64, 256, 3, 4),
  square(4, 32, 32, 64, 3),
  square(4, 38, 128, 64, 3),
  square(4, 64, 128, 64, 3),
  square(4, 96, 32, 64, 3),
  square(4, 6, 32, 128, 3),
  square(4, 32, 4, 128, 3),
]

/** The same use with signals as images of one row. */
function lifted(l: Lowering, { a, b, s, shape }: Use): Use {
  const row = (v: Value): Value => l.reshape(v, withRow(v.shape))
  return { a: row(a), b: row(b), s: asImage(s), shape: withRow(shape) }
}

/** What a table's own rule does. */
function byRules(rules: typeof nodeCpuSpatial, op: Op): Form {
  const rule = rules[op] as Lower<Op>
  return (l, { a, b, s, shape }) => {
    const attributes = { ...s, size: shape.slice(2), kernel: shape.slice(2) }
    return rule(l, [a, b], { attributes, shape } as unknown as Tensor<Op>)
  }
}

/** What decides which forms apply to a setting. */
function traits({ stencil, w, x }: Setting) {
  const single = stencil.groups === 1
  const still = stencil.stride.every((n) => n === 1)
  const [c, o] = [x[1]!, w[0]!]
  return {
    signal: stencil.stride.length === 1,
    point: sizeOf(w.slice(2)) === 1,
    fits: single && o % BLOCK === 0 && (c % BLOCK === 0 || c < BLOCK),
    bothFit: single && o % BLOCK === 0 && c % BLOCK === 0,
    grouped: stencil.groups > 1 && (w[1] === 1 ? o === c && c % BLOCK === 0 : (c % BLOCK) + (o % BLOCK) === 0),
    still,
    strided: single && !still,
    three: single && still && w.length === 4 && w[2] === 3,
  }
}

const forwardForms = (setting: Setting): Forms => {
  const { fits, three, grouped, point } = traits(setting)
  return {
    ...(fits ? { blocks: (l, { a, b, s, shape }) => nchwcConv(l, [a, b], s, shape) } : {}),
    ...(three ? { winograd: (l, { a, b, shape }) => winogradConv(l, a, b, shape) } : {}),
    ...(grouped ? { blocks: (l, { a, b, s, shape }) => groupedBlocks(l, [a, b], s, shape) } : {}),
    ...(point ? { matmul: (l, { a, b, shape }) => pointMatmul(l, a, b, shape) } : {}),
  }
}

const groupedAdjoint: Form = (l, { a, b, s, shape }) => {
  const { image, stencil } = adjointImage(l, a, b, s, shape)
  return groupedBlocks(l, [image, adjointWeight(l, b, s.groups)], stencil, shape)
}

const inputGradForms = (setting: Setting): Forms => {
  const { bothFit, still, three, strided, grouped } = traits(setting)
  return {
    ...(bothFit && still ? { blocks: (l, { a, b, s, shape }) => nchwcInputGrad(l, a, b, s, shape) } : {}),
    ...(three ? { winograd: (l, { a, b, shape }) => winogradInputGrad(l, a, b, shape) } : {}),
    ...(strided ? { phases: (l, { a, b, s, shape }) => phasedInputGrad(l, a, b, s, shape) } : {}),
    ...(grouped ? { blocks: groupedAdjoint } : {}),
  }
}

const weightGradForms = (setting: Setting): Forms => {
  if (!traits(setting).three) return {}
  return {
    'three products': (l, { a, b }) => threeProducts(l, a, b),
    'one product': (l, { a, b }) => oneProduct(l, a, b),
    winograd: (l, { a, b, shape }) => winogradWeightGrad(l, a, b, shape),
  }
}

const alternatives = { conv: forwardForms, convInputGrad: inputGradForms, convWeightGrad: weightGradForms } as const

function formsOf(op: Op, setting: Setting): Forms {
  const generic = byRules(portableSpatial, op)
  const others = Object.entries({ ...alternatives[op](setting) })
  if (!traits(setting).signal)
    return { chosen: byRules(nodeCpuSpatial, op), portable: generic, ...Object.fromEntries(others) }
  const onRow = [['portable 2d', generic] as const, ...others].map(([name, form]) => {
    return [name, ((l, use) => form(l, lifted(l, use))) satisfies Form]
  })
  return { chosen: byRules(nodeCpuSpatial, op), portable: generic, ...Object.fromEntries(onRow) }
}

function pointMatmul(l: Lowering, x: Value, w: Value, shape: Shape): Value {
  const [n, c] = [x.shape[0]!, x.shape[1]!]
  const y = l.matmul(l.reshape(w, [shape[1]!, c]), l.reshape(x, [n, c, sizeOf(shape.slice(2))]))
  return l.reshape(y, shape)
}

/** Operands and result of one primitive in a setting. */
function shapesOf(op: Op, { x, w, stencil }: Setting): { a: Shape; b: Shape; shape: Shape } {
  const { shape: y } = shapeRules.conv([spec(x), spec(w)], stencil, op)
  if (op === 'conv') return { a: x, b: w, shape: y }
  return op === 'convInputGrad' ? { a: y, b: w, shape: x } : { a: y, b: x, shape: w }
}

const spec = (shape: Shape): { shape: Shape; dtype: 'float32' } => ({ shape, dtype: 'float32' })

interface Runnable {
  readonly name: string
  readonly run: () => Promise<Float32Array>
}

async function prepare(op: Op, name: string, form: Form, setting: Setting): Promise<Runnable> {
  const { a, b, shape } = shapesOf(op, setting)
  const graph = new OnnxGraph()
  // Forms of convolutions look no other rule up.
  const l = new Lowering(graph, target, nodeCpuSpatial as unknown as LowerRules)
  const use = { a: graph.input('a', a, 'float32'), b: graph.input('b', b, 'float32'), s: setting.stencil, shape }
  const y = form(l, use)
  graph.output('y', l.reshape(y, shape))
  const session = await ort.InferenceSession.create(encodeModel(graph, { opset: 18 }), {
    intraOpNumThreads: 1,
    enableMemPattern: false,
    logSeverityLevel: 3,
  })
  const values = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898))
  const feeds = {
    a: new ort.Tensor('float32', values(sizeOf(a)), a),
    b: new ort.Tensor('float32', values(sizeOf(b)), b),
  }
  return { name, run: async () => (await session.run(feeds)).y!.data as Float32Array }
}

async function milliseconds(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

async function measure(op: Op, setting: Setting, rounds: number): Promise<void> {
  const runnables: Runnable[] = []
  for (const [name, form] of Object.entries(formsOf(op, setting)))
    runnables.push(await prepare(op, name, form, setting))
  const times = runnables.map(() => Number.POSITIVE_INFINITY)
  const outputs: Float32Array[] = []
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { run }] of runnables.entries()) {
      if (round === 0) outputs[i] = await run()
      else times[i] = Math.min(times[i]!, await milliseconds(run))
    }
  }
  const [, reference] = outputs
  const cells = runnables.map(({ name }, i) => {
    const error = relative(outputs[i]!, reference!)
    return `${name} ${times[i]!.toFixed(2)}${error > 1e-4 ? ` (differs by ${error.toExponential(1)})` : ''}`
  })
  console.log(`${op.padEnd(15)} ${setting.name.padEnd(32)} ${cells.join('   ')}`)
}

function relative(a: Float32Array, b: Float32Array): number {
  let [distance, norm] = [0, 0]
  b.forEach((v, i) => {
    distance += (a[i]! - v) ** 2
    norm += v ** 2
  })
  return Math.sqrt(distance / norm)
}

const [, , part = '', rounds = '10'] = process.argv
for (const setting of settings) {
  for (const op of ['conv', 'convInputGrad', 'convWeightGrad'] as const) {
    if (`${op} ${setting.name}`.includes(part)) await measure(op, setting, Number(rounds))
  }
}
