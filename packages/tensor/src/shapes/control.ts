/** Shape rules of identities, sub-graphs and loops. */

import type { ControlPrimitive } from '../attributes/control.ts'
import type { Attributes } from '../primitive.ts'
import type { Rule } from './rule.ts'

const same: Rule<unknown> = ([x]) => ({ shape: x!.shape, dtype: x!.dtype })

export const controlShapes: { readonly [P in ControlPrimitive]: Rule<Attributes[P]> } = {
  identity: same,
  barrier: same,
  output: (_, { shape, dtype }) => ({ shape, dtype }),
}
