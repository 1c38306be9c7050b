/** Processes that open data: files, addresses, STAC, and collections of layers that are stacked explicitly. */
import { dirname } from 'node:path'
import { InputError } from '@ecotope/core'
import { clipped, type Extents } from '../../collection/extents.ts'
import type { NamePattern } from '../../collection/file-names.ts'
import { type CollectionRequest, openCollection } from '../../collection/open.ts'
import { openCube } from '../../collection/single.ts'
import { stackLayers } from '../../collection/stack.ts'
import { BROADCAST } from '../../collection/target-times.ts'
import type { LayerSet, StackOptions } from '../../collection/types.ts'
import { formatNamed } from '../../format/formats.ts'
import type { StacFilter } from '../../stac/types.ts'
import { holds, optional, processError, required, schemas, withDefault } from '../define.ts'
import type { Arguments, ParameterRow, ProcessContext, ProcessGraph, ProcessRow, Value } from '../row.ts'
import { isCube } from '../schema.ts'
import { spatialExtent, temporalExtent } from './extent-arguments.ts'
import { areFeatures, loadFeatures } from './load-features.ts'

const CUBE = { summary: 'A data cube.', schema: schemas.datacube } as const
const COLLECTION_SCHEMA = { type: 'object', subtype: 'ecotope-collection' } as const

const spatial: ParameterRow = withDefault(
  'spatial_extent',
  'Bounding box (west, south, east, north, crs) or GeoJSON; pixels whose centres lie in it are loaded.',
  [
    { type: 'object', subtype: 'bounding-box' },
    { type: 'object', subtype: 'geojson' },
    schemas.datacube,
    { type: 'null' },
  ],
  null,
)
const temporal: ParameterRow = withDefault(
  'temporal_extent',
  'Left-closed interval of two instants; null on one side is open.',
  [{ type: 'array', subtype: 'temporal-interval', minItems: 2, maxItems: 2 }, { type: 'null' }],
  null,
)
const bandsParameter: ParameterRow = withDefault(
  'bands',
  'Names or common names of the bands to load, in this order.',
  [{ type: 'array', items: { type: 'string', subtype: 'band-name' }, minItems: 1 }, { type: 'null' }],
  null,
)
const properties: ParameterRow = withDefault(
  'properties',
  'Conditions on metadata of items, by name; each gets the value and says whether the item is loaded.',
  [{ type: 'object', subtype: 'metadata-filter' }, { type: 'null' }],
  null,
)
const options = withDefault(
  'options',
  'Options of the format (of features: layer, properties that become cells), and time, bands, crs as open_collection has them.',
  { type: 'object' },
  {},
)

/** A warning of a collection is one of the graph. */
function keep(collection: LayerSet, context: ProcessContext): LayerSet {
  context.keep(collection)
  for (const warning of collection.warnings) context.onWarning?.(warning)
  return collection
}

const open = async (request: CollectionRequest, context: ProcessContext): Promise<LayerSet> =>
  keep(await openCollection(request, context), context)

/** Members of `options` that say how names are read; the rest belongs to the format. */
function requestOf(args: Arguments): Omit<CollectionRequest, 'paths'> {
  const { time, bands, crs, ...rest } = (args.options ?? {}) as Record<string, unknown>
  return {
    ...(args.format === undefined || args.format === null ? {} : { format: String(args.format) }),
    ...(time === undefined ? {} : { time: time as NamePattern | string }),
    ...(bands === undefined ? {} : { bands: bands as NamePattern | string[] }),
    ...(crs === undefined ? {} : { crs: String(crs) }),
    options: rest,
  }
}

async function loadFiles(paths: readonly string[], args: Arguments, context: ProcessContext): Promise<Value> {
  if (areFeatures(paths, args.format)) return loadFeatures(paths, args, context)
  const request = { paths, ...requestOf(args) }
  if (request.format !== undefined) formatNamed(request.format)
  return { kind: 'cube', node: await openCube(request, context) }
}

async function loadExtents(path: string, args: Arguments, context: ProcessContext, scaled: boolean): Promise<Value> {
  const extents: Extents = { ...spatialExtent(args.spatial_extent), ...temporalExtent(args.temporal_extent) }
  const bands = args.bands as readonly string[] | null | undefined
  const stac: StacFilter = {
    ...(extents.degrees === undefined ? {} : { bbox: extents.degrees }),
    ...(extents.interval === undefined ? {} : { datetime: extents.interval }),
    scaled,
  }
  const conditions = conditionsOf(args.properties)
  const request = { paths: path, stac, ...(bands ? { bands } : {}) }
  const accepts = conditions.length === 0 ? {} : { accepts: acceptor(conditions, context) }
  const collection = keep(await openCollection(request, { ...context, ...accepts }), context)
  return { kind: 'cube', node: clipped(collection, extents, {}) }
}

