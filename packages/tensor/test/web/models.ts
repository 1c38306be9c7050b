/** Three small networks that Node and a page train alike: a SiLU U-Net, a transformer and a ConvLSTM. */

import { random } from '@ecotope/core'
import { crossEntropyAndDice, type UNetTree, unet, unetTree } from '../../../../oracles/tensor/unet.ts'
import {
  add,
  concat,
  constantInit,
  conv2d,
  createRunner,
  createTrainer,
  div,
  gradients,
  heNormal,
  type InputSpecs,
  type InputTensors,
  initialise,
  matmul,
  mean,
  mul,
  normalInit,
  optim,
  type ParameterTree,
  parameter,
  type RunnerOptions,
  reshape,
  sigmoid,
  silu,
  sliceAxis,
  softmax,
  sqrt,
  square,
  sub,
  type Tensor,
  type Traced,
  tanh,
  trace,
  transpose,
} from '../../src/index.ts'
import { sizeOf } from '../../src/shape.ts'

export interface Model<T extends ParameterTree = ParameterTree> {
  readonly tree: T
  readonly inputs: InputSpecs
  readonly apply: (p: Traced<T>, x: Tensor) => Tensor
  readonly loss: (y: Tensor, target: Tensor) => Tensor
}

const model = <T extends ParameterTree>(m: Model<T>): Model => m as unknown as Model

const meanSquare = (y: Tensor, target: Tensor): Tensor => mean(square(sub(y, target)))

const spec = { bands: 4, classes: 3, base: 8, levels: 2, activation: 'silu' } as const

const segmentation = model<UNetTree>({
  tree: unetTree(spec),
  inputs: { x: { shape: [2, 4, 16, 16] }, target: { shape: [2, 3, 16, 16] } },
  apply: (p, x) => unet(p, x, 'silu'),
  loss: crossEntropyAndDice,
})

const WIDTH = 16
const HEADS = 2
const scaleAndBias = { scale: parameter([WIDTH], constantInit(1)), bias: parameter([WIDTH], constantInit(0)) }
const square16 = parameter([WIDTH, WIDTH], normalInit(0.25))
const layerTree = {
  before: scaleAndBias,
  query: square16,
  key: square16,
  value: square16,
  out: square16,
  after: scaleAndBias,
  wide: parameter([WIDTH, 32], heNormal()),
  narrow: parameter([32, WIDTH], normalInit(0.2)),
}
const transformerTree = { embed: parameter([6, WIDTH], normalInit(0.4)), layers: [layerTree, layerTree] }

function layerNorm(x: Tensor, { scale, bias }: { readonly scale: Tensor; readonly bias: Tensor }): Tensor {
  const centred = sub(x, mean(x, -1, { keepDims: true }))
  const deviation = sqrt(add(mean(square(centred), -1, { keepDims: true }), 1e-5))
  return add(mul(div(centred, deviation), scale), bias)
}

function attention(p: Traced<typeof layerTree>, x: Tensor): Tensor {
  const [n, length] = x.shape as [number, number]
  const heads = (w: Tensor): Tensor => transpose(reshape(matmul(x, w), [n, length, HEADS, WIDTH / HEADS]), [0, 2, 1, 3])
  const scores = mul(matmul(heads(p.query), heads(p.key), { transposeB: true }), Math.sqrt(HEADS / WIDTH))
  const mixed = matmul(softmax(scores), heads(p.value))
  return matmul(reshape(transpose(mixed, [0, 2, 1, 3]), [n, length, WIDTH]), p.out)
}

function transformerLayer(p: Traced<typeof layerTree>, x: Tensor): Tensor {
  const attended = add(x, attention(p, layerNorm(x, p.before)))
  return add(attended, matmul(silu(matmul(layerNorm(attended, p.after), p.wide)), p.narrow))
}

const transformer = model<typeof transformerTree>({
  tree: transformerTree,
  inputs: { x: { shape: [3, 12, 6] }, target: { shape: [3, 12, WIDTH] } },
  apply: (p, x) => p.layers.reduce<Tensor>((y, layer) => transformerLayer(layer, y), matmul(x, p.embed)),
  loss: meanSquare,
})

const HIDDEN = 4
const convLstmTree = {
  gates: parameter([4 * HIDDEN, 3 + HIDDEN, 3, 3], normalInit(0.2)),
  bias: parameter([4 * HIDDEN], constantInit(0.1)),
  head: parameter([2, HIDDEN, 1, 1], normalInit(0.5)),
}

