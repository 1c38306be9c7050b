/** ndvi as openEO has it, with bands found by their names or common names. */
import { InputError } from '@ecotope/core'
import type { Cell } from '../../cells/cell.ts'
import type { BandsDimension } from '../../model/dimension.ts'
import type { CubeNode } from '../../model/node.ts'
import { floatPacking } from '../../model/packing.ts'
import type { ProcessRow } from '../row.ts'
import { cubeOf, cubeValue, optionalText, textOf } from './arguments.ts'
import { bandsDimension, bandsNamed } from './filters.ts'
import { withDims } from './labels.ts'
import { call, cellNode, concatNode, input, repacked, sameCells } from './nodes.ts'
import { givesCube, optional, parameter, RASTER } from './schemas.ts'

function bandIndexOf(dimension: BandsDimension, name: string, code: string): number {
  const found = bandsNamed(dimension, name)
  if (found.length === 1) return found[0]!
  const what = found.length === 0 ? 'no band' : 'several bands'
  throw new InputError(code, `the cube has ${what} named ${name}`, {
    hint: `its bands are ${dimension.labels.join(', ')}; say which one to use`,
    data: { band: name, bands: dimension.labels },
  })
}

/** (nir - red) / (nir + red) without the bands, or as one more band. */
export function ndviNode(node: CubeNode, nir: string, red: string, target: string | undefined): CubeNode {
  const dimension = bandsDimension(node, 'DimensionAmbiguous')
  const { name } = dimension
  const band = (index: number): Cell => ({ kind: 'at', dim: name, index, of: input(0) })
  const a = band(bandIndexOf(dimension, nir, 'NirBandAmbiguous'))
  const b = band(bandIndexOf(dimension, red, 'RedBandAmbiguous'))
  const cell = call('divide', call('subtract', a, b), call('add', a, b))
  const packing = floatPacking(node.schema.packing)
  // Of no unit, as a ratio is.
  const { unit: _, ...schema } = node.schema
  if (target === undefined) {
    const dims = schema.dims.filter((one) => one.name !== name)
    return cellNode('ndvi', [node], cell, { ...withDims(schema, dims), packing })
  }
  if (dimension.labels.map(String).includes(target)) {
    throw new InputError('BandExists', `the cube has a band ${target} already`, {
      hint: 'choose another name for the result',
      data: { band: target, bands: dimension.labels },
    })
  }
  const one: BandsDimension = { ...dimension, labels: [target], bands: [{ name: target }] }
  const dims = schema.dims.map((other) => (other.name === name ? one : other))
  return concatNode(
    [repacked(ownUnits(node), packing), cellNode('ndvi', [node], cell, { ...schema, dims, packing })],
    name,
    'ndvi',
  )
}

/** The cube with its unit at each of its bands. */
function ownUnits(node: CubeNode): CubeNode {
  const { unit, ...schema } = node.schema
  if (unit === undefined) return node
  const dims = schema.dims.map((dim) =>
    dim.type === 'bands' ? { ...dim, bands: dim.bands.map((band) => ({ unit, ...band })) } : dim,
  )
  return sameCells('ndvi', node, { ...schema, dims })
}

const BAND = { type: 'string', subtype: 'band-name' }

export const indexRows: readonly ProcessRow[] = [
  {
    id: 'ndvi',
    category: 'math',
    summary: 'The normalised difference of near infrared and red.',
    parameters: [
      parameter('data', { ...RASTER, dimensions: [...RASTER.dimensions, { type: 'bands' }] }, 'a cube with both bands'),
      optional('nir', BAND, 'the near infrared band, by name or common name', 'nir'),
      optional('red', BAND, 'the red band, by name or common name', 'red'),
      optional('target_band', { type: ['string', 'null'], pattern: '^\\w+$' }, 'keep the bands and add this one'),
    ],
    returns: givesCube('the index', RASTER),
    errors: ['NirBandAmbiguous', 'RedBandAmbiguous', 'DimensionAmbiguous', 'BandExists'],
    chunks: 'cell',
    evaluate: (args) =>
      cubeValue(ndviNode(cubeOf(args), textOf(args, 'nir'), textOf(args, 'red'), optionalText(args, 'target_band'))),
  },
]
