/** The documents of a Zarr 3 store that is written: arrays, coordinates, CF and GeoZarr attributes, all consolidated. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CfDataset, CfOut } from '../cf/encode.ts'
import { zstdEncode } from '../codecs/engine.ts'
import { DTYPES } from '../dtype.ts'
import { gridBounds } from '../grid.ts'
import type { CubeSchema } from '../model/node.ts'
import type { DType } from '../types.ts'
import type { Attributes } from './metadata.ts'
import { type ArrayPlan, isSharded, type ZarrPlan } from './plan.ts'

interface Codec {
  readonly name: string
  readonly configuration?: Attributes
}

const BYTES: Codec = { name: 'bytes', configuration: { endian: 'little' } }
const ZSTD: Codec = { name: 'zstd', configuration: { level: 3, checksum: false } }

/** Codecs of the chunks of data. */
function chunkCodecs({ compression, level, dtype }: ZarrPlan): Codec[] {
  const size = DTYPES[dtype].bytes
  const bytes = size === 1 ? { name: 'bytes' } : BYTES
  if (compression === 'none') return [bytes]
  if (compression === 'gzip') return [bytes, { name: 'gzip', configuration: { level } }]
  if (compression === 'zstd') return [bytes, { name: 'zstd', configuration: { level, checksum: false } }]
  const shuffle = size === 1 ? 'noshuffle' : 'shuffle'
  const configuration = { cname: 'lz4', clevel: level, shuffle, typesize: size, blocksize: 0 }
  return [bytes, { name: 'blosc', configuration }]
}

function codecsOf(plan: ZarrPlan, array: ArrayPlan): Codec[] {
  const codecs = chunkCodecs(plan)
  if (!isSharded(array)) return codecs
  const index_codecs = [BYTES, { name: 'crc32c' }]
  const configuration = { chunk_shape: array.chunks, codecs, index_codecs, index_location: 'end' }
  return [{ name: 'sharding_indexed', configuration }]
}

function arrayDocument(
  shape: readonly number[],
  dataType: DType | 'string',
  chunks: readonly number[],
  codecs: readonly Codec[],
  fill: unknown,
  attributes: Attributes,
  dims: readonly string[],
): Attributes {
  return {
    zarr_format: 3,
    node_type: 'array',
    shape,
    data_type: dataType,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: chunks } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: fill,
    codecs,
    attributes,
    dimension_names: dims,
    storage_transformers: [],
  }
}

/** xarray reads `_FillValue` of floats from Zarr 3 as a float64 in base64, of integers as a number. */
function zarrAttributes({ attributes, dtype }: CfOut): Attributes {
  const { _FillValue: fill, ...rest } = attributes
  if (typeof fill !== 'number') return attributes
  if (dtype === 'string' || !DTYPES[dtype].isFloat) return attributes
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, fill, true)
  return { ...rest, _FillValue: btoa(String.fromCharCode(...bytes)) }
}