type Conditions = readonly (readonly [name: string, graph: ProcessGraph])[]

/** Conditions are graphs within an object, which arguments of graphs do not become callbacks in. */
function conditionsOf(value: unknown): Conditions {
  return Object.entries((value ?? {}) as Record<string, { readonly process_graph?: ProcessGraph }>).map(
    ([name, one]) => {
      if (one.process_graph !== undefined) return [name, one.process_graph]
      throw processError('ProcessParameterInvalid', `the condition on ${name} is no process graph`)
    },
  )
}

const acceptor =
  (conditions: Conditions, context: ProcessContext) =>
  async (values: Readonly<Record<string, unknown>>): Promise<boolean> => {
    // Loaded late: the evaluation knows all processes, these among them.
    const { evaluateGraph } = await import('../../graph/evaluate.ts')
    for (const [name, graph] of conditions) {
      const parameters = { value: (values[name] ?? null) as Value }
      const { value, close } = await evaluateGraph(graph, { parameters, folder: context.folder })
      await close()
      if (!holds(value, 'load_collection')) return false
    }
    return true
  }

const SAVE: ProcessRow = {
  id: 'save_result',
  category: 'import and export',
  summary: 'Marks data to be saved in a format; whoever runs the graph says where, and hands the data on',
  parameters: [
    required('data', 'What is saved.', schemas.any),
    required('format', 'The format, such as GTiff, Zarr, netCDF, JSON or PNG.', {
      type: 'string',
      subtype: 'output-format',
    }),
    withDefault('options', 'Options of the format.', { type: 'object', subtype: 'output-format-options' }, {}),
  ],
  returns: { summary: 'The data, so that the step can be the result of a graph.', schema: schemas.any },
  errors: ['FormatUnsuitable', 'DataCubeEmpty'],
  chunks: 'sink',
  evaluate: (args) => {
    if (formatNamed(String(args.format)).sink === undefined) {
      throw processError('FormatUnsuitable', `${String(args.format)} is no format that can be written`)
    }
    const empty = isCube(args.data) && args.data.node.schema.dims.find(({ labels }) => labels.length === 0)
    if (empty) throw processError('DataCubeEmpty', `the cube has no cells: its dimension ${empty.name} has no labels`)
    return args.data as Value
  },
}

