/** The float64 meaning of identities, sub-graphs and loops. */

import type { ControlPrimitive, TuplePrimitive } from '../attributes/control.ts'
import { sizeOf } from '../shape.ts'
import { loopSpecs } from '../transform/scan.ts'
import { type Float64Dense, zeros } from './array.ts'
import type { Evaluate, EvaluatedPrimitive, EvaluateTuple } from './index.ts'

export const controlReferences: { readonly [P in ControlPrimitive & EvaluatedPrimitive]: Evaluate<P> } = {
  identity: ([x]) => x!,
  barrier: ([x]) => x!,
}

/** Element t of the first axis. */
function element({ shape, data }: Float64Dense, t: number): Float64Dense {
  const size = sizeOf(shape.slice(1))
  return { shape: shape.slice(1), data: data.slice(t * size, (t + 1) * size) }
}

const scan: EvaluateTuple<'scan'> = (inputs, { attributes }, run) => {
  const { body, carries, sequences, length, reverse } = attributes
  let carry = inputs.slice(0, carries)
  const xs = inputs.slice(carries, carries + sequences)
  const captured = inputs.slice(carries + sequences)
  const stacks = loopSpecs(attributes)
    .slice(carries)
    .map(({ shape }) => zeros(shape))
  for (let i = 0; i < length; i++) {
    const t = reverse ? length - 1 - i : i
    const outputs = run(body, [...carry, ...xs.map((x) => element(x, t)), ...captured])
    const parts = [...outputs.slice(carries), ...carry]
    parts.forEach(({ data }, k) => {
      stacks[k]!.data.set(data, t * data.length)
    })
    carry = outputs.slice(0, carries)
  }
  return [...carry, ...stacks]
}

export const tupleReferences: { readonly [P in TuplePrimitive]: EvaluateTuple<P> } = {
  call: (inputs, { attributes: { body } }, run) => run(body, inputs),
  scan,
}