/** The conventions `geo-proj` and `spatial` of Zarr, which GeoZarr is made of, for the arrays of the group. */
export function geozarrAttributes(schema: CubeSchema): Attributes {
  const { grid } = schema
  if (grid === undefined) return {}
  const names = (['y', 'x'] as const).map(
    (axis) => schema.dims.find((dim) => dim.type === 'spatial' && dim.axis === axis)?.name,
  )
  const { crs } = grid
  const isWkt2 = crs.wkt !== undefined && /^(PROJCRS|GEOGCRS|GEODCRS|BOUNDCRS|COMPOUNDCRS)\s*\[/.test(crs.wkt)
  const stated = crs.code !== undefined ? { 'proj:code': crs.code } : isWkt2 ? { 'proj:wkt2': crs.wkt } : {}
  return {
    zarr_conventions:
      Object.keys(stated).length === 0 ? [CONVENTIONS.spatial] : [CONVENTIONS.proj, CONVENTIONS.spatial],
    ...stated,
    'spatial:dimensions': names,
    'spatial:transform': [...grid.affine],
    'spatial:transform_type': 'affine',
    'spatial:registration': 'pixel',
    'spatial:shape': [grid.height, grid.width],
    'spatial:bbox': [...gridBounds(grid)],
  }
}

const CONVENTIONS = {
  proj: {
    uuid: 'f17cb550-5864-4468-aeb7-f3180cfb622f',
    name: 'proj:',
    schema_url: 'https://raw.githubusercontent.com/zarr-experimental/geo-proj/refs/tags/v1/schema.json',
    spec_url: 'https://github.com/zarr-experimental/geo-proj/blob/v1/README.md',
    description: 'Coordinate reference system information for geospatial data',
  },
  spatial: {
    uuid: '689b58e2-cf7b-45e0-9fff-9cfc0883d6b4',
    name: 'spatial:',
    schema_url: 'https://raw.githubusercontent.com/zarr-conventions/spatial/refs/tags/v1/schema.json',
    spec_url: 'https://github.com/zarr-conventions/spatial/blob/v1/README.md',
    description: 'Spatial coordinate information',
  },
} as const

/** Writes coordinates and all documents into the plan's folder. */
export async function writeMetadata(plan: ZarrPlan, dataset: CfDataset, schema: CubeSchema): Promise<void> {
  const documents: Record<string, Attributes> = {}
  for (const [i, variable] of dataset.data.entries()) {
    const array = plan.arrays[i]!
    const fill = plan.fill ?? 'NaN'
    const attributes = zarrAttributes(variable)
    documents[variable.name] = arrayDocument(
      array.shape,
      plan.dtype,
      array.shards,
      codecsOf(plan, array),
      fill,
      attributes,
      variable.dims,
    )
  }
  for (const variable of dataset.coordinates) {
    documents[variable.name] = coordinateDocument(variable)
    await writeCoordinate(plan.part, variable)
  }
  for (const [name, document] of Object.entries(documents)) {
    await mkdir(join(plan.part, name), { recursive: true })
    await writeFile(join(plan.part, name, 'zarr.json'), JSON.stringify(document, null, 2))
  }
  const attributes = { ...dataset.attributes, ...geozarrAttributes(schema) }
  const consolidated = { kind: 'inline', must_understand: false, metadata: documents }
  const root = { zarr_format: 3, node_type: 'group', attributes, consolidated_metadata: consolidated }
  await writeFile(join(plan.part, 'zarr.json'), JSON.stringify(root, null, 2))
}

function coordinateDocument(variable: CfOut): Attributes {
  const { shape, dtype, dims } = variable
  const chunks = shape.map((n) => Math.max(1, n))
  const codecs =
    dtype === 'string' ? [{ name: 'vlen-utf8' }, ZSTD] : [dtype.endsWith('8') ? { name: 'bytes' } : BYTES, ZSTD]
  const isFloat = dtype !== 'string' && DTYPES[dtype].isFloat
  return arrayDocument(
    shape,
    dtype,
    chunks,
    codecs,
    isFloat ? 'NaN' : dtype === 'string' ? '' : 0,
    zarrAttributes(variable),
    dims,
  )
}

async function writeCoordinate(part: string, { name, shape, values, dtype }: CfOut): Promise<void> {
  if (values === undefined || shape.includes(0)) return
  const bytes = dtype === 'string' ? textBytes(values as readonly string[]) : numberBytes(values, dtype)
  const file = join(part, name, 'c', ...shape.map(() => '0'))
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, zstdEncode(bytes, 3))
}

function numberBytes(values: ArrayLike<number | string>, dtype: DType): Uint8Array {
  const numbers = DTYPES[dtype].view(new ArrayBuffer(values.length * DTYPES[dtype].bytes))
  for (let k = 0; k < values.length; k++) numbers[k] = values[k] as number
  return new Uint8Array(numbers.buffer)
}

/** The number of texts, then each with its length before it. */
function textBytes(values: readonly string[]): Uint8Array {
  const encoded = values.map((value) => new TextEncoder().encode(value))
  const bytes = new Uint8Array(encoded.reduce((sum, { length }) => sum + 4 + length, 4))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, encoded.length, true)
  let p = 4
  for (const text of encoded) {
    view.setUint32(p, text.length, true)
    bytes.set(text, p + 4)
    p += 4 + text.length
  }
  return bytes
}
