/** JSON schemas of parameters that many cube processes share, and short makers of parameter rows. */
import type { ParameterRow, ProcessRow, Value } from '../row.ts'

export const CUBE = { type: 'object', subtype: 'datacube' }
export const RASTER = { ...CUBE, dimensions: [{ type: 'spatial', axis: ['x', 'y'] }] }
export const VECTOR = { ...CUBE, dimensions: [{ type: 'geometry' }] }
export const TEMPORAL = { ...CUBE, dimensions: [{ type: 'temporal' }] }
export const GEOJSON = { type: 'object', subtype: 'geojson' }
export const ANY = {}
export const TEXT = { type: 'string' }
export const NUMBER = { type: 'number' }
export const TEXT_OR_NULL = { type: ['string', 'null'] }
export const LABELS = { type: 'array', uniqueItems: true, items: { type: ['number', 'string'] } }
export const GEOMETRIES = [VECTOR, GEOJSON]
export const PROJECTION = [
  { type: 'integer', subtype: 'epsg-code', minimum: 1000 },
  { type: 'string', subtype: 'wkt2-definition' },
]
export const REPLACEMENT = { type: ['number', 'boolean', 'string', 'null'] }

const LABELED = { type: 'array', subtype: 'labeled-array', items: {} }
const CALLBACK_PARAMETERS: Readonly<Record<string, unknown>> = {
  x: {},
  y: {},
  data: LABELED,
  cube: CUBE,
  value: { type: ['number', 'string'] },
  parameters: { type: 'array', minItems: 1, items: { type: 'number' } },
}

/** The schema of a callback that gets these parameters (`cube`: a cube named `data`), and `context`. */
export function callback(names: readonly string[], returns: unknown = {}): unknown {
  const parameters = names.map((name) => ({
    name: name === 'cube' ? 'data' : name,
    description: CALLBACK_WORDS[name] ?? name,
    schema: CALLBACK_PARAMETERS[name] ?? {},
  }))
  const context = {
    name: 'context',
    description: 'what the argument context holds',
    schema: {},
    optional: true,
    default: null,
  }
  return {
    type: 'object',
    subtype: 'process-graph',
    parameters: [...parameters, context],
    returns: { schema: returns },
  }
}

const CALLBACK_WORDS: Readonly<Record<string, string>> = {
  x: 'one value',
  y: 'the value of the other cube',
  data: 'the values in a row, with their labels',
  cube: 'a part of the cube',
  value: 'a label',
  parameters: 'the parameters of the function',
}

export const parameter = (name: string, schema: unknown, summary: string): ParameterRow => ({ name, schema, summary })

/** A parameter that may be left out. */
export const optional = (name: string, schema: unknown, summary: string, value: Value = null): ParameterRow => ({
  name,
  schema,
  summary,
  optional: true,
  default: value,
})

export const DATA = parameter('data', CUBE, 'the cube')
export const RASTER_DATA = parameter('data', RASTER, 'a cube with the axes x and y')
export const CONTEXT = optional('context', ANY, 'anything that the callback should know')
export const REDUCER = parameter('reducer', callback(['data']), 'gives one value for a row of values')

export const givesCube = (summary: string, schema: unknown = CUBE): ProcessRow['returns'] => ({ summary, schema })
