/** Shape rules of identities, sub-graphs and loops. */

import type { ControlPrimitive } from '../attributes/control.ts'
import type { Attributes } from '../primitive.ts'
import type { Rule } from './rule.ts'

const same: Rule<unknown> = ([x]) => ({ shape: x!.shape, dtype: x!.dtype })

export const controlShapes: { readonly [P in ControlPrimitive]: Rule<Attributes[P]> } = {
  identity: same,
  barrier: same,
  // Several values have no shape in common: `output` nodes carry it.
  call: () => ({ shape: [], dtype: 'float32' }),
  scan: () => ({ shape: [], dtype: 'float32' }),
  output: (_, { shape, dtype }) => ({ shape, dtype }),
}
