/** Transformations between coordinate reference systems, on arrays of pairs. Two-dimensional only; no grids, no epochs. */
import type { Crs } from '../types.ts'
import { areaTerm } from './auxiliary.ts'
import { lambertAzimuthal, polarStereographic } from './azimuthal.ts'
import { cassini } from './cassini.ts'
import { albers, bonne, equidistantConic, lambertConformal } from './conic.ts'
import { equalAreaCylinder, equalEarth, equidistantCylinder, mercator, sinusoidal } from './cylindrical.ts'
import { datumShift, sameDatum } from './datum.ts'
import { angle, type Definition, definitionOf, isRotatedPole, numeric, plain } from './definition.ts'
import { foreignProjection, isRefused, unsupported } from './foreign.ts'
import { homolosine } from './interrupted.ts'
import { orthographic } from './orthographic.ts'
import type { Projection } from './projection.ts'
import { POLE, wrap } from './projection.ts'
import { pseudocylinder, ROWS } from './pseudocylindrical.ts'
import { rotatedPole } from './rotated.ts'
import { transverseMercator } from './transverse.ts'

const DEGREE = Math.PI / 180

type Kernel = (definition: Definition) => Projection

const each = (names: readonly string[], kernel: Kernel): Record<string, Kernel> =>
  Object.fromEntries(names.map((name) => [name, kernel]))

/** Own array kernels; every other projection goes through proj4 point by point. */
const KERNELS: Readonly<Record<string, Kernel>> = {
  ...each(Object.keys(ROWS), pseudocylinder),
  ...each(['goode', 'igh', 'igh_o'], homolosine),
  eqearth: equalEarth,
  eqdc: equidistantConic,
  bonne,
  cass: cassini,
  ortho: orthographic,
  tmerc: transverseMercator,
  etmerc: transverseMercator,
  utm: transverseMercator,
  merc: mercator,
  webmerc: mercator,
  lcc: lambertConformal,
  aea: albers,
  laea: lambertAzimuthal,
  cea: equalAreaCylinder,
  eqc: equidistantCylinder,
  sinu: sinusoidal,
}

/** Of the sphere only, which for an ellipsoid PROJ takes to be that of its area. */
const AUTHALIC: ReadonlySet<string> = new Set(['mill', 'vandg'])

function projectionOf(given: Definition): Projection {
  if (isRotatedPole(given.parameters)) return rotatedPole(given)
  const isAuthalic = given.parameters.has('R_A') || AUTHALIC.has(given.proj)
  const definition = isAuthalic ? { ...given, ellipsoid: authalicSphere(given.ellipsoid) } : given
  const polar = definition.proj === 'stere' && Math.abs(Math.abs(angle(definition, 'lat_0')) - Math.PI / 2) < 1e-9
  if (isRefused(definition)) throw unsupported(definition)
  const kernel = polar ? polarStereographic : KERNELS[definition.proj]
  return kernel === undefined ? foreignProjection(definition) : kernel(definition)
}

/** The sphere of the ellipsoid's area (Snyder 1987, eq. 3-13). */
function authalicSphere({ a, es }: Definition['ellipsoid']): Definition['ellipsoid'] {
  return { a: a * Math.sqrt(areaTerm(1, Math.sqrt(es)) / 2), es: 0 }
}

type Step = (xy: Float64Array) => void

/** Coordinates of the system to (λ, φ) in radians from Greenwich. */
function toGeographic(definition: Definition): Step {
  const pm = definition.primeMeridian
  if (definition.isGeographic) {
    const unit = DEGREE * definition.degreesPerUnit
    return (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        xy[i] = xy[i]! * unit + pm
        xy[i + 1] = xy[i + 1]! * unit
      }
    }
  }
  const projection = projectionOf(definition)
  const { x0, y0, unit, axis } = plane(definition)
  return (xy) => {
    turnAxes(xy, axis, true)
    for (let i = 0; i < xy.length; i += 2) {
      xy[i] = xy[i]! * unit - x0
      xy[i + 1] = xy[i + 1]! * unit - y0
    }
    projection.inverse(xy)
    if (pm !== 0) for (let i = 0; i < xy.length; i += 2) xy[i] = xy[i]! + pm
  }
}

function fromGeographic(definition: Definition): Step {
  const pm = definition.primeMeridian
  if (definition.isGeographic) {
    const unit = DEGREE * definition.degreesPerUnit
    return (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        xy[i] = wrap(xy[i]! - pm) / unit
        xy[i + 1] = xy[i + 1]! / unit
      }
    }
  }
  const projection = projectionOf(definition)
  const { x0, y0, unit, axis } = plane(definition)
  return (xy) => {
    for (let i = 0; i < xy.length; i += 2) {
      xy[i] = xy[i]! - pm
      if (Math.abs(xy[i + 1]!) > POLE) xy[i] = Number.NaN
    }
    projection.forward(xy)
    for (let i = 0; i < xy.length; i += 2) {
      xy[i] = (xy[i]! + x0) / unit
      xy[i + 1] = (xy[i + 1]! + y0) / unit
    }
    turnAxes(xy, axis, false)
  }
}

