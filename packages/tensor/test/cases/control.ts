/** For every primitive of control flow, small programs that use it. */

import { apply } from '../../src/apply.ts'
import type { ControlPrimitive } from '../../src/attributes/control.ts'
import { exp, mul } from '../../src/index.ts'
import type { ProgramCase } from '../support.ts'
import { a } from './families.ts'

export const controlCases: { readonly [P in ControlPrimitive]: readonly ProgramCase[] } = {
  identity: [{ shapes: [a], fn: (x) => mul(apply('identity', [x], {}), x) }],
  barrier: [{ shapes: [a, a], fn: (x, token) => exp(apply('barrier', [x, token], {})) }],
  output: [],
}
