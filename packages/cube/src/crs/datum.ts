/** Datum shifts through geocentric coordinates with three or seven parameters, in place. Grid shifts are not used. */
import { InputError } from '@ecotope/core'
import type { Definition, Ellipsoid } from './definition.ts'
import { POLE } from './projection.ts'

const FLATTENING = 1 / 298.257223563
const WGS84: Ellipsoid = { a: 6378137, es: FLATTENING * (2 - FLATTENING) }

/** Moves (λ, φ) in radians from one datum to another, or undefined where both agree or one is not known. */
export function datumShift(from: Definition, to: Definition): ((lp: Float64Array) => void) | undefined {
  if (sameDatum(from, to) && gridsOf(from) === gridsOf(to)) return undefined
  for (const definition of [from, to]) requireNoGrids(definition)
  const [source, target] = [datumOf(from), datumOf(to)]
  if (sameDatum(source, target) || !source.shift || !target.shift) return undefined
  const out = source.shift
  const back = target.shift
  return (lp) => {
    const point = new Float64Array(3)
    for (let i = 0; i < lp.length; i += 2) {
      // Geocentric coordinates would bring what lies beyond a pole back to the other side of it.
      if (Math.abs(lp[i + 1]!) > POLE) lp[i] = Number.NaN
      toGeocentric(lp[i]!, lp[i + 1]!, source.ellipsoid, point)
      forwardHelmert(point, out)
      inverseHelmert(point, back)
      fromGeocentric(point, target.ellipsoid, lp, i)
    }
  }
}

type Datum = Pick<Definition, 'ellipsoid' | 'shift'>

/** What longitudes and latitudes refer to: with `+nadgrids=@null` WGS 84, whatever sphere they are projected from. */
const datumOf = ({ ellipsoid, shift }: Definition): Datum =>
  shift === null ? { ellipsoid: WGS84, shift: [0, 0, 0] } : { ellipsoid, shift }

/** Files of shifts that a PROJ string names, beside which it gives no parameters. */
function gridsOf({ parameters }: Definition): string | undefined {
  const grids = parameters.get('nadgrids')
  return grids === '@null' || parameters.has('towgs84') ? undefined : grids
}

/** Without its grid a datum would be off by up to hundreds of metres in silence. */
function requireNoGrids(definition: Definition): void {
  const grids = gridsOf(definition)
  if (grids === undefined) return
  throw new InputError('UnsupportedDatum', `the shift of a datum by the grid ${grids} is not supported`, {
    hint: 'give its parameters with +towgs84 (metres of error), or reproject the data first',
    data: { grids },
  })
}

export function sameDatum(a: Datum, b: Datum): boolean {
  if (Math.abs(a.ellipsoid.a - b.ellipsoid.a) > 1e-6) return false
  // GRS 80 and WGS 84 differ by less: a tenth of a millimetre on the ground.
  if (Math.abs(a.ellipsoid.es - b.ellipsoid.es) > 5e-11) return false
  return sameShift(a.shift, b.shift)
}

function sameShift(a: Definition['shift'], b: Definition['shift']): boolean {
  if (!a || !b) return a === b
  const length = Math.max(a.length, b.length)
  return Array.from({ length }, (_, i) => (a[i] ?? 0) - (b[i] ?? 0)).every((d) => Math.abs(d) < 1e-12)
}

function toGeocentric(lambda: number, phi: number, { a, es }: Ellipsoid, out: Float64Array): void {
  const s = Math.sin(phi)
  const c = Math.cos(phi)
  const n = a / Math.sqrt(1 - es * s * s)
  out[0] = n * c * Math.cos(lambda)
  out[1] = n * c * Math.sin(lambda)
  out[2] = n * (1 - es) * s
}

/** Latitude by Bowring's formula, twice; exact to rounding near the surface. */
function fromGeocentric([x, y, z]: Float64Array, { a, es }: Ellipsoid, lp: Float64Array, at: number): void {
  const p = Math.sqrt(x! * x! + y! * y!)
  const ratio = Math.sqrt(1 - es)
  const second = es / (1 - es)
  let u = Math.atan2(z!, p * ratio)
  let phi = 0
  for (let i = 0; i < 2; i++) {
    const s = Math.sin(u)
    const c = Math.cos(u)
    phi = Math.atan2(z! + second * a * ratio * s * s * s, p - es * a * c * c * c)
    u = Math.atan2(ratio * Math.sin(phi), Math.cos(phi))
  }
  lp[at] = Math.atan2(y!, x!)
  lp[at + 1] = phi
}

/** Position vector transformation to WGS 84 (EPSG method 9606). */
function forwardHelmert(v: Float64Array, [dx = 0, dy = 0, dz = 0, rx = 0, ry = 0, rz = 0, s = 0]: readonly number[]) {
  const x = v[0]!
  const y = v[1]!
  const z = v[2]!
  v[0] = (1 + s) * (x - rz * y + ry * z) + dx
  v[1] = (1 + s) * (rz * x + y - rx * z) + dy
  v[2] = (1 + s) * (-ry * x + rx * y + z) + dz
}

/** Its inverse by the transposed rotation, as PROJ does. */
function inverseHelmert(v: Float64Array, [dx = 0, dy = 0, dz = 0, rx = 0, ry = 0, rz = 0, s = 0]: readonly number[]) {
  const x = (v[0]! - dx) / (1 + s)
  const y = (v[1]! - dy) / (1 + s)
  const z = (v[2]! - dz) / (1 + s)
  v[0] = x + rz * y - ry * z
  v[1] = -rz * x + y + rx * z
  v[2] = ry * x - rx * y + z
}
