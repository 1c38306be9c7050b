/** Projections that proj4 computes point by point, kept to what it computes as PROJ does. */
import { InputError } from '@ecotope/core'
import proj4 from 'proj4'
import { angle, type Definition, plain } from './definition.ts'
import type { Projection } from './projection.ts'

const DEGREE = Math.PI / 180

/** Variants that PROJ has and proj4 would take for the plain projection, or has wrong: better refused than wrong. */
const REFUSED: Readonly<Record<string, (definition: Definition) => boolean>> = {
  cass: ({ parameters }) => parameters.has('hyperbolic'),
  aeqd: ({ parameters }) => parameters.has('guam'),
  krovak: ({ parameters }) => parameters.has('czech'),
  geos: ({ parameters }) => !parameters.has('h'),
  tpers: ({ parameters }) => !parameters.has('h'),
  ortho: ({ parameters }) => parameters.has('alpha') || parameters.has('k') || parameters.has('k_0'),
  gnom: ({ ellipsoid }) => ellipsoid.es > 0,
  somerc: ({ ellipsoid }) => ellipsoid.es === 0,
  // A true scale on the side of the other pole.
  stere: (definition) => angle(definition, 'lat_0') * angle(definition, 'lat_ts') < 0,
  poly: (definition) => definition.ellipsoid.es === 0 && angle(definition, 'lat_0') !== 0,
}

export const isRefused = (definition: Definition): boolean => REFUSED[definition.proj]?.(definition) === true

/** What PROJ has for the sphere only, of the semi-major axis, and proj4 would take otherwise. */
const SPHERICAL: ReadonlySet<string> = new Set(['robin'])

/** Parameters that stay with us: the datum, the meridian, the unit, the offsets. */
const OURS: ReadonlySet<string> = new Set(
  'datum ellps a b rf f es R towgs84 nadgrids pm units to_meter axis x_0 y_0 wktext type no_defs R_A'.split(' '),
)

/** Any projection that proj4 knows, on the bare ellipsoid. Throws `InputError('UnsupportedProjection')`. */
export function foreignProjection(definition: Definition): Projection {
  const { a } = definition.ellipsoid
  const converter = converterOf(definition)
  const isSeen = horizonOf(definition)
  const forth = (pair: number[]): number[] => (isSeen(pair) ? converter.forward(pair) : [Number.NaN, Number.NaN])
  const refine = REFINED.has(definition.proj)
  const back = (pair: number[]): number[] => {
    const place = refine ? refined(converter, converter.inverse([...pair]), pair) : converter.inverse([...pair])
    if (!ENDING.has(definition.proj) || isSame(converter.forward([...place]), pair, a * SAME)) return place
    return [Number.NaN, Number.NaN]
  }
  const each = (xy: Float64Array, step: (pair: number[]) => number[], before: number, after: number): void => {
    for (let i = 0; i < xy.length; i += 2) {
      const [x = Number.NaN, y = Number.NaN] = attempt(step, [xy[i]! * before, xy[i + 1]! * before])
      xy[i] = x * after
      xy[i + 1] = y * after
    }
  }
  return { forward: (xy) => each(xy, forth, 1 / DEGREE, 1), inverse: (xy) => each(xy, back, 1, DEGREE) }
}

function converterOf(definition: Definition): proj4.Converter {
  const { a } = definition.ellipsoid
  const es = SPHERICAL.has(definition.proj) ? 0 : definition.ellipsoid.es
  const shape = es === 0 ? `+b=${a}` : `+rf=${1 / (1 - Math.sqrt(1 - es))}`
  const ellipsoid = `+x_0=0 +y_0=0 +a=${a} ${shape}`
  // What proj4 does not take as 0 where it is left out.
  const origin = [...new Map([['lat_0', '0'], ['lon_0', '0'], ...definition.parameters])]
  const kept = origin.filter(([key]) => !OURS.has(key))
  const text = `${kept.map(([k, v]) => (v === '' ? `+${k}` : `+${k}=${v}`)).join(' ')} ${ellipsoid} +no_defs`
  try {
    return proj4(`+proj=longlat ${ellipsoid} +no_defs`, text)
  } catch (cause) {
    throw unsupported(definition, cause)
  }
}

/** Maps of what is seen from somewhere: cosine of the angle from the centre to the horizon. */
const HORIZONS: Readonly<Record<string, (definition: Definition) => number>> = {
  gnom: () => 1e-10,
  tpers: (definition) => 1 / (1 + plain(definition, 'h', 0) / definition.ellipsoid.a),
}

/** Whether a place, degrees, is before the horizon; proj4 gives coordinates beyond it too. */
function horizonOf(definition: Definition): (pair: readonly number[]) => boolean {
  const least = HORIZONS[definition.proj]?.(definition)
  if (least === undefined) return () => true
  const [lambda0, phi0] = [angle(definition, 'lon_0'), angle(definition, 'lat_0')]
  return ([longitude = 0, latitude = 0]) => {
    const [lambda, phi] = [longitude * DEGREE - lambda0, latitude * DEGREE]
    return Math.sin(phi0) * Math.sin(phi) + Math.cos(phi0) * Math.cos(phi) * Math.cos(lambda) >= least
  }
}

/** Maps that end somewhere, beyond which proj4 gives places all the same: these have to come back where they were. */
const ENDING: ReadonlySet<string> = new Set(['robin'])
/** Of the semi-major axis: how near a point is that has come back to where it was. */
const SAME = 1e-6

const isSame = (again: readonly number[], pair: readonly number[], most: number): boolean =>
  [0, 1].every((i) => Math.abs(again[i]! - pair[i]!) <= most)

/** Pseudo-cylinders of which proj4's inverse is not as close as its forward. */
const REFINED: ReadonlySet<string> = new Set(['robin'])
const STEP = 1e-4

/** One step of Newton's method in latitude, then the longitude of that parallel. */
function refined(converter: proj4.Converter, [longitude, latitude]: number[], [x, y]: readonly number[]): number[] {
  const at = (lon: number, lat: number): number[] => converter.forward([lon, lat])
  const [middle = 0] = converter.inverse([0, 0])
  let phi = latitude!
  for (let i = 0; i < 3 && Math.abs(phi) < 90 - STEP; i++) {
    const slope = (at(middle, phi + STEP)[1]! - at(middle, phi - STEP)[1]!) / (2 * STEP)
    phi += (y! - at(middle, phi)[1]!) / slope
  }
  const offset = longitude! - middle
  const reached = at(longitude!, phi)[0]!
  return [Math.abs(reached) < 1 ? longitude! : middle + (offset * x!) / reached, phi]
}

export function unsupported(definition: Definition, cause?: unknown): InputError {
  return new InputError('UnsupportedProjection', `the map projection "${definition.proj}" is not supported`, {
    hint: 'reproject the data to a common CRS such as UTM first',
    data: { proj: definition.proj },
    cause,
  })
}

/** proj4 throws on coordinates that are not finite; here a point that cannot be projected is NaN. */
function attempt(step: (pair: number[]) => number[], pair: number[]): number[] {
  if (!Number.isFinite(pair[0]) || !Number.isFinite(pair[1])) return [Number.NaN, Number.NaN]
  try {
    return step(pair)
  } catch {
    return [Number.NaN, Number.NaN]
  }
}
