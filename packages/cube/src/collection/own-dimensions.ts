/** Variables with dimensions beside time and space: a band for each label, `u[level=850]`, or dimensions of the cube. */
import { InputError } from '@ecotope/core'
import { distinctUnits } from '../cf/units.ts'
import type { AxisNotes, BandsDimension, OtherDimension } from '../model/dimension.ts'
import type { CubeNode } from '../model/node.ts'
import { splitDimension, splitOf } from '../process/cubes/reshape.ts'
import type { Layer } from './types.ts'

type LabelAt = readonly [dimension: string, label: string | number]

/** What the band is called that a variable makes at labels of its further dimensions. */
export const bandNameAt = (variable: string, labels: readonly LabelAt[]): string =>
  labels.length === 0 ? variable : `${variable}[${labels.map(([name, label]) => `${name}=${label}`).join(',')}]`

interface BandAt {
  readonly variable: string
  readonly labels: ReadonlyMap<string, string>
}

/** The variable of such a band and its labels; of any other band its name and none. */
export function bandAt(name: string): BandAt {
  const [, variable, inner] = /^(.*)\[([^[\]]+=[^[\]]*)\]$/.exec(name) ?? []
  if (variable === undefined || inner === undefined) return { variable: name, labels: new Map() }
  // A comma within a label is followed by no further name.
  const pairs = inner
    .split(/,(?=[^,=]+=)/)
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])
  return { variable, labels: new Map(pairs as [string, string][]) }
}

/** What is said of a layer by its name, or by that of its variable. */
export const forLayer = <T>(
  options: Readonly<Record<string, T>> | undefined,
  { name }: { readonly name: string },
): T | undefined => options?.[name] ?? options?.[bandAt(name).variable]

/**
 * A stack in which these dimensions of variables stand behind the bands. Throws InputError `DimensionNotAvailable`
 * where a band has not all of them, `LabelMismatch` where bands have different labels and cells cannot be missing,
 * `DifferentUnits` where files count the labels in different units.
 */
export function withOwnDimensions(node: CubeNode, names: readonly string[], layers: readonly Layer[]): CubeNode {
  const d = node.schema.dims.findIndex(({ type }) => type === 'bands')
  const { name, bands } = node.schema.dims[d] as BandsDimension
  const rows = bands.map((band) => splitName(band.name, names))
  const split = splitOf(rows, 1 + names.length)
  const [variables, ...labels] = split.parts
  const own = variables!.map((variable) => ({ ...bands[rows.findIndex(([one]) => one === variable)]!, name: variable }))
  const added = names.map((dimension, k) => ownDimension(dimension, asNumbers(labels[k]!), layers))
  return splitDimension(node, d, [{ type: 'bands', name, labels: variables!, bands: own }, ...added], split)
}

type Said = Pick<OtherDimension, 'unit' | 'notes'>

/** With the unit and the notes in which all files of the layers agree. */
function ownDimension(name: string, labels: readonly (string | number)[], layers: readonly Layer[]): OtherDimension {
  const sources = new Set(layers.flatMap(({ pieces }) => pieces.map(({ source }) => source)))
  const said = [...sources].flatMap(({ schema }) =>
    schema.dims.flatMap((dimension): Said[] => (dimension.name === name ? [dimension as Said] : [])),
  )
  const unit = oneUnit(name, said)
  const keys = new Set(said.flatMap(({ notes }) => Object.keys(notes ?? {}) as (keyof AxisNotes)[]))
  const notes = [...keys].flatMap((key) => {
    const text = shared(said.map((one) => one.notes?.[key]))
    return text === undefined ? [] : [[key, text] as const]
  })
  return {
    type: 'other',
    name,
    labels,
    ...(unit === undefined ? {} : { unit }),
    ...(notes.length === 0 ? {} : { notes: Object.fromEntries(notes) }),
  }
}

/** The one value that all are; undefined where they differ. */
const shared = <T>(values: readonly T[]): T | undefined =>
  values.every((value) => value === values[0]) ? values[0] : undefined

/**
 * The unit that all say, however they spell it. Others are refused: 85000 Pa and 850 hPa are one level with two labels,
 * 500 of each are two levels with one.
 */
function oneUnit(name: string, said: readonly Said[]): string | undefined {
  const units = distinctUnits(said.map(({ unit }) => unit))
  if (units.length < 2) return said.some(({ unit }) => unit === undefined) ? undefined : units[0]
  throw new InputError('DifferentUnits', `files count ${name} in different units: ${units.join(', ')}`, {
    hint: 'choose in bands layers of one unit, and put the cubes together after rename_labels',
    data: { dimension: name, units },
  })
}

/** What is left of a band's name without labels of these dimensions, then those labels. */
function splitName(band: string, names: readonly string[]): string[] {
  const { variable, labels } = bandAt(band)
  const lacking = names.find((name) => !labels.has(name))
  if (lacking !== undefined) {
    throw new InputError('DimensionNotAvailable', `layer ${band} has no dimension ${lacking}`, {
      hint: 'choose in bands the layers that have it, or leave it out',
      data: { dimension: lacking, layer: band },
    })
  }
  const rest = [...labels].filter(([name]) => !names.includes(name))
  return [bandNameAt(variable, rest), ...names.map((name) => labels.get(name)!)]
}

/** Labels of numbers as such: 850 is a level, `a` a member. */
function asNumbers(labels: readonly string[]): (string | number)[] {
  const numbers = labels.map(Number)
  return numbers.every((value, i) => String(value) === labels[i]) ? numbers : [...labels]
}
