/** What a rule of the image engine is: from a node and its operands' values to its value, adding steps to the plan. */
import type { Primitive, Tensor } from '../../primitive.ts'
import { Unsupported } from '../layout.ts'
import type { Planner, Value } from '../planner.ts'

export type Rule<P extends Primitive> = (planner: Planner, node: Tensor<P>, inputs: readonly Value[]) => Value

/** Primitives that the engine leaves to ONNX Runtime, and with them the program. */
export const elsewhere: Rule<Primitive> = (_, { op }) => {
  throw new Unsupported(`the primitive ${op}`)
}

/** The numbers of an operand that must be fixed: weights, scales. */
export function fixed(value: Value | undefined, what: string): Float64Array {
  if (value?.kind !== 'constant') throw new Unsupported(`${what} that are not fixed`)
  return value.array.data
}