/** x `[N, T, C, H, W]`, one step of Shi et al. 2015 (without peepholes) per time. */
function convLstm(p: Traced<typeof convLstmTree>, x: Tensor): Tensor {
  const [n, times, channels, h, w] = x.shape as [number, number, number, number, number]
  let hidden: Tensor | undefined
  let cell: Tensor | undefined
  for (let t = 0; t < times; t++) {
    const frame = reshape(sliceAxis(x, 1, t, t + 1), [n, channels, h, w])
    const before = hidden ?? mul(sliceAxis(concat([frame, frame], 1), 1, 0, HIDDEN), 0)
    const gates = conv2d(concat([frame, before], 1), p.gates, { bias: p.bias, padding: 1 })
    const gate = (i: number): Tensor => sliceAxis(gates, 1, i * HIDDEN, (i + 1) * HIDDEN)
    const fresh = mul(sigmoid(gate(0)), tanh(gate(1)))
    cell = cell === undefined ? fresh : add(mul(sigmoid(gate(2)), cell), fresh)
    hidden = mul(sigmoid(gate(3)), tanh(cell))
  }
  return conv2d(hidden!, p.head)
}

const recurrent = model<typeof convLstmTree>({
  tree: convLstmTree,
  inputs: { x: { shape: [2, 4, 3, 8, 8] }, target: { shape: [2, 2, 8, 8] } },
  apply: convLstm,
  loss: meanSquare,
})

export const models = { 'SiLU U-Net': segmentation, transformer, ConvLSTM: recurrent } as const
export type ModelName = keyof typeof models

/** The same numbers everywhere. The U-Net's target is one-hot. */
export function batchOf({ inputs }: Model): Record<string, Float32Array<ArrayBuffer>> {
  const { x, target } = inputs
  const [, classes, ...rest] = target!.shape
  const cells = sizeOf(rest)
  const oneHot = Float32Array.from({ length: sizeOf(target!.shape) }, (_, i) =>
    ((i + Math.floor(i / cells)) % cells) % classes! === Math.floor(i / cells) % classes! ? 1 : 0,
  )
  const normal = random(5).normals(sizeOf(target!.shape))
  return {
    x: Float32Array.from(random(4).normals(sizeOf(x!.shape))),
    target: classes === 3 ? oneHot : Float32Array.from(normal),
  }
}

export interface Outcome {
  readonly losses: number[]
  /** At the first values. */
  readonly gradient: number[]
  /** Of the trained network, by a runner. */
  readonly prediction: number[]
}

const STEPS = 10

/** The tensors of a tree, in order. */
const leavesOf = (tree: unknown): Tensor[] =>
  isTensor(tree) ? [tree] : Object.values(tree as Readonly<Record<string, unknown>>).flatMap(leavesOf)

const isTensor = (value: unknown): value is Tensor => (value as Partial<Tensor>).shape !== undefined

/**
 * Ten steps of AdamW, the gradient before them and a prediction after them. The gradient is the trainer's to compute: in
 * one worker a GPU's kernels are compiled once for both.
 */
export async function trainAndPredict(
  name: ModelName,
  options: Pick<RunnerOptions, 'device' | 'threads'>,
): Promise<Outcome> {
  const { tree, inputs, apply, loss } = models[name]
  const initial = initialise(tree, random(1))
  const batch = batchOf(models[name])
  const trainer = await createTrainer({
    ...options,
    parameters: tree,
    initial,
    batch: inputs,
    optimiser: optim.adamW(),
    loss: (p, { x, target }) => ({ loss: loss(apply(p as never, x!), target!) }),
  })
  const differentiated = await trainer.compile<InputSpecs>((p, { x, target }: InputTensors<InputSpecs>) => {
    const parts = gradients(loss(apply(p as never, x!), target!), leavesOf(p))
    return {
      gradient: concat(
        parts.map((part) => reshape(part, [-1])),
        0,
      ),
    }
  }, inputs)
  const { gradient } = await differentiated.run(batch)
  const losses: number[] = []
  for (let i = 0; i < STEPS; i++) losses.push((await trainer.step(batch, { learningRate: 3e-3 })).loss)
  const parameters = await trainer.parameters()
  await trainer.close()
  const network = trace<ParameterTree, InputSpecs>((p, { x }) => ({ y: apply(p as never, x!) }), {
    parameters: tree,
    inputs: { x: inputs.x! },
  })
  const predictor = await createRunner(network, { ...options, parameters })
  const { y } = await predictor.run({ x: batch.x! })
  await predictor.close()
  return { losses, gradient: [...gradient!.data], prediction: [...y!.data] }
}
