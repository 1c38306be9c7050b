/** Areas, hulls, validity, repair, transformation and writing of polygons. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CancelledError, EnvironmentError } from '@ecotope/core'
import { array, asyncProperty, assert as check, integer, property, tuple } from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { parseCrs } from '../../src/crs/crs.ts'
import { metresPerDegree, pixelAreasSquareMetres, pixelMetres } from '../../src/ground.ts'
import type { Features, MultiPolygon, Polygon, Position } from '../../src/types.ts'
import { polygonAreaSquareMetres } from '../../src/vector/area.ts'
import { readPolygons } from '../../src/vector/read.ts'
import {
  bufferBounds,
  convexHull,
  featuresBounds,
  partsOf,
  planarArea,
  ringContains,
  signedArea,
} from '../../src/vector/rings.ts'
import { transformFeatures } from '../../src/vector/transform.ts'
import { invalidAt, repair } from '../../src/vector/validity.ts'
import { writeGeoJson } from '../../src/vector/write.ts'

const folder = mkdtempSync(join(tmpdir(), 'ecotope-geometry-'))
afterAll(() => rmSync(folder, { recursive: true }))

const utm = parseCrs('EPSG:32723')
const lonLat = parseCrs('EPSG:4326')
const polygon = (...rings: Position[][]): Polygon => ({
  type: 'Polygon',
  coordinates: rings.map((ring) => [...ring, ring[0]!]),
})
const layer = (crs: typeof utm, ...geometries: (Polygon | MultiPolygon)[]): Features => ({
  crs,
  label: 'test',
  features: geometries.map((geometry, i) => ({ geometry, properties: { i } })),
})
const box = (x0: number, y0: number, x1: number, y1: number): Position[] => [
  [x0, y0],
  [x1, y0],
  [x1, y1],
  [x0, y1],
]

describe('polygonAreaSquareMetres', () => {
  it('is the plane area in a projected CRS, in metres whatever the unit', () => {
    expect(polygonAreaSquareMetres(polygon(box(0, 0, 10, 10), box(2, 2, 4, 4)), utm)).toBe(96)
    const feet = parseCrs('+proj=utm +zone=11 +datum=NAD83 +units=us-ft')
    expect(polygonAreaSquareMetres(polygon(box(0, 0, 10, 10)), feet)).toBeCloseTo(100 * (1200 / 3937) ** 2, 9)
  })

  it('gives the whole ellipsoid and half of it', () => {
    // Surface of WGS 84: 510 065 621.724 km² (NIMA TR8350.2).
    const world = polygon(box(-180, -90, 180, 90))
    expect(polygonAreaSquareMetres(world, lonLat) / 1e6).toBeCloseTo(510065621.724, 2)
    const north = polygon(box(-180, 0, 180, 90))
    expect(polygonAreaSquareMetres(north, lonLat) / 1e6).toBeCloseTo(510065621.724 / 2, 2)
  })

  it('agrees with an equal-area projection for small polygons', () => {
    const equalArea = parseCrs('+proj=laea +lat_0=-23 +lon_0=-45 +datum=WGS84')
    const star = polygon([
      [-45.1, -23.1],
      [-44.9, -23.05],
      [-44.95, -22.9],
      [-45.02, -22.99],
    ])
    const plane = transformFeatures(layer(lonLat, star), equalArea, { densifyTo: 0.0005 })
    const ratio = polygonAreaSquareMetres(star, lonLat) / planarArea(plane.features[0]!.geometry)
    expect(Math.abs(ratio - 1)).toBeLessThan(1e-8)
  })
})

describe('ground', () => {
  it('measures degrees (values of NGA for WGS 84 at 45 degrees)', () => {
    const [east, north] = metresPerDegree(45, { a: 6378137, es: 0.0066943799901413165 })
    expect(east).toBeCloseTo(78846.8, 1)
    expect(north).toBeCloseTo(111131.7, 0)
  })

  it('measures pixels', () => {
    const plane = { crs: utm, affine: [5, 0, 0, 0, -5, 0], width: 2, height: 2 } as const
    expect(pixelMetres(plane, 0)).toEqual([5, 5])
    expect([...pixelAreasSquareMetres(plane)]).toEqual([25, 25])
    const degrees = { crs: lonLat, affine: [0.001, 0, 10, 0, -0.001, 60], width: 3, height: 2 } as const
    const [x, y] = pixelMetres(degrees, 0)
    expect(pixelAreasSquareMetres(degrees)[0]! / (x * y)).toBeCloseTo(1, 8)
    const turned = { ...degrees, affine: [0.0006, 0.0008, 10, 0.0008, -0.0006, 60] as const }
    expect(pixelAreasSquareMetres(turned)[0]! / pixelAreasSquareMetres(degrees)[0]!).toBeCloseTo(1, 3)
  })
})

describe('hull and bounds', () => {
  it('encloses every vertex with a convex counter-clockwise ring', async () => {
    const points = array(tuple(integer({ min: -50, max: 50 }), integer({ min: -50, max: 50 })), {
      minLength: 3,
      maxLength: 30,
    })
    await check(
      property(points, (vertices) => {
        const features = layer(utm, polygon(vertices.map(([x, y]) => [x, y])))
        const [hull] = convexHull(features).coordinates as [Position[]]
        const [west, south, east, north] = featuresBounds(features)
        for (let i = 0; i + 1 < hull.length; i++) {
          const [a, b] = [hull[i]!, hull[i + 1]!]
          for (const [x, y] of vertices) {
            expect((b[0]! - a[0]!) * (y - a[1]!) - (b[1]! - a[1]!) * (x - a[0]!)).toBeGreaterThanOrEqual(0)
            expect(x >= west && x <= east && y >= south && y <= north).toBe(true)
          }
        }
      }),
    )
  })

  it('widens bounds', () => {
    expect(bufferBounds([0, 1, 2, 3], 1)).toEqual([-1, 0, 3, 4])
    expect(bufferBounds([0, 1, 2, 3], [1, 2])).toEqual([-1, -1, 3, 5])
    expect(ringContains([...box(0, 0, 2, 2), [0, 0]], 1, 1)).toBe(true)
  })
})

describe('validity', () => {
  it.each([
    [
      'bowtie',
      polygon([
        [0, 0],
        [2, 2],
        [2, 0],
        [0, 2],
      ]),
      2,
    ],
    [
      'bowtie through a vertex',
      polygon([
        [0, 0],
        [1, 1],
        [2, 2],
        [2, 0],
        [1, 1],
        [0, 2],
      ]),
      2,
    ],
    [
      'ring wound twice over a part',
      polygon([
        [0, 0],
        [4, 0],
        [4, 3],
        [1, 3],
        [1, 1],
        [3, 1],
        [3, 4],
        [0, 4],
      ]),
      15,
    ],
    ['hole across its shell', polygon(box(0, 0, 4, 4), box(3, 1, 6, 2)), 15],
    ['hole outside', polygon(box(0, 0, 4, 4), box(7, 7, 8, 8)), 16],
    [
      'overlapping parts',
      {
        type: 'MultiPolygon',
        coordinates: [polygon(box(0, 0, 4, 4)).coordinates, polygon(box(2, 2, 6, 6)).coordinates],
      },
      28,
    ],
    [
      'part inside a part',
      {
        type: 'MultiPolygon',
        coordinates: [polygon(box(0, 0, 4, 4)).coordinates, polygon(box(1, 1, 2, 2)).coordinates],
      },
      16,
    ],
  ] as [string, Polygon | MultiPolygon, number][])('finds and mends a %s', async (_, geometry, area) => {
    expect(invalidAt(geometry)).toBeDefined()
    const mended = await repair(geometry)
    expect(planarArea(mended!)).toBeCloseTo(area, 9)
    expect(invalidAt(mended!)).toBeUndefined()
  })

  it.each([
    ['a square with a hole', polygon(box(0, 0, 4, 4), box(1, 1, 2, 2))],
    [
      'a hole that touches its shell',
      polygon(box(0, 0, 4, 4), [
        [0, 0],
        [1, 2],
        [2, 1],
      ]),
    ],
    [
      'lobes that touch at a vertex',
      polygon([
        [0, 0],
        [2, 0],
        [2, 2],
        [4, 2],
        [4, 4],
        [2, 4],
        [2, 2],
        [0, 2],
      ]),
    ],
    [
      'repeated vertices',
      polygon([
        [0, 0],
        [0, 0],
        [2, 0],
        [2, 0],
        [2, 2],
      ]),
    ],
    [
      'an island in a lake',
      {
        type: 'MultiPolygon',
        coordinates: [polygon(box(0, 0, 9, 9), box(2, 2, 7, 7)).coordinates, polygon(box(3, 3, 5, 5)).coordinates],
      },
    ],
  ] as [string, Polygon | MultiPolygon][])('leaves %s alone', (_, geometry) => {
    expect(invalidAt(geometry)).toBeUndefined()
  })

  it('keeps nothing of a ring that is a point or a line', async () => {
    const rings = [
      [
        [5, 2],
        [5, 2],
        [5, 2],
      ],
      [
        [5, 2],
        [5, 7],
        [5, 4],
      ],
      [
        [1, 1],
        [3, 3],
        [2, 2],
      ],
    ]
    for (const ring of rings) expect(await repair({ type: 'Polygon', coordinates: [ring] })).toBeUndefined()
  })

  it('keeps exactly what a ring winds around', async () => {
    const vertex = tuple(integer({ min: 0, max: 9 }), integer({ min: 0, max: 9 }))
    const rings = array(vertex, { minLength: 3, maxLength: 9 })
    await check(
      asyncProperty(rings, async (ring) => {
        const source = polygon(ring.map(([x, y]) => [x, y]))
        const mended = await repair(source)
        for (let k = 0; k < 60; k++) {
          const [x, y] = [(0.3137 + k * 0.6180339887) % 9, (k * 0.7548776662) % 9]
          const inside =
            mended !== undefined &&
            partsOf(mended)
              .flat()
              .filter((r) => ringContains(r, x, y)).length %
              2 ===
              1
          expect(inside).toBe(windingNumber(source.coordinates[0]!, x, y) !== 0)
        }
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    ['[[1,0],[2,7],[4,7],[9,4],[9,8],[1,6],[2,2],[5,8],[1,0]]'],
    ['[[7,2],[6,1],[7,4],[2,4],[2,3],[5,0],[2,8],[9,9],[0,6],[7,2]]'],
  ])('also where many edges meet nearly in one point: %s', async (text) => {
    const source = polygon(JSON.parse(text) as Position[])
    const mended = (await repair(source))!
    for (let k = 0; k < 200; k++) {
      const [x, y] = [(0.3137 + k * 0.6180339887) % 9, (k * 0.7548776662) % 9]
      const rings = partsOf(mended)
        .flat()
        .filter((ring) => ringContains(ring, x, y))
      expect(rings.length % 2 === 1).toBe(windingNumber(source.coordinates[0]!, x, y) !== 0)
    }
    // Shells anticlockwise, holes clockwise.
    for (const [shell, ...holes] of partsOf(mended)) {
      expect(signedArea(shell!)).toBeGreaterThan(0)
      for (const hole of holes) expect(signedArea(hole)).toBeLessThan(0)
    }
  })
})

/** Turns of a ring around a point (Sunday 2001). */
function windingNumber(ring: readonly Position[], x: number, y: number): number {
  let turns = 0
  for (let i = 0; i + 1 < ring.length; i++) {
    const [a, b] = [ring[i]!, ring[i + 1]!]
    const side = (b[0]! - a[0]!) * (y - a[1]!) - (x - a[0]!) * (b[1]! - a[1]!)
    if (a[1]! <= y && b[1]! > y && side > 0) turns++
    if (a[1]! > y && b[1]! <= y && side < 0) turns--
  }
  return turns
}

