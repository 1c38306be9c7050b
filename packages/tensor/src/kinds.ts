/** The primitives by kind, so that each table can be written in two files. */

import type { Primitive } from './primitive.ts'

export type SpatialPrimitive =
  | 'conv'
  | 'convInputGrad'
  | 'convWeightGrad'
  | 'up2'
  | 'up2InputGrad'
  | 'up2WeightGrad'
  | 'maxPool2'
  | 'maxPool2Grad'
  | 'sumPool2'
  | 'upsample2'
  | 'relu'
  | 'reluMask'
  | 'silu'
  | 'siluGrad'
  | 'groupNorm'
  | 'groupNormInputGrad'
  | 'groupNormScaleGrad'

export type PlainPrimitive = Exclude<Primitive, SpatialPrimitive>
