/** Arguments of cube processes as what they are: cubes, dimensions, callbacks, geometries; errors with openEO's codes. */
import { InputError, nearest } from '@ecotope/core'
import type { Dimension, TemporalDimension } from '../../model/dimension.ts'
import type { Geometries } from '../../model/geometry.ts'
import { type CubeNode, dimensionIndex } from '../../model/node.ts'
import type { Grid } from '../../types.ts'
import type { Arguments, Callback, CubeValue, Value } from '../row.ts'
import { elementsOf, isCallback, isCube, isFeatures } from '../schema.ts'
import { geometriesOf, vectorNode } from './geometries.ts'

export const cubeValue = (node: CubeNode): CubeValue => ({ kind: 'cube', node })

/** The value of a node that may have to wait for a callback. */
export const laterCubeValue = (node: CubeNode | Promise<CubeNode>): CubeValue | Promise<CubeValue> =>
  after(node, cubeValue)

/** Goes on with a value: at once where it is there, so that only what has to wait gives a promise. */
export function after<T, R>(value: T | Promise<T>, next: (value: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** The cube of an argument; geometries count as a vector cube. */
export function cubeOf(args: Arguments, name = 'data'): CubeNode {
  const value = args[name]
  if (isCube(value)) return value.node
  if (isFeatures(value)) return vectorNode(value.features)
  throw new InputError('ProcessParameterInvalid', `argument ${name} is not a data cube`, { data: { parameter: name } })
}

export function callbackOf(args: Arguments, name: string): Callback {
  const value = args[name]
  if (isCallback(value)) return value
  throw new InputError('ProcessParameterInvalid', `argument ${name} is not a process graph`, {
    data: { parameter: name },
  })
}

export const optionalText = (args: Arguments, name: string): string | undefined =>
  typeof args[name] === 'string' ? args[name] : undefined

export const textOf = (args: Arguments, name: string): string => String(args[name])

export const listOf = (args: Arguments, name: string): readonly Value[] => elementsOf(args[name]) ?? []

/** The polygons, lines or points of an argument: a vector cube, GeoJSON, or geometries as they are. */
export function geometriesArgument(args: Arguments, name: string): Geometries {
  return geometriesOf(args[name], name)
}

export function unavailable(node: CubeNode, name: string): InputError {
  const names = node.schema.dims.map((dimension) => dimension.name)
  const near = nearest(name, names)
  const hint = near === undefined ? `the dimensions are ${names.join(', ') || 'none'}` : `did you mean ${near}?`
  return new InputError('DimensionNotAvailable', `the cube has no dimension ${name}`, {
    hint,
    data: { dimension: name, dimensions: names },
  })
}

/** The index of a dimension. Throws `DimensionNotAvailable`. */
export function requireDimension(node: CubeNode, name: string): number {
  const d = dimensionIndex(node.schema, name)
  if (d < 0) throw unavailable(node, name)
  return d
}

/** Throws `code` (such as `DimensionExists`) where the cube has a dimension of this name. */
export function refuseDimension(node: CubeNode, name: string, code: string): void {
  if (dimensionIndex(node.schema, name) < 0) return
  throw new InputError(code, `the cube has a dimension ${name} already`, {
    hint: 'choose another name, or rename or drop that dimension first',
    data: { dimension: name },
  })
}

/** The temporal dimension asked for, or the only one. Throws `DimensionNotAvailable`, `TooManyDimensions`. */
export function temporalDimension(node: CubeNode, name: string | undefined): TemporalDimension {
  const { dims } = node.schema
  const temporal = dims.filter((dimension): dimension is TemporalDimension => dimension.type === 'temporal')
  if (name !== undefined) {
    const found = temporal.find((dimension) => dimension.name === name)
    if (found === undefined) throw unavailable(node, name)
    return found
  }
  const [only, second] = temporal
  if (only === undefined) {
    throw new InputError('DimensionNotAvailable', 'the cube has no temporal dimension', {
      hint: `its dimensions are ${dims.map((dimension) => dimension.name).join(', ') || 'none'}`,
      data: { dimensions: dims.map((dimension) => dimension.name) },
    })
  }
  if (second === undefined) return only
  const names = temporal.map((dimension) => dimension.name)
  throw new InputError('TooManyDimensions', `the cube has the temporal dimensions ${names.join(' and ')}`, {
    hint: 'say which one in the argument dimension',
    data: { dimensions: names },
  })
}

export interface Horizontal {
  readonly grid: Grid
  /** Indices and names of the dimensions with the axes x and y. */
  readonly x: number
  readonly y: number
  readonly xName: string
  readonly yName: string
}

/** The horizontal dimensions and their grid. Throws `DimensionNotAvailable` or `IrregularGrid`. */
export function horizontalOf(node: CubeNode): Horizontal {
  const [x, y] = axesOf(node)
  const { grid, dims } = node.schema
  if (grid === undefined) {
    throw new InputError('IrregularGrid', `${node.label}: the labels of x and y are no regular grid`, {
      hint: 'this needs pixels at equal distances in a known reference system; resample the cube first',
      data: { label: node.label },
    })
  }
  return { grid, x, y, xName: dims[x]!.name, yName: dims[y]!.name }
}

/** Indices of the dimensions with the axes x and y. Throws `DimensionNotAvailable`. */
export function axesOf(node: CubeNode): [x: number, y: number] {
  const find = (axis: string): number => {
    const d = node.schema.dims.findIndex((dimension) => dimension.type === 'spatial' && dimension.axis === axis)
    if (d >= 0) return d
    throw new InputError('DimensionNotAvailable', `the cube has no spatial dimension with the axis ${axis}`, {
      hint: 'this process works on raster cubes',
      data: { axis },
    })
  }
  return [find('x'), find('y')]
}

export const namesOf = (dims: readonly Dimension[]): string[] => dims.map((dimension) => dimension.name)
