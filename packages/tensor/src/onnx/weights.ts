/** The parameters of a decoded graph as a tree, and the numbers that are none. */

import { InputError } from '@ecotope/core'
import { valuesInit } from '../initialisers.ts'
import { layoutOf, type ParameterSpec, parameter } from '../parameters.ts'
import type { Tensor } from '../primitive.ts'
import type { Shape } from '../shape.ts'
import { type ExternalData, elementOf, valuesOf } from './data.ts'
import type { GraphData, NodeData } from './decode.ts'
import type { Known } from './item.ts'
import { isParameter, isStatistic, pathsOf, usesOf } from './names.ts'

/** Parameters by the modules' names: an interface, so that its `Traced` form ends. */
export interface ImportedTree {
  readonly [name: string]: ParameterSpec | ImportedTree
}

export interface WeightOptions {
  /** Reads weights from the file beside the model. */
  readonly external?: ExternalData
  /** Which floating-point initialisers are parameters. Default: those of more than one number that layers calculate with. */
  readonly isParameter?: (name: string, shape: Shape) => boolean
}

export interface Weights {
  readonly tree: ImportedTree
  /** Path by name in the file. */
  readonly paths: ReadonlyMap<string, string>
  readonly constants: ReadonlyMap<string, Known>
  readonly initial: Float32Array<ArrayBuffer>
}

/** Parameters in a tree by their paths, all else as constants. */
export function weightsOf(
  graph: GraphData,
  nodes: readonly NodeData[],
  producer: string,
  options: WeightOptions,
): Weights {
  const uses = usesOf(nodes)
  const used = graph.initialisers.filter(({ name }) => uses.has(name) || graph.outputs.some((o) => o.name === name))
  const chosen = used.filter((tensor) => {
    if (elementOf(tensor.type, `the tensor ${tensor.name}`).kind !== 'float' || tensor.dims.includes(0)) return false
    return options.isParameter?.(tensor.name, tensor.dims) ?? isParameter(tensor, uses, producer)
  })
  const paths = pathsOf(
    chosen.map(({ name }) => name),
    uses,
  )
  const leaves = new Map<string, ParameterSpec>()
  const constants = new Map<string, Known>()
  for (const tensor of used) {
    const values = valuesOf(tensor, options.external)
    const path = paths.get(tensor.name)
    if (path === undefined) constants.set(tensor.name, values)
    else {
      const init = valuesInit(values.data as Float32Array)
      leaves.set(path, parameter(values.shape, init, { trainable: !isStatistic(tensor.name, uses) }))
    }
  }
  const tree = treeOf(leaves)
  return { tree, paths, constants, initial: flatOf(tree) }
}

type Branch = Map<string, Branch | ParameterSpec>

function treeOf(leaves: ReadonlyMap<string, ParameterSpec>): ImportedTree {
  const root: Branch = new Map()
  for (const [path, leaf] of leaves) {
    const parts = path.split('.')
    let branch = root
    for (const part of parts.slice(0, -1)) {
      const next = branch.get(part) ?? new Map()
      branch.set(part, next)
      branch = next as Branch
    }
    branch.set(parts.at(-1)!, leaf)
  }
  const plain = (branch: Branch): ImportedTree =>
    Object.fromEntries([...branch].map(([name, child]) => [name, child instanceof Map ? plain(child) : child]))
  return plain(root)
}

function flatOf(tree: ImportedTree): Float32Array<ArrayBuffer> {
  const { leaves, size } = layoutOf(tree)
  const flat = new Float32Array(size)
  for (const { init, offset } of leaves) if (init.kind === 'values') flat.set(init.values, offset)
  return flat
}

/** The leaf at a path of a traced tree. */
export function leafAt(tree: unknown, path: string): Tensor {
  const leaf = path.split('.').reduce<unknown>((branch, part) => (branch as Record<string, unknown>)?.[part], tree)
  if (leaf === undefined) {
    throw new InputError('ParameterMismatch', `the imported network needs the parameter ${path}`, {
      hint: 'Pass the branch of the traced tree that holds the imported `parameters`.',
      data: { path },
    })
  }
  return leaf as Tensor
}
