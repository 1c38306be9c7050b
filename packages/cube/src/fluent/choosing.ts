/** What people write for bands and labels, held against those of a cube before anything is asked of openEO. */
import { InputError, nearest } from '@ecotope/core'
import type { CubeSchema } from '../model/node.ts'
import { parseInstant, secondsOf } from '../model/time.ts'
import { bandsNamed } from '../process/cubes/filters.ts'
import { secondsOfLabel } from '../process/cubes/instants.ts'

/** Throws `InputError('NoBand')` where no band has one of the names: openEO would leave it out without a word. */
export function requireBands({ dims }: CubeSchema, names: readonly string[]): void {
  const bands = dims.find((dim) => dim.type === 'bands')
  if (bands === undefined) return
  const unknown = names.find((name) => bandsNamed(bands, name).length === 0)
  if (unknown === undefined) return
  const near = nearest(unknown, bands.labels)
  throw new InputError('NoBand', `the cube has no band "${unknown}"`, {
    hint: near === undefined ? `its bands are ${bands.labels.join(', ')}` : `did you mean "${near}"?`,
    data: { band: unknown, bands: bands.labels },
  })
}

/** The label of the one band with a name or common name. Throws `InputError('NoBand')` where none or several have it. */
export function ownBand(schema: CubeSchema, name: string): string {
  requireBands(schema, [name])
  const bands = schema.dims.find((dim) => dim.type === 'bands')!
  const [label, ...more] = bandsNamed(bands, name).map((i) => bands.labels[i]!)
  if (label !== undefined && more.length === 0) return label
  throw new InputError('NoBand', `several bands are "${name}": ${[label, ...more].join(', ')}`, {
    hint: 'give the name of one of them',
    data: { band: name, bands: [label, ...more] },
  })
}

/** The label of the same instant, however it is written: `2020-06-01` for `2020-06-01T00:00:00Z`. */
export function ownLabel({ dims }: CubeSchema, dimension: string, label: string | number): string | number {
  const time = dims.find(({ name }) => name === dimension)
  if (time?.type !== 'temporal' || typeof label === 'number' || time.labels.includes(label)) return label
  const instant = parseInstant(label, time.calendar)
  if (instant === undefined) return label
  const wanted = secondsOf(instant, time.calendar)
  const isInstant = (own: string): boolean => parseInstant(own, time.calendar) !== undefined
  return time.labels.find((own) => isInstant(own) && secondsOfLabel(own, time) === wanted) ?? label
}