function plane(definition: Definition) {
  const utm = definition.proj === 'utm'
  const south = utm && definition.parameters.has('south')
  // New Zealand's map grid is one system, not a family.
  const [x0, y0] = definition.proj === 'nzmg' ? [2510000, 6023150] : [0, 0]
  return {
    x0: utm ? 500000 : plain(definition, 'x_0', x0),
    y0: utm ? (south ? 1e7 : 0) : plain(definition, 'y_0', y0),
    unit: definition.metresPerUnit,
    axis: definition.parameters.get('axis') ?? 'enu',
  }
}

/** Axis orders of PROJ's `+axis` other than east, north: south-west and west-south systems of southern Africa. */
function turnAxes(xy: Float64Array, axis: string, back: boolean): void {
  if (axis === 'enu') return
  const swapped = axis[0] === 'n' || axis[0] === 's'
  const signs = [axis[0], axis[1]].map((c) => (c === 'w' || c === 's' ? -1 : 1))
  for (let i = 0; i < xy.length; i += 2) {
    const x = xy[i]!
    const y = xy[i + 1]!
    const first = back ? x * signs[0]! : (swapped ? y : x) * signs[0]!
    const second = back ? y * signs[1]! : (swapped ? x : y) * signs[1]!
    xy[i] = back && swapped ? second : first
    xy[i + 1] = back && swapped ? first : second
  }
}

/**
 * Transforms pairs x0, y0, x1, y1, ... in place. Longitude comes first in geographic systems, in degrees. What cannot
 * be transformed becomes NaN. Throws `InputError('UnsupportedProjection')` at once for a projection that is not known.
 */
export function transformer(from: Crs, to: Crs): (xy: Float64Array) => void {
  if (crsEquals(from, to)) return () => undefined
  const source = definitionOf(from.proj4)
  const target = definitionOf(to.proj4)
  const out = toGeographic(source)
  const shift = datumShift(source, target)
  const into = fromGeographic(target)
  return (xy) => {
    out(xy)
    shift?.(xy)
    into(xy)
    for (let i = 0; i < xy.length; i += 2) if (!Number.isFinite(xy[i]! + xy[i + 1]!)) xy[i] = xy[i + 1] = Number.NaN
  }
}

/** True where two systems give every place the same coordinates, whatever they are called. */
export function crsEquals(a: Crs, b: Crs): boolean {
  if (a === b || a.proj4 === b.proj4) return true
  const one = definitionOf(a.proj4)
  const other = definitionOf(b.proj4)
  if (one.isGeographic !== other.isGeographic || !sameEllipsoid(one, other)) return false
  if (!sameDatum(one, other) && (one.shift !== undefined || other.shift !== undefined)) return false
  if (Math.abs(one.primeMeridian - other.primeMeridian) > 1e-12) return false
  if (one.isGeographic) return one.degreesPerUnit === other.degreesPerUnit
  if (Math.abs(one.metresPerUnit / other.metresPerUnit - 1) > 1e-10) return false
  return sameParameters(canonical(one), canonical(other))
}

/** The same to a tenth of a millimetre on the ground, so GRS 80 with a zero shift equals WGS 84. */
function sameEllipsoid(a: Definition, b: Definition): boolean {
  return Math.abs(a.ellipsoid.a - b.ellipsoid.a) < 1e-3 && Math.abs(a.ellipsoid.es - b.ellipsoid.es) < 5e-11
}

/** What the ellipsoid, the datum and the unit are compared by, or what has no meaning for a plane. */
const ASIDE: ReadonlySet<string> = new Set(
  'proj zone south x_0 y_0 axis k k_0 datum ellps a b rf f es R towgs84 nadgrids pm units to_meter vunits vto_meter geoidgrids wktext type no_defs over'.split(
    ' ',
  ),
)

/** Projection parameters as numbers with defaults filled in, others as text. */
function canonical(definition: Definition): Map<string, number | string> {
  const out = new Map<string, number | string>()
  const { x0, y0, axis } = plane(definition)
  const utm = definition.proj === 'utm'
  out.set('proj', utm || definition.proj === 'etmerc' ? 'tmerc' : definition.proj)
  out.set('x_0', x0).set('y_0', y0).set('axis', axis)
  if (definition.proj === 'geos') out.set('sweep', 'y')
  for (const [key, text] of definition.parameters) {
    if (!ASIDE.has(key)) out.set(key, numeric(definition.parameters, key) ?? text)
  }
  if (utm) out.set('lon_0', plain(definition, 'zone', 0) * 6 - 183)
  const k = numeric(definition.parameters, 'k_0') ?? numeric(definition.parameters, 'k')
  out.set('k', utm ? 0.9996 : (k ?? 1))
  return out
}

function sameParameters(a: Map<string, number | string>, b: Map<string, number | string>): boolean {
  return [...new Set([...a.keys(), ...b.keys()])].every((key) => {
    const [value, other] = [a.get(key) ?? 0, b.get(key) ?? 0]
    if (typeof value !== 'number' || typeof other !== 'number') return value === other
    const tolerance = key === 'x_0' || key === 'y_0' ? 1e-4 : 1e-9
    return Math.abs(value - other) <= tolerance
  })
}
