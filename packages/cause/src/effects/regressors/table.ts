/** Estimators by name. */
import { InputError, nearest } from '@ecotope/core'
import { forest } from './forest.ts'
import { kernelRidge } from './kernel-ridge.ts'
import { linear, ridge } from './linear.ts'
import { nearestNeighbours } from './neighbours.ts'
import type { Regressor } from './regressor.ts'

export const REGRESSORS: Readonly<Record<string, () => Regressor>> = {
  linear: () => linear(),
  ridge: () => ridge(),
  knn: () => nearestNeighbours(),
  'kernel-ridge': () => kernelRidge(),
  forest: () => forest(),
}

/** An estimator with its usual settings. Throws `InputError` UnknownEstimator. */
export function regressorNamed(name: string): Regressor {
  const make = REGRESSORS[name]
  if (make) return make()
  const near = nearest(name, Object.keys(REGRESSORS))
  throw new InputError('UnknownEstimator', `there is no estimator ${name}`, {
    hint: near ? `Did you mean ${near}?` : `Estimators are ${Object.keys(REGRESSORS).join(', ')}.`,
    data: { name },
  })
}
