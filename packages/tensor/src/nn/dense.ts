/** Dense layers and embeddings. */

import { constantInit, type Initialiser, lecunNormal, normalInit } from '../initialisers.ts'
import { gather } from '../ops/indexing.ts'
import { add, matmul, reshape } from '../ops/plain.ts'
import { type ParameterSpec, parameter } from '../parameters.ts'
import type { Tensor } from '../primitive.ts'
import { type Layer, layer, sequential } from './layer.ts'

export type WeightAndBias = { readonly weight: ParameterSpec; readonly bias?: ParameterSpec }

export interface DenseOptions {
  /** Default true; begins at 0. */
  readonly bias?: boolean
  /** Of the weight `[outputs, inputs]`. Default `lecunNormal()`. */
  readonly init?: Initialiser
}

export function denseParameters(inputs: number, outputs: number, options: DenseOptions = {}): WeightAndBias {
  const { bias = true, init = lecunNormal() } = options
  const weight = parameter([outputs, inputs], init)
  return bias ? { weight, bias: parameter([outputs], constantInit(0)) } : { weight }
}

/** x `[..., inputs]` times weight `[outputs, inputs]` transposed, plus bias: `[..., outputs]`. */
export function affine(x: Tensor, { weight, bias }: { readonly weight: Tensor; readonly bias?: Tensor }): Tensor {
  const leading = x.shape.slice(0, -1)
  // As one matrix, so that the weight's gradient is one product and not a sum of many.
  const flat = x.shape.length === 2 ? x : reshape(x, [-1, x.shape.at(-1) ?? 1])
  const y = matmul(flat, weight, { transposeB: true })
  return reshape(bias === undefined ? y : add(y, bias), [...leading, weight.shape[0]!])
}

/** A dense layer on the last axis: `[..., inputs]` to `[..., outputs]`. As `torch.nn.Linear`. */
export function dense(inputs: number, outputs: number, options: DenseOptions = {}): Layer<WeightAndBias> {
  return layer('dense', denseParameters(inputs, outputs, options), (p, x) => affine(x, p))
}

/** Dense layers of the given widths with an activation between them (not after the last). */
export function mlp(widths: readonly number[], activation: (x: Tensor) => Tensor, options: DenseOptions = {}) {
  const layers = widths.slice(1).map((outputs, i) => dense(widths[i]!, outputs, options))
  return sequential(layers.flatMap((one, i) => (i === 0 ? [one] : [activation, one])))
}

export type EmbeddingParameters = { readonly table: ParameterSpec }

/** Rows of a table `[count, width]` by int32 indices of any shape: `[..., width]`. As `torch.nn.Embedding`. */
export function embedding(
  count: number,
  width: number,
  { init = normalInit(1) }: { readonly init?: Initialiser } = {},
): Layer<EmbeddingParameters> {
  return layer('embedding', { table: parameter([count, width], init, { decay: false }) }, (p, indices) =>
    gather(p.table, indices),
  )
}
