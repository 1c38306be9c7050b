/** Goode's homolosine projection and its interrupted forms: sinusoidal about the equator, Mollweide's beyond. Sphere only. */
import { angle, type Definition } from './definition.ts'
import { type Projection, wrap } from './projection.ts'
import { mollweide, type Row } from './pseudocylindrical.ts'

const DEGREE = Math.PI / 180

/** Latitude where both have the same scale: Snyder (1993), Flattening the Earth, p. 196. */
const JOIN = (40 + 44 / 60 + 11.8 / 3600) * DEGREE

const SINUSOIDAL: Row = { width: Math.cos, y: (t) => t, tOf: (y) => y }

/** Lobes of a hemisphere: western and eastern border and middle, degrees of longitude. */
type Lobe = readonly [west: number, east: number, middle: number]

interface Layout {
  readonly north: readonly Lobe[]
  readonly south: readonly Lobe[]
  /** Radians of latitude from which Mollweide's is taken. */
  readonly join: number
  /** How far it is moved towards the equator there. */
  readonly shift: number
}

const CONTINUOUS = { join: JOIN, shift: mollweide.y(mollweide.t!(JOIN)) - JOIN }

const LOBES: Readonly<Record<string, Layout>> = {
  // As PROJ has them, in round numbers.
  goode: { north: [[-180, 180, 0]], south: [[-180, 180, 0]], join: (40 + 44 / 60) * DEGREE, shift: 0.0528 },
  igh: {
    ...CONTINUOUS,
    north: [
      [-180, -40, -100],
      [-40, 180, 30],
    ],
    south: [
      [-180, -100, -160],
      [-100, -20, -60],
      [-20, 80, 20],
      [80, 180, 140],
    ],
  },
  igh_o: {
    ...CONTINUOUS,
    north: [
      [-180, -90, -140],
      [-90, 60, -10],
      [60, 180, 130],
    ],
    south: [
      [-180, -60, -110],
      [-60, 90, 20],
      [90, 180, 150],
    ],
  },
}

/** Rounding at the border of a lobe. */
const EDGE = 1e-9

/** PROJ's `goode`, `igh` and `igh_o`. Places between the lobes have no longitude and latitude. */
export function homolosine(definition: Definition): Projection {
  const { a } = definition.ellipsoid
  const { north, south, join, shift } = LOBES[definition.proj]!
  const lambda0 = angle(definition, 'lon_0')
  const lobes = (y: number): readonly Lobe[] => (y >= 0 ? north : south)
  return {
    forward: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const [lambda, phi] = [wrap(xy[i]! - lambda0), xy[i + 1]!]
        const isPolar = Math.abs(phi) > join
        const row = isPolar ? mollweide : SINUSOIDAL
        const t = isPolar ? mollweide.t!(phi) : phi
        const found = lobes(phi).find(([, east]) => lambda <= east * DEGREE) ?? lobes(phi).at(-1)!
        const middle = found[2] * DEGREE
        xy[i] = a * (middle + row.width(t) * (lambda - middle))
        xy[i + 1] = a * (row.y(t) - (isPolar ? Math.sign(phi) * shift : 0))
      }
    },
    inverse: (xy) => {
      for (let i = 0; i < xy.length; i += 2) {
        const [x, y] = [xy[i]! / a, xy[i + 1]! / a]
        const isPolar = Math.abs(y) > join
        const row = isPolar ? mollweide : SINUSOIDAL
        const t = row.tOf(isPolar ? y + Math.sign(y) * shift : y)
        const lobe = lobes(y).find(([west, east, middle]) => {
          const lambda = lambdaOf(x, row.width(t), middle * DEGREE)
          return lambda >= west * DEGREE - EDGE && lambda <= east * DEGREE + EDGE
        })
        const isOn = lobe !== undefined && !Number.isNaN(t)
        xy[i] = isOn ? wrap(lambdaOf(x, row.width(t), lobe[2] * DEGREE) + lambda0) : Number.NaN
        xy[i + 1] = isPolar ? mollweide.phi!(t) : t
      }
    },
  }
}

const lambdaOf = (x: number, width: number, middle: number): number =>
  Math.abs(width) < 1e-12 ? middle : middle + (x - middle) / width
