/** What the polygons say about each pixel: classes by name, and where the absence of a polygon means something. */
import { InputError, nearest } from '@ecotope/core'
import { convexHull, type Feature, type Features, type Grid, rasterise, type Window } from '@ecotope/cube'

export interface LabelClasses {
  readonly names: readonly string[]
  /** Value of each class in `class.tif`. */
  readonly codes: readonly number[]
  /** Polygons by class. */
  readonly polygons: readonly number[]
  readonly indexOf: (feature: Feature) => number
  readonly background: 'class' | 'ignore'
}

export const NO_LABEL = 255
const BACKGROUND = 'background'
const MAX_CLASSES = 200

export interface LabelOptions {
  readonly property: string | null
  /** Name of the only class where no property tells classes apart. */
  readonly name: string
  readonly background: 'auto' | 'class' | 'ignore'
  /** Values of the property to keep; empty for all. Polygons of other values count as unknown. */
  readonly only: readonly string[]
}

/**
 * Classes of the polygons. With a property: its values, sorted; whole numbers from 0 to 254 keep their value as code.
 * Without: one class, and everything else inside the mapped hull is background.
 */
export function classesOf(features: Features, options: LabelOptions): LabelClasses {
  if (options.property === null) return singleClass(features, options)
  const property = options.property
  checkProperty(features, property)
  const values = chosenValues(features, property, options.only)
  const background = options.background === 'class' ? 'class' : 'ignore'
  const names = sortedNames([...values.keys()])
  const all = background === 'class' ? [BACKGROUND, ...names] : names
  if (all.length < 2) {
    throw new InputError(
      'OneClass',
      `property '${property}' has one value only (${names[0] ?? 'none'}), so there is nothing to tell apart`,
      {
        hint: 'name a property with two or more classes, or set background=class to contrast this class with everything else',
        data: { property, values: names },
      },
    )
  }
  if (all.length > MAX_CLASSES) {
    throw new InputError(
      'TooManyClasses',
      `property '${property}' has ${names.length} different values; it seems to be no class`,
      {
        hint: `name a property with at most ${MAX_CLASSES} values; there are ${Object.keys(features.features[0]?.properties ?? {}).join(', ')}`,
      },
    )
  }
  const index = new Map(all.map((name, i) => [name, i]))
  return {
    names: all,
    codes: background === 'ignore' ? codesOf(names) : all.map((_, i) => i),
    polygons: all.map((name) => values.get(name) ?? 0),
    indexOf: (feature) => index.get(String(feature.properties[property])) ?? Number.NaN,
    background,
  }
}

/** Polygons by value of the property. */
function chosenValues(features: Features, property: string, only: readonly string[]): Map<string, number> {
  const values = new Map<string, number>()
  for (const { properties } of features.features) {
    const value = properties[property]
    if (value !== null && value !== undefined) values.set(String(value), (values.get(String(value)) ?? 0) + 1)
  }
  const strange = only.find((name) => !values.has(name))
  if (strange !== undefined) {
    const near = nearest(strange, values.keys())
    throw new InputError('NoClass', `no polygon has ${property} '${strange}'`, {
      hint: `${near === undefined ? '' : `did you mean '${near}'? `}present: ${[...values.keys()].join(', ')}`,
      data: { class: strange, present: [...values.keys()] },
    })
  }
  if (only.length > 0) for (const name of [...values.keys()]) if (!only.includes(name)) values.delete(name)
  return values
}

function singleClass(features: Features, options: LabelOptions): LabelClasses {
  if (options.background === 'ignore') {
    throw new InputError(
      'OneClass',
      'without a label property there is one class only, so background cannot be ignored',
      {
        hint: 'give --label-property, or leave background at auto',
      },
    )
  }
  return {
    names: [BACKGROUND, options.name],
    codes: [0, 1],
    polygons: [0, features.features.length],
    indexOf: () => 1,
    background: 'class',
  }
}

function checkProperty(features: Features, property: string): void {
  const present = new Set(features.features.flatMap((feature) => Object.keys(feature.properties)))
  if (present.has(property)) return
  const near = nearest(property, present)
  throw new InputError('NoProperty', `the polygons of ${features.label} have no property '${property}'`, {
    hint: `${near === undefined ? '' : `did you mean '${near}'? `}present: ${[...present].join(', ') || 'none'}`,
    data: { property, present: [...present] },
  })
}

const isCode = (name: string): boolean => /^\d+$/.test(name) && Number(name) < NO_LABEL

const sortedNames = (names: string[]): string[] =>
  names.every(isCode) ? names.sort((a, b) => Number(a) - Number(b)) : names.sort((a, b) => (a < b ? -1 : 1))

const codesOf = (names: readonly string[]): number[] =>
  names.every(isCode) ? names.map(Number) : names.map((_, i) => i)

/** Class index by pixel of a window, `NO_LABEL` where nothing is known. Polygons are in the grid's CRS. */
export function labelWindow(
  features: Features,
  classes: LabelClasses,
  grid: Grid,
  window: Window,
): Uint8Array<ArrayBuffer> {
  const fill = NO_LABEL
  const burnt = rasterise(features, grid, { value: classes.indexOf, fill, window })
  const out = Uint8Array.from(burnt)
  if (classes.background === 'ignore') return out
  // Only the mapped extent: beyond the hull of the polygons, nobody said that there is nothing.
  const hull: Features = { ...features, features: [{ geometry: convexHull(features), properties: {} }] }
  const mapped = rasterise(hull, grid, { value: () => 1, fill: 0, window })
  for (let i = 0; i < out.length; i++) if (out[i] === NO_LABEL && mapped[i] === 1) out[i] = 0
  return out
}
