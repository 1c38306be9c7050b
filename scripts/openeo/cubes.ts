/** Data cubes as openEO test files write them: read into lazy cubes in memory, and computed cubes compared with them. */
import { InputError } from '@ecotope/core'
import { parseCrs } from '../../packages/cube/src/crs/crs.ts'
import { crsEquals } from '../../packages/cube/src/crs/transform.ts'
import type { Dimension } from '../../packages/cube/src/model/dimension.ts'
import { memorySource } from '../../packages/cube/src/model/memory.ts'
import { type CubeNode, type CubeSchema, shapeOf } from '../../packages/cube/src/model/node.ts'
import { computeCube } from '../../packages/cube/src/plan/compute.ts'
import { timestampOf } from '../../packages/cube/src/process/instants.ts'
import type { CubeValue } from '../../packages/cube/src/process/row.ts'
import type { Crs, Grid } from '../../packages/cube/src/types.ts'
import { isJson, type Json } from './suite.ts'

export const isCubeJson = (value: unknown): value is Json & { readonly type: 'datacube' } =>
  isJson(value) && value.type === 'datacube'

/** A lazy cube over the numbers of a test file. Data of null, where the case needs none, becomes missing cells. */
export function cubeOf(json: Json, label: string): CubeValue {
  const dims = dimensionsOf(json)
  const cells = dims.reduce((count, { labels }) => count * labels.length, 1)
  const values = json.data === null || json.data === undefined ? undefined : flatten(json.data)
  const missing = nodataOf(json)
  const isMissing = (value: unknown): boolean => value === null || missing.some((one) => Object.is(one, value))
  const isBoolean = values?.some((value) => typeof value === 'boolean') ?? false
  const raw = Array.from({ length: cells }, (_, i) => {
    const value = values?.[i] ?? null
    return isMissing(value) ? (isBoolean ? 255 : Number.NaN) : Number(value)
  })
  const grid = gridOfDimensions(json, dims)
  const schema: CubeSchema = {
    dims,
    ...(grid === undefined ? {} : { grid }),
    packing: isBoolean
      ? { dtype: 'uint8', nodata: 255, scale: 1, offset: 0, isBoolean: true }
      : { dtype: 'float64', scale: 1, offset: 0 },
  }
  const data = isBoolean ? Uint8Array.from(raw) : Float64Array.from(raw)
  return { kind: 'cube', node: memorySource(data, schema, label) }
}

function flatten(data: unknown): unknown[] {
  return Array.isArray(data) ? data.flatMap(flatten) : [isJson(data) && data.type === 'nodata' ? null : data]
}

function nodataOf(json: Json): readonly unknown[] {
  if (json.nodata === undefined) return []
  return Array.isArray(json.nodata) ? json.nodata : [json.nodata]
}

function orderOf(json: Json): { name: string; written: Json }[] {
  // Some files list dimensions in their order instead, each with its name.
  if (Array.isArray(json.dimensions))
    return (json.dimensions as Json[]).map((dimension) => ({ name: String(dimension.name), written: dimension }))
  const written = (json.dimensions ?? {}) as { readonly [name: string]: Json }
  const order = (json.order ?? Object.keys(written)) as string[]
  return order.map((name) => {
    const dimension = written[name]
    if (dimension === undefined)
      throw new InputError('BadCase', `the cube has no dimension ${name} that its order names`)
    return { name, written: dimension }
  })
}

/** Labels, with dates unwrapped. */
function labelsOf(written: Json): (string | number)[] {
  return ((written.values ?? []) as unknown[]).map((label) =>
    isJson(label) && typeof label.value === 'string' ? label.value : (label as string | number),
  )
}

function axisOf(name: string, written: Json): 'x' | 'y' | 'z' {
  const axis = typeof written.axis === 'string' ? written.axis : name
  return axis === 'y' || axis === 'z' ? axis : 'x'
}

function dimensionsOf(json: Json): Dimension[] {
  return orderOf(json).map(({ name, written }): Dimension => {
    const labels = labelsOf(written)
    if (written.type === 'spatial')
      return { type: 'spatial', name, axis: axisOf(name, written), labels: labels.map(Number) }
    if (written.type === 'temporal')
      return { type: 'temporal', name, labels: labels.map(String), calendar: 'proleptic_gregorian' }
    if (written.type === 'bands') {
      const names = labels.map(String)
      return { type: 'bands', name, labels: names, bands: names.map((band) => ({ name: band })) }
    }
    return { type: 'other', name, labels }
  })
}

function crsOf(written: unknown): Crs | undefined {
  if (typeof written === 'number') return parseCrs(`EPSG:${written}`)
  if (typeof written === 'string') return parseCrs(/^\d+$/.test(written) ? `EPSG:${written}` : written)
  return isJson(written) ? parseCrs(JSON.stringify(written)) : undefined
}

function referenceSystem(json: Json): Crs | undefined {
  const found = orderOf(json).find(({ written }) => written.reference_system !== undefined)
  return found === undefined ? undefined : crsOf(found.written.reference_system)
}

