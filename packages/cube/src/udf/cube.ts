/** A user-defined function on a whole cube, as a lazy node. */
import { newArray } from '../dtype.ts'
import type { Block } from '../model/block.ts'
import { sliceBox } from '../model/copy.ts'
import type { Dimension } from '../model/dimension.ts'
import { type BlockNode, type CubeNode, type CubeSchema, shapeOf } from '../model/node.ts'
import { floatPacking } from '../model/packing.ts'
import { wholeRegion } from '../model/region.ts'
import { enumerated, relabelled, withDims } from '../process/cubes/labels.ts'
import { repacked } from '../process/cubes/nodes.ts'
import type { Value } from '../process/row.ts'
import type { UdfDimension } from './messages.ts'
import { runUdfOnBlock, type UdfBlock, type UdfOptions, udfDims } from './run.ts'
import { type UdfCode, udfFailed } from './source.ts'

/** What a UDF is told of dimensions. */
export function describeDims(schema: CubeSchema): UdfDimension[] {
  return schema.dims.map(({ name, type, labels }) => ({ name, type, labels: [...labels] }))
}

/** A dimension that a UDF named: the one of the cube where it has it, else a new one. */
function dimensionFrom({ name, type, labels }: UdfDimension, dims: readonly Dimension[]): Dimension {
  const known = dims.find((dimension) => dimension.name === name)
  if (known !== undefined) return sameLabels(known.labels, labels) ? known : relabelled(known, labels)
  const texts = labels.map(String)
  if (type === 'temporal') return { type, name, labels: texts, calendar: 'proleptic_gregorian' }
  if (type === 'bands') return { type, name, labels: texts, bands: texts.map((band) => ({ name: band })) }
  return { type: 'other', name, labels }
}

const sameLabels = (a: readonly (string | number)[], b: readonly (string | number)[]): boolean =>
  a.length === b.length && a.every((label, i) => label === b[i])

/**
 * The cube that a UDF makes of a whole cube. Every task needs the cube whole: for large ones run the UDF in a callback
 * of `apply_dimension` or `apply_neighborhood`. Errors (InputError): as `runUdfOnBlock`.
 */
export async function udfNode(
  code: UdfCode,
  node: CubeNode,
  context: Value,
  options: UdfOptions = {},
): Promise<BlockNode> {
  const packing = floatPacking(node.schema.packing)
  const input = repacked(node, packing)
  const dims = describeDims(node.schema)
  const told = await udfDims(code, dims, context, options)
  const said = told.map((dimension) => dimensionFrom(dimension, node.schema.dims))
  const { grid, ...rest } = withDims(node.schema, said)
  // Axes with other coordinates no longer lie on the grid.
  const isMoved = said.some((one) => one.type === 'spatial' && !node.schema.dims.includes(one))
  const schema: CubeSchema = { ...rest, ...(grid === undefined || isMoved ? {} : { grid }), packing }
  const shape = shapeOf(schema)
  const whole = wholeRegion(shapeOf(node.schema))
  return {
    kind: 'blocks',
    label: `udf ${code.name}`,
    schema,
    inputs: [input],
    wholeDimensions: enumerated(shape.length),
    needs: () => [whole],
    async compute(region, [block], work): Promise<Block> {
      const signal = work.signal ?? options.signal
      const given = { data: block!.data as UdfBlock['data'], dims }
      const result = await runUdfOnBlock(code, given, context, {
        ...options,
        ...(signal === undefined ? {} : { signal }),
      })
      refuseOther(code, told, result.dims)
      const data = newArray(packing.dtype, result.data.length)
      data.set(result.data)
      return { region, data: region.shape.join() === shape.join() ? data : sliceBox(data, shape, region) }
    },
  }
}

function refuseOther(code: UdfCode, told: readonly UdfDimension[], got: readonly UdfDimension[]): void {
  const text = (dims: readonly UdfDimension[]): string =>
    dims.map(({ name, labels }) => `${name} (${labels.length})`).join(', ')
  if (text(told) === text(got)) return
  throw udfFailed(
    code.name,
    undefined,
    `it gave the dimensions ${text(got)}, but ${text(told)} were expected`,
    'Export a function dims(dims, context) that returns the dimensions of the result.',
  )
}
