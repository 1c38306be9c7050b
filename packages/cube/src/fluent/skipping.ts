/** Cubes for work that skips damaged chunks: their sources have a value for cells that could not be read. */
import type { CubeNode } from '../model/node.ts'
import { canBeMissing } from '../model/packing.ts'
import { openCube } from '../plan/graph-cube.ts'
import { consumersFirst } from '../plan/nodes.ts'
import type { Value } from '../process/row.ts'
import type { Derived } from './plain.ts'
import { processGraphOf } from './steps.ts'

interface Made extends Derived {
  readonly node: CubeNode
}

/** Uses the cube; with `onError: 'skip'` one that is made again, where files have no value for missing cells. */
export async function cubeFor<T>(
  cube: Made,
  { onError }: { readonly onError?: 'fail' | 'skip' },
  use: (node: CubeNode) => Promise<T>,
): Promise<T> {
  const lacks = (node: CubeNode): boolean => node.kind === 'source' && !canBeMissing(node.schema.packing)
  if (onError !== 'skip' || cube.step === undefined || !consumersFirst(cube.node).some(lacks)) return use(cube.node)
  const parameters: Record<string, Value> = {}
  const graph = processGraphOf(cube, (input) => {
    const name = `memory${Object.keys(parameters).length + 1}`
    parameters[name] = { kind: 'cube', node: (input as Made).node }
    return { from_parameter: name }
  })
  const opened = await openCube({ graph, parameters, onError })
  try {
    return await use(opened.node)
  } finally {
    await opened.close()
  }
}
