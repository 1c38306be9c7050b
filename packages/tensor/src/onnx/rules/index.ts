/** The table of ONNX operators that are imported. One row per operator of the standard domain. */

import type { Rule } from '../item.ts'
import { controlRules } from './control.ts'
import { elementwiseRules } from './elementwise.ts'
import { indexingRules } from './indexing.ts'
import { normaliseRules } from './normalise.ts'
import { productRules } from './products.ts'
import { recurrentRules } from './recurrent.ts'
import { reductionRules } from './reductions.ts'
import { resizeRules } from './resize.ts'
import { shapeRules } from './shapes.ts'
import { spatialRules } from './spatial.ts'

const table = {
  ...controlRules,
  ...elementwiseRules,
  ...indexingRules,
  ...normaliseRules,
  ...productRules,
  ...recurrentRules,
  ...reductionRules,
  ...resizeRules,
  ...shapeRules,
  ...spatialRules,
}

/** Operators of the standard domain that an import understands. */
export type OnnxOp = keyof typeof table

export const rules: Readonly<Record<OnnxOp, Rule>> = table

export const isKnownOp = (op: string): op is OnnxOp => Object.hasOwn(rules, op)
