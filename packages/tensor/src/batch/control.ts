/** Batching rules of identities, sub-graphs and loops: the body is batched, the loop stays one. */

import { apply } from '../apply.ts'
import type { Body, ControlPrimitive, TuplePrimitive } from '../attributes/control.ts'
import type { Tensor, TensorSpec } from '../primitive.ts'
import { closeOver, pick, placeholder } from '../transform/body.ts'
import { loopSpecs } from '../transform/scan.ts'
import type { BatchedPrimitive } from './index.ts'
import { asItIs, type Batched, type Batching, type BatchRule, type BatchTuple, front, moveAxis } from './rule.ts'

export const controlBatches: { readonly [P in ControlPrimitive & BatchedPrimitive]: BatchRule<P> } = {
  identity: asItIs,
  barrier: ([x, token], _, { size }) => apply('barrier', [front(x!, size), token!.value], {}),
}

interface BatchedBody {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Batched[]
}

/** A body for inputs of which some are mapped. */
function batchBody({ inputs, outputs }: Body, mapped: readonly boolean[], { size, run }: Batching): BatchedBody {
  const leaves = inputs.map((leaf, i) => {
    const spec: TensorSpec = { shape: mapped[i] ? [size, ...leaf.shape] : leaf.shape, dtype: leaf.dtype }
    return placeholder(`inner.${i}`, spec)
  })
  const bound = new Map(inputs.map((leaf, i) => [leaf, { value: leaves[i]!, mapped: mapped[i]! }]))
  return { inputs: leaves, outputs: run(outputs, bound) }
}

const call: BatchTuple<'call'> = (inputs, { attributes: { body } }, batching) => {
  const batched = batchBody(
    body,
    inputs.map(({ mapped }) => mapped),
    batching,
  )
  const values = batched.outputs.map(({ value }) => value)
  const closed = closeOver(batched.inputs, values, 0)
  const node = apply('call', [...inputs.map(({ value }) => value), ...closed.captured], { body: closed.body })
  return values.map((spec, i) => ({ value: pick(node, i, spec), mapped: batched.outputs[i]!.mapped }))
}

const scan: BatchTuple<'scan'> = (inputs, { attributes: loop }, batching) => {
  const { carries, sequences } = loop
  const mapped = inputs.map((x) => x.mapped)
  let batched = batchBody(loop.body, mapped, batching)
  // A carry is mapped once anything mapped has flowed into it.
  for (;;) {
    const more = batched.outputs.slice(0, carries).flatMap((x, i) => (x.mapped && !mapped[i] ? [i] : []))
    if (more.length === 0) break
    for (const i of more) mapped[i] = true
    batched = batchBody(loop.body, mapped, batching)
  }
  const outputs = batched.outputs.map((x, i) => (i < carries && mapped[i] ? front(x, batching.size) : x.value))
  const closed = closeOver(batched.inputs, outputs, 0)
  const values = inputs.map((x, i) => {
    if (i < carries) return mapped[i] ? front(x, batching.size) : x.value
    return x.mapped && i < carries + sequences ? moveAxis(x.value, 0, 1) : x.value
  })
  const attributes = { ...loop, body: closed.body }
  const node = apply('scan', [...values, ...closed.captured], attributes)
  const isMapped = [
    ...mapped.slice(0, carries),
    ...batched.outputs.slice(carries).map((x) => x.mapped),
    ...mapped.slice(0, carries),
  ]
  return loopSpecs(attributes).map((spec, i) => {
    const value = pick(node, i, spec)
    return { value: isMapped[i] && i >= carries ? moveAxis(value, 1, 0) : value, mapped: isMapped[i]! }
  })
}

export const tupleBatches: { readonly [P in TuplePrimitive]: BatchTuple<P> } = { call, scan }
