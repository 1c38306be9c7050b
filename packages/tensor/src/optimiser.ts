/** Optimisers as programs on flat vectors: what one step makes of parameters, gradient and moments. */

import { constant } from './apply.ts'
import { add, div, minimum, mul, sliceAxis, sqrt, square, sub, sum } from './ops/plain.ts'
import type { ParameterLayout } from './parameters.ts'
import type { Tensor } from './primitive.ts'

export interface OptimiserStep {
  readonly parameters: Tensor
  readonly gradient: Tensor
  readonly moments: readonly Tensor[]
  /** `[schedule.length]`: what `schedule` gave for this step. */
  readonly schedule: Tensor
  readonly layout: ParameterLayout
}

export interface Optimiser {
  /** How many flat vectors it keeps besides the parameters; all begin as zeros. */
  readonly moments: number
  /** Numbers that change from step to step (counted from 1). */
  readonly schedule: (step: number, learningRate: number) => readonly number[]
  readonly update: (step: OptimiserStep) => { readonly parameters: Tensor; readonly moments: readonly Tensor[] }
}

export interface AdamWOptions {
  /** Decay of the first moment, in [0, 1). Default 0.9. */
  readonly beta1?: number
  /** Decay of the second moment, in [0, 1). Default 0.999. */
  readonly beta2?: number
  /** Default 1e-8. */
  readonly eps?: number
  /** Default 0.01; applies to the leaves whose `decay` is set. */
  readonly weightDecay?: number
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), as `torch.optim.AdamW`. */
export function adamW(options: AdamWOptions = {}): Optimiser {
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0.01 } = options
  return {
    moments: 2,
    schedule: (step, learningRate) => [
      learningRate / (1 - beta1 ** step),
      1 / (1 - beta2 ** step),
      learningRate * weightDecay,
    ],
    update: ({ parameters, gradient, moments: [m, v], schedule, layout }) => {
      const [rate, correction, decay] = [0, 1, 2].map((i) => sliceAxis(schedule, 0, i, i + 1)) as [
        Tensor,
        Tensor,
        Tensor,
      ]
      const first = add(mul(m!, beta1), mul(gradient, 1 - beta1))
      const second = add(mul(v!, beta2), mul(square(gradient), 1 - beta2))
      const kept = weightDecay === 0 ? parameters : sub(parameters, mul(parameters, decayVector(layout, decay)))
      const change = div(mul(first, rate), add(sqrt(mul(second, correction)), eps))
      return { parameters: sub(kept, change), moments: [first, second] }
    },
  }
}

/** `decay` where the layout wants it, else 0: a scalar where all leaves agree, otherwise one number per parameter. */
function decayVector(layout: ParameterLayout, decay: Tensor): Tensor {
  if (layout.leaves.every((leaf) => leaf.decay)) return decay
  const mask = new Float32Array(layout.size)
  for (const leaf of layout.leaves) if (leaf.decay) mask.fill(1, leaf.offset, leaf.offset + leaf.size)
  return mul(constant(mask), decay)
}

/** Euclidean norm of a flat gradient, and the gradient limited to `maxNorm` as `torch.nn.utils.clip_grad_norm_` does. */
export function clipByNorm(
  gradient: Tensor,
  maxNorm: number | undefined,
): { readonly norm: Tensor; readonly clipped: Tensor } {
  const norm = sqrt(sum(square(gradient)))
  if (maxNorm === undefined) return { norm, clipped: gradient }
  return { norm, clipped: mul(gradient, minimum(1, div(maxNorm, add(norm, 1e-6)))) }
}
