/** convert_data_type: the type that cells are stored as; a process of ours, as xarray has astype and encodings. */
import { InputError } from '@ecotope/core'
import { DTYPES } from '../../dtype.ts'
import type { Packing } from '../../model/block.ts'
import type { CubeNode } from '../../model/node.ts'
import { canBeMissing } from '../../model/packing.ts'
import type { DType } from '../../types.ts'
import type { ProcessRow } from '../row.ts'
import { cubeOf, cubeValue, textOf } from './arguments.ts'
import { call, cellNode, constant, input } from './nodes.ts'
import { DATA, givesCube, NUMBER, optional, parameter } from './schemas.ts'

/** Least and greatest physical value of integers that is not the one for missing cells. */
function limits({ dtype, scale, offset, nodata }: Packing): readonly [number, number] {
  const [least, greatest] = DTYPES[dtype].range
  const ends = [nodata === least ? least + 1 : least, nodata === greatest ? greatest - 1 : greatest]
  const [from, to] = ends.map((raw) => raw * scale + offset) as [number, number]
  return [Math.min(from, to), Math.max(from, to)]
}

/** Throws InputError `NoNodata`, `BadNodata`. */
function converted(node: CubeNode, packing: Packing): CubeNode {
  const { dtype, nodata } = packing
  const schema = { ...node.schema, packing }
  if (DTYPES[dtype].isFloat) return cellNode('convert_data_type', [node], input(0), schema)
  if (nodata !== undefined && !canBeMissing(packing)) {
    throw new InputError('BadNodata', `${nodata} is no value of ${dtype}`, {
      hint: `give a whole number from ${DTYPES[dtype].range.join(' to ')}`,
      data: { nodata, dtype },
    })
  }
  if (nodata === undefined && canBeMissing(node.schema.packing)) {
    throw new InputError('NoNodata', `cells of the cube may be missing, for which ${dtype} has no value`, {
      hint: `name one that none has otherwise: nodata: ${DTYPES[dtype].range[dtype.startsWith('u') ? 1 : 0]}`,
      data: { dtype },
    })
  }
  const [from, to] = limits(packing)
  return cellNode('convert_data_type', [node], call('clip', input(0), constant(from), constant(to)), schema)
}

export const convertRows: readonly ProcessRow[] = [
  {
    id: 'convert_data_type',
    category: 'cubes',
    summary: 'Stores cells as another type: integers are rounded, and kept within its range',
    parameters: [
      DATA,
      parameter('data_type', { enum: Object.keys(DTYPES) }, 'the type'),
      optional('nodata', { type: ['number', 'null'] }, 'the integer that stands for missing', null),
      optional('scale', { ...NUMBER, exclusiveMinimum: 0 }, 'of integers: value = integer * scale + offset', 1),
      optional('offset', NUMBER, 'of integers', 0),
    ],
    returns: givesCube('the cube with the same values, as far as the type holds them'),
    chunks: 'cell',
    evaluate: (args) => {
      const dtype = textOf(args, 'data_type') as DType
      const { nodata, scale = 1, offset = 0 } = args as { nodata?: number | null; scale?: number; offset?: number }
      const whole = { ...(typeof nodata === 'number' ? { nodata } : {}), scale, offset }
      const packing: Packing = DTYPES[dtype].isFloat ? { dtype, scale: 1, offset: 0 } : { dtype, ...whole }
      return cubeValue(converted(cubeOf(args), packing))
    },
  },
]