/** The grid whose cell centres the labels are; undefined without labels or CRS. */
function gridOfDimensions(json: Json, dims: readonly Dimension[]): Grid | undefined {
  const along = (axis: 'x' | 'y'): readonly number[] =>
    dims.flatMap((dimension) => (dimension.type === 'spatial' && dimension.axis === axis ? dimension.labels : []))
  const [x, y] = [along('x'), along('y')]
  const crs = referenceSystem(json)
  if (crs === undefined || x.length === 0 || y.length === 0) return undefined
  const stepOf = (labels: readonly number[]): number | undefined =>
    labels.length > 1 ? labels[1]! - labels[0]! : undefined
  const dx = stepOf(x) ?? Math.abs(stepOf(y) ?? 1)
  const dy = stepOf(y) ?? -Math.abs(dx)
  const affine = [dx, 0, x[0]! - dx / 2, 0, dy, y[0]! - dy / 2] as const
  return { crs, affine, width: x.length, height: y.length }
}

/** What differs between a computed cube and the one of a case; undefined where nothing does. */
export async function compareCube(
  node: CubeNode,
  expected: Json,
  sameLabel: (actual: unknown, expected: unknown) => boolean,
  delta: number,
): Promise<string | undefined> {
  const names = orderOf(expected).map(({ name }) => name)
  const actualNames = node.schema.dims.map(({ name }) => name)
  if (names.join() !== actualNames.join())
    return `dimensions are ${actualNames.join(', ') || 'none'} instead of ${names.join(', ') || 'none'}`
  for (const [d, { name, written }] of orderOf(expected).entries()) {
    const problem = compareDimension(node.schema.dims[d]!, written, sameLabel)
    if (problem !== undefined) return `dimension ${name}: ${problem}`
  }
  const crs = referenceSystem(expected)
  const grid = node.schema.grid
  if (crs !== undefined && grid !== undefined && !crsEquals(crs, grid.crs))
    return `the CRS is ${grid.crs.code ?? grid.crs.name} instead of ${crs.code ?? crs.name}`
  return expected.data === null || expected.data === undefined ? undefined : compareCells(node, expected, delta)
}

function compareDimension(
  actual: Dimension,
  written: Json,
  sameLabel: (actual: unknown, expected: unknown) => boolean,
): string | undefined {
  const labels = labelsOf(written)
  if (typeof written.type === 'string' && written.type !== actual.type)
    return `its type is ${actual.type} instead of ${written.type}`
  if (typeof written.axis === 'string' && actual.type === 'spatial' && actual.axis !== written.axis)
    return `its axis is ${actual.axis} instead of ${written.axis}`
  // Names of bands are texts here, numbers too.
  const wanted = actual.type === 'bands' ? labels.map(String) : labels
  const sameInstant = (a: unknown, b: unknown): boolean =>
    actual.type === 'temporal' && timestampOf(String(a)) === timestampOf(String(b))
  const isSame =
    labels.length === actual.labels.length &&
    wanted.every((label, i) => sameLabel(actual.labels[i], label) || sameInstant(actual.labels[i], label))
  return isSame ? undefined : `its labels are ${JSON.stringify(actual.labels)} instead of ${JSON.stringify(labels)}`
}

async function compareCells(node: CubeNode, expected: Json, delta: number): Promise<string | undefined> {
  const values = flatten(expected.data)
  const missing = nodataOf(expected)
  const { data } = await computeCube(node)
  // A cube without dimensions and data is an empty one; ours has one cell of nothing.
  if (values.length === 0 && node.schema.dims.length === 0) return undefined
  if (values.length !== data.length) return `there are ${data.length} cells instead of ${values.length}`
  const { nodata, scale, offset, isBoolean } = node.schema.packing
  const shape = shapeOf(node.schema)
  for (let i = 0; i < values.length; i++) {
    const raw = data[i]!
    const isAbsent = Number.isNaN(raw) || raw === nodata || (isBoolean === true && raw === 255)
    const actual = isAbsent ? null : raw * scale + offset
    const wanted = values[i]
    const target = wanted === null || missing.some((one) => Object.is(one, wanted)) ? null : Number(wanted)
    if (!sameNumber(actual, target, delta))
      return `cell [${positionOf(i, shape).join(', ')}] is ${actual} instead of ${target}`
  }
  return undefined
}

function positionOf(index: number, shape: readonly number[]): number[] {
  let rest = index
  return [...shape]
    .reverse()
    .map((length) => {
      const at = rest % length
      rest = (rest - at) / length
      return at
    })
    .reverse()
}

/** Equal to within `delta`, or to the last digits of large numbers; NaN equals NaN, null null, infinities themselves. */
export function sameNumber(actual: number | null, expected: number | null, delta: number): boolean {
  if (actual === expected || Object.is(actual, expected)) return true
  if (actual === null || expected === null || !Number.isFinite(expected)) return false
  return Math.abs(actual - expected) <= delta + 4 * Number.EPSILON * Math.abs(expected)
}
