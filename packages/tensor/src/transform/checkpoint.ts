/** Trading time for memory: a function whose gradient computes it again. */

import { apply } from '../apply.ts'
import { pick, traceBody } from './body.ts'
import { leavesOf, type Tree, withLeaves } from './tree.ts'

/**
 * The same function, of which only arguments and results stay in memory for the gradient; what is inside is computed
 * again when the gradient arrives (Chen et al. 2016). The second computation waits for the gradient by a barrier
 * (x + 0, where the 0 is known only once the gradient is), so that neither ONNX Runtime's elimination of common
 * sub-expressions nor ours can merge it with the first.
 */
export function checkpoint<A extends readonly Tree[], R extends Tree>(fn: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    const leaves = leavesOf(args, 'checkpoint')
    let form: R | undefined
    const { body, draws, captured } = traceBody(leaves, (inputs) => {
      form = fn(...withLeaves(args, inputs))
      return leavesOf(form, 'checkpoint')
    })
    const node = apply('call', [...leaves, ...draws, ...captured], { body })
    return withLeaves(
      form!,
      body.outputs.map((spec, i) => pick(node, i, spec)),
    )
  }
}
