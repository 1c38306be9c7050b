/** The table of ONNX operators that are imported. One row per operator of the standard domain. */

import type { Rule } from '../item.ts'
import { controlRules } from './control.ts'
import { elementwiseRules } from './elementwise.ts'
import { indexingRules } from './indexing.ts'
import { lossRules } from './losses.ts'
import { normaliseRules } from './normalise.ts'
import { productRules } from './products.ts'
import { recurrentRules } from './recurrent.ts'
import { reductionRules } from './reductions.ts'
import { resizeRules } from './resize.ts'
import { samplingRules } from './sampling.ts'
import { shapeRules } from './shapes.ts'
import { spatialRules } from './spatial.ts'

const table = {
  ...controlRules,
  ...elementwiseRules,
  ...indexingRules,
  ...lossRules,
  ...normaliseRules,
  ...productRules,
  ...recurrentRules,
  ...reductionRules,
  ...resizeRules,
  ...samplingRules,
  ...shapeRules,
  ...spatialRules,
}

/** Operators of the standard domain that an import understands. */
export type OnnxOp = keyof typeof table

export const rules: Readonly<Record<OnnxOp, Rule>> = table

export const isKnownOp = (op: string): op is OnnxOp => Object.hasOwn(rules, op)
