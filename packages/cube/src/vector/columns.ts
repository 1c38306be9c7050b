/** Properties of features as columns of one type each, for formats that have such. */
import type { WorkOptions } from '@ecotope/core'
import type { Geometries } from '../model/geometry.ts'

export interface WriteWork extends WorkOptions {
  /** Properties that are measured: numbers that may be whole by chance, whose columns are never integers. */
  readonly measured?: readonly string[]
}

export interface FeatureColumn {
  readonly name: string
  readonly data: readonly (number | boolean | string | null)[]
  readonly type: 'DOUBLE' | 'INT64' | 'BOOLEAN' | 'STRING'
}

/** Names of all properties, in the order in which they are met. */
export const propertyNames = ({ features }: Geometries): string[] => [
  ...new Set(features.flatMap(({ properties }) => Object.keys(properties))),
]

/** A column of one type: whole numbers, numbers, truth values, else texts. */
export function columnOf(name: string, { features }: Geometries, { measured = [] }: WriteWork = {}): FeatureColumn {
  const values = features.map(({ properties }) => (Object.hasOwn(properties, name) ? (properties[name] ?? null) : null))
  const given = values.filter((value) => value !== null)
  const isAll = (type: string): boolean => given.length > 0 && given.every((value) => typeof value === type)
  if (isAll('number')) {
    const isWhole =
      !measured.includes(name) && given.every((value) => Number.isSafeInteger(value) && !Object.is(value, -0))
    return { name, data: values as (number | null)[], type: isWhole ? 'INT64' : 'DOUBLE' }
  }
  if (isAll('boolean')) return { name, data: values as (boolean | null)[], type: 'BOOLEAN' }
  const text = (value: unknown): string | null =>
    value === null ? null : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return { name, data: values.map(text), type: measured.includes(name) && given.length === 0 ? 'DOUBLE' : 'STRING' }
}
