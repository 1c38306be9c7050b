/** Images upon each other as one: per cell the first, last, mean or median of what is not missing. */
import type { OtherDimension } from '../model/dimension.ts'
import type { CubeNode } from '../model/node.ts'
import { commonPacking, floatPacking, withMissing } from '../model/packing.ts'
import { cellNode, concatNode, input, sameCells } from '../process/cubes/nodes.ts'
import type { StackOptions } from './types.ts'

/** A dimension that the inputs do not have. */
const DIMENSION = 'ecotope:image'

export function mosaicOf(inputs: readonly CubeNode[], rule: NonNullable<StackOptions['mosaic']>): CubeNode {
  const packings = inputs.map(({ schema }) => schema.packing)
  const isPick = rule === 'first' || rule === 'last'
  const packing = isPick ? withMissing(commonPacking(...packings)) : floatPacking(...packings)
  const images = inputs.map((node, i) => {
    const dimension: OtherDimension = { type: 'other', name: DIMENSION, labels: [i] }
    return sameCells(node.label, node, { ...node.schema, packing, dims: [dimension, ...node.schema.dims] })
  })
  const whole = concatNode(images, DIMENSION)
  const { schema, label } = inputs[0]!
  const cell = { kind: 'reduce', reducer: rule, dim: DIMENSION, length: inputs.length, of: input(0) } as const
  return cellNode(`mosaic(${label}, ${rule})`, [whole], cell, { ...schema, packing })
}