describe('transformFeatures', () => {
  it('goes there and back, keeps properties, splits long edges', () => {
    const features = layer(utm, polygon(box(440000, 7380000, 450000, 7390000)))
    const there = transformFeatures(features, lonLat)
    expect(there.crs).toBe(lonLat)
    expect(there.features[0]!.properties).toEqual({ i: 0 })
    const back = transformFeatures(there, utm)
    const flat = back.features[0]!.geometry.coordinates.flat(2) as number[]
    const source = features.features[0]!.geometry.coordinates.flat(2) as number[]
    flat.forEach((value, i) => {
      expect(value).toBeCloseTo(source[i]!, 3)
    })
    const dense = transformFeatures(features, lonLat, { densifyTo: 2500 })
    expect(dense.features[0]!.geometry.coordinates[0]).toHaveLength(17)
  })

  it('names the feature that cannot be expressed', () => {
    const features = layer(lonLat, polygon(box(0, 0, 1, 1)), polygon(box(0, 500, 1, Number.NaN)))
    expect(() => transformFeatures(features, utm)).toThrow(/feature 2 of test/)
  })
})

describe('writeGeoJson', () => {
  const scars = layer(utm, polygon(box(440000, 7380000, 440100, 7380100), box(440010, 7380010, 440020, 7380020)))

  it('writes longitude and latitude that read back', async () => {
    const path = join(folder, 'scars.geojson')
    await writeGeoJson(path, scars)
    expect(readFileSync(path, 'utf8')).not.toMatch(/"crs"/)
    const { features } = await readPolygons(path)
    const [shell, hole] = features.features[0]!.geometry.coordinates as Position[][]
    expect(signedArea(shell!)).toBeGreaterThan(0)
    expect(signedArea(hole!)).toBeLessThan(0)
    expect(planarArea(transformFeatures(features, utm).features[0]!.geometry)).toBeCloseTo(9900, 0)
  })

  it('keeps coordinates and names their CRS when asked', async () => {
    const path = join(folder, 'kept.geojson')
    await writeGeoJson(path, scars, { coordinates: 'keep' })
    const { features } = await readPolygons(path)
    expect(features.crs.code).toBe('EPSG:32723')
    expect(planarArea(features.features[0]!.geometry)).toBe(9900)
    const nameless = layer(parseCrs('+proj=tmerc +lon_0=7.1 +ellps=bessel'), polygon(box(0, 0, 1, 1)))
    await expect(writeGeoJson(join(folder, 'x.geojson'), nameless, { coordinates: 'keep' })).rejects.toThrow(
      /no authority code/,
    )
  })

  it('leaves nothing half-written', async () => {
    const before = readdirSync(folder)
    const signal = AbortSignal.abort()
    await expect(writeGeoJson(join(folder, 'stop.geojson'), scars, { signal })).rejects.toBeInstanceOf(CancelledError)
    await expect(writeGeoJson(join(folder, 'no', 'x.geojson'), scars)).rejects.toThrow(EnvironmentError)
    await expect(writeGeoJson(folder, scars)).rejects.toMatchObject({ tag: 'IsFolder' })
    expect(readdirSync(folder)).toEqual(before)
  })
})
