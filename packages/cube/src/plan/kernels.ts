/** What is made once for each node of cells and kept with it: its kernel, and how it reads its inputs. */
import { type Kernel, kernelOf } from '../cells/kernel.ts'
import { type Access, accessesOf } from '../cells/needs.ts'
import type { CellNode } from '../model/node.ts'
import { samePacking } from '../model/packing.ts'
import type { Region } from '../model/region.ts'

const kernels = new WeakMap<CellNode, Kernel>()
const accesses = new WeakMap<CellNode, readonly Access[]>()

export function kernelOfNode(node: CellNode): Kernel {
  let kernel = kernels.get(node)
  if (kernel === undefined) {
    kernel = kernelOf(
      node.cell,
      node.inputs.map(({ schema }) => ({ schema })),
      { schema: node.schema },
    )
    kernels.set(node, kernel)
  }
  return kernel
}

/** Memory that a kernel keeps from task to task is the process's own, as its code is; only more than this counts. */
const KERNEL_BYTES = 2 ** 20

/** Bytes beyond inputs and output while a kernel makes a region. */
export function kernelBytes(kernel: Kernel, region: Region): number {
  return Math.max(0, kernel.scratchBytes(region) - KERNEL_BYTES)
}

export function accessesOfNode(node: CellNode): readonly Access[] {
  let found = accesses.get(node)
  if (found === undefined) {
    found = accessesOf(
      node.cell,
      node.schema,
      node.inputs.map((input) => input.schema),
    )
    accesses.set(node, found)
  }
  return found
}

/** Whether a node only gives its input another schema: the blocks pass through as they are. */
export function isPassing({ cell, inputs, schema }: CellNode): boolean {
  if (cell.kind !== 'input' || cell.input !== 0 || inputs.length === 0) return false
  const below = inputs[0]!.schema
  const isAlike = schema.dims.every(
    ({ name, labels }, d) => name === below.dims[d]?.name && labels.length === below.dims[d].labels.length,
  )
  return isAlike && schema.dims.length === below.dims.length && samePacking(schema.packing, below.packing)
}
