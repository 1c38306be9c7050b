/** Dropout by named random numbers: the same seed, step and name drop the same values on every target. */

import { constant } from '../apply.ts'
import { cast, less, mul } from '../ops/plain.ts'
import { randomUniform } from '../ops/random.ts'
import { checkRange } from '../optim/transform.ts'
import type { Tensor } from '../primitive.ts'
import { type Context, type Layer, layer } from './layer.ts'

/** In training, each value is 0 with probability `rate`, else itself / (1 − rate) (Srivastava et al. 2014). */
export function drop(x: Tensor, rate: number, key: string, context: Context): Tensor {
  checkRange('dropout', rate, 0, 1)
  if (!context.training || rate === 0) return x
  // The scope tells layers of one name apart; the context's key tells applications of one layer apart.
  const path = [context.key, constant(0).scope, key].filter((part) => part !== undefined && part !== '').join('.')
  const kept = less(randomUniform(path, x.shape), 1 - rate)
  return mul(x, mul(cast(kept, 'float32'), 1 / (1 - rate)))
}

/**
 * Dropout with its own random numbers, named by `key` within the scope. Two dropouts of one key, scope and shape drop
 * the same places, so give each its key.
 */
export function dropout(rate: number, key: string): Layer<Readonly<Record<never, never>>> {
  checkRange('dropout', rate, 0, 1)
  return layer('dropout', {}, (_, x, context) => drop(x, rate, key, context))
}