export const loadRows: readonly ProcessRow[] = [
  {
    id: 'load_uploaded_files',
    category: 'import and export',
    summary: 'Loads files as one data cube; a file of features as a vector cube',
    experimental: true,
    parameters: [
      required('paths', 'The files; relative ones start at the folder of the graph.', {
        type: 'array',
        subtype: 'file-paths',
        items: { type: 'string', minLength: 1 },
        minItems: 1,
      }),
      required('format', 'The format of the files; null where their content tells.', {
        type: ['string', 'null'],
        subtype: 'input-format',
      }),
      options,
    ],
    returns: CUBE,
    errors: ['FormatUnsuitable', 'FileNotFound'],
    chunks: 'source',
    evaluate: (args, context) => loadFiles(args.paths as readonly string[], args, context),
  },
  {
    id: 'load_url',
    category: 'import and export',
    summary: 'Loads a file from an address as a data cube; a file of features as a vector cube',
    experimental: true,
    parameters: [
      required('url', 'The address of the file.', { type: 'string', subtype: 'uri', pattern: '^https?://' }),
      required('format', 'The format of the file; null where the address tells.', {
        type: ['string', 'null'],
        subtype: 'input-format',
      }),
      options,
    ],
    returns: CUBE,
    errors: ['FormatUnsuitable'],
    chunks: 'source',
    evaluate: (args, context) => loadFiles([String(args.url)], args, context),
  },
  {
    id: 'load_stac',
    category: 'import and export',
    summary: 'Loads data from a STAC catalogue, collection, item or API',
    experimental: true,
    parameters: [
      required('url', 'Address or path of the STAC document.', { type: 'string', subtype: 'uri' }),
      spatial,
      temporal,
      bandsParameter,
      properties,
    ],
    returns: CUBE,
    errors: ['NoDataAvailable', 'TemporalExtentEmpty'],
    chunks: 'source',
    // openEO: scale and offset of the metadata are applied by explicit steps of the graph.
    evaluate: (args, context) => loadExtents(String(args.url), args, context, false),
  },
  {
    id: 'load_collection',
    category: 'cubes',
    summary: 'Loads a collection: here a folder, a file or a STAC document below the folder of the graph',
    parameters: [
      required('id', 'Path of the collection.', { type: 'string', subtype: 'collection-id', minLength: 1 }),
      spatial,
      temporal,
      bandsParameter,
      properties,
    ],
    returns: CUBE,
    errors: ['NoDataAvailable', 'TemporalExtentEmpty', 'CollectionNotFound'],
    chunks: 'source',
    evaluate: async (args, context) => {
      try {
        return await loadExtents(String(args.id), args, context, true)
      } catch (cause) {
        if (!(cause instanceof InputError) || (cause.tag !== 'MissingFile' && cause.tag !== 'NoFiles')) throw cause
        throw processError(
          'CollectionNotFound',
          `there is no collection "${String(args.id)}" in ${dirname(`${context.folder}/.`)}`,
        )
      }
    },
  },
  {
    id: 'open_collection',
    category: 'import and export',
    summary: 'Opens files or a STAC catalogue as layers that keep their own grids and dates',
    parameters: [
      required('paths', 'Paths, patterns (s2/*.tif), folders, addresses, or one STAC document.', [
        { type: 'string', minLength: 1 },
        { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 },
      ]),
      optional('time', 'Where the date is: { from: "name", pattern: "(\\\\d{8})" }, or one instant for all.', [
        { type: 'object' },
        { type: 'string' },
        { type: 'null' },
      ]),
      optional('bands', 'Where the band is: { from: "name", pattern }, or the layers to open in their order.', [
        { type: 'object' },
        { type: 'array', items: { type: 'string' } },
        { type: 'null' },
      ]),
      optional('format', 'The format of all files.', { type: ['string', 'null'], subtype: 'input-format' }),
      optional('crs', 'CRS of files that name none.', { type: ['string', 'null'] }),
      optional('options', 'Options of the format.', { type: ['object', 'null'] }),
      optional('stac', 'Which items and assets: bbox, datetime, limit, collections, assets, scaled.', {
        type: ['object', 'null'],
      }),
    ],
    returns: { summary: 'The layers, not aligned.', schema: COLLECTION_SCHEMA },
    errors: [],
    chunks: 'source',
    evaluate: async (args, context) => ({
      kind: 'collection',
      collection: await open(given(args) as unknown as CollectionRequest, context),
    }),
  },
  {
    id: 'stack_layers',
    category: 'cubes',
    summary: 'Aligns layers of a collection to one grid and one list of dates, as asked and never otherwise',
    parameters: [
      required('data', 'A collection.', COLLECTION_SCHEMA),
      optional('grid', 'A layer whose grid it is, or { crs, resolution, bounds }. Default: the grid that all share.', [
        { type: 'string' },
        { type: 'object' },
        { type: 'null' },
      ]),
      optional('bands', 'Layers in this order. Default: all.', [
        { type: 'array', items: { type: 'string' }, minItems: 1 },
        { type: 'null' },
      ]),
      optional(
        'dimensions',
        'Dimensions of the files beside time and space, such as level. Default: a band for each label.',
        [{ type: 'array', items: { type: 'string' }, minItems: 1 }, { type: 'null' }],
      ),
      optional('resampling', 'Method for layers of another grid: one for all, or by layer.', [
        { type: 'string' },
        { type: 'object' },
        { type: 'null' },
      ]),
      optional('time', 'Dates: union (default), intersection, or a layer whose dates they are.', {
        type: ['string', 'null'],
      }),
      optional('broadcast', `By layer, how its images stand for other dates: ${Object.keys(BROADCAST).join(', ')}.`, {
        type: ['object', 'null'],
      }),
      optional(
        'mosaic',
        'Where images of one date overlap: first (default), last, mean or median of what is not missing.',
        {
          enum: ['first', 'last', 'mean', 'median', null],
        },
      ),
      optional('fill', 'Value in place of what is missing.', { type: ['number', 'null'] }),
    ],
    returns: CUBE,
    errors: [],
    chunks: 'footprint',
    evaluate: (args) => {
      const { data, ...rest } = given(args)
      const { collection } = data as unknown as { collection: LayerSet }
      return { kind: 'cube', node: stackLayers(collection, rest as unknown as StackOptions) }
    },
  },
  SAVE,
]

/** Arguments that are there; null means absent. */
function given(args: Arguments): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined && value !== null))
}
