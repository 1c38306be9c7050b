/** A property of features as the values of a vector cube, for pictures: numbers, truth values, texts as classes. */
import { InputError, nearest } from '@ecotope/core'
import { FLOAT64 } from '../model/block.ts'
import type { Geometries } from '../model/geometry.ts'
import { memorySource } from '../model/memory.ts'
import type { CubeNode } from '../model/node.ts'
import { dimensionOfFeatures } from '../process/cubes/geometries.ts'
import type { Band } from '../types.ts'

/** Different texts up to which they are classes; more are no picture. */
const MOST_CLASSES = 24

type Values = { readonly values: readonly number[]; readonly classes?: Band['classes'] }

/** Values of a property; undefined where it is no quantity and has no classes. */
function valuesOf({ features }: Geometries, name: string): Values | undefined {
  const all = features.map(({ properties }) => (Object.hasOwn(properties, name) ? (properties[name] ?? null) : null))
  const given = all.filter((value) => value !== null)
  if (given.length === 0) return undefined
  if (given.every((value) => typeof value === 'number'))
    return { values: all.map((value) => (value === null ? Number.NaN : Number(value))) }
  if (!given.every((value) => typeof value === 'string' || typeof value === 'boolean')) return undefined
  const texts = [...new Set(given.map(String))].sort((a, b) => a.localeCompare(b))
  if (texts.length > MOST_CLASSES) return undefined
  const classes = texts.map((text, i) => ({ value: i + 1, name: text }))
  return { values: all.map((value) => (value === null ? Number.NaN : texts.indexOf(String(value)) + 1)), classes }
}

const isId = (name: string): boolean => /^(fid|id|objectid|gid|ogc_fid)$/i.test(name)

/**
 * Features as a vector cube of one value each: the property, or the first that is a quantity and no id, else the first of
 * classes; the numbers of the features, from 1, where there is none. Throws InputError `NoBand`.
 */
export function featureValues(features: Geometries, property?: string): CubeNode {
  const names = [...new Set(features.features.flatMap(({ properties }) => Object.keys(properties)))]
  const found = property === undefined ? firstOf(features, names) : chosen(features, names, property)
  const { name, values, classes } = found ?? { name: 'feature', values: features.features.map((_, i) => i + 1) }
  const band: Band = { name, ...(classes === undefined ? {} : { classes }) }
  const dims = [dimensionOfFeatures(features)]
  return memorySource(Float64Array.from(values), { dims, packing: FLOAT64, band }, features.label)
}

type Named = Values & { readonly name: string }

function firstOf(features: Geometries, names: readonly string[]): Named | undefined {
  const all = names.flatMap((name): Named[] => {
    const values = isId(name) ? undefined : valuesOf(features, name)
    return values === undefined ? [] : [{ name, ...values }]
  })
  return all.find(({ classes }) => classes === undefined) ?? all[0]
}

function chosen(features: Geometries, names: readonly string[], name: string): Named {
  const values = valuesOf(features, name)
  if (values !== undefined) return { name, ...values }
  if (names.includes(name)) {
    throw new InputError(
      'NoBand',
      `the property ${name} has neither numbers nor up to ${MOST_CLASSES} different texts`,
      {
        hint: `choose another property: ${names.join(', ')}`,
        data: { band: name, properties: names },
      },
    )
  }
  const near = nearest(name, names)
  throw new InputError('NoBand', `the features have no property ${name}`, {
    hint: near === undefined ? `they have ${names.join(', ')}` : `did you mean "${near}"?`,
    data: { band: name, properties: names },
  })
}
