/** The float64 meaning of every primitive. */

import type { Body, TuplePrimitive } from '../attributes/control.ts'
import { type CompositePrimitive, compositions } from '../compositions.ts'
import type { Primitive, Tensor } from '../primitive.ts'
import type { Float64Dense } from './array.ts'
import { controlReferences } from './control.ts'
import { indexingReferences } from './indexing.ts'
import { matrixReferences } from './matrix.ts'
import { plainReferences } from './plain.ts'
import { spatialReferences } from './spatial.ts'
import { specialReferences } from './special.ts'

/** Leaves are bound by the walk, as are picks from several values; composites run in their elementary form. */
export type EvaluatedPrimitive = Exclude<
  Primitive,
  'input' | 'parameter' | 'random' | 'output' | TuplePrimitive | CompositePrimitive
>

export type Evaluate<P extends Primitive> = (inputs: readonly Float64Dense[], node: Tensor<P>) => Float64Dense

/** As `Evaluate`, for a node with several values. `run` evaluates a closed sub-graph. */
export type EvaluateTuple<P extends Primitive> = (
  inputs: readonly Float64Dense[],
  node: Tensor<P>,
  run: (body: Body, inputs: readonly Float64Dense[]) => Float64Dense[],
) => Float64Dense[]

export const referenceRules: { readonly [P in EvaluatedPrimitive]: Evaluate<P> } = {
  ...plainReferences,
  ...specialReferences,
  ...indexingReferences,
  ...spatialReferences,
  ...matrixReferences,
  ...controlReferences,
}

export function isComposite(op: Primitive): op is CompositePrimitive {
  return op in compositions
}
