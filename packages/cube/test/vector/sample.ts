/** Features of several kinds for tests of writers. */
import { parseCrs } from '../../src/crs/crs.ts'
import type { Geometries } from '../../src/model/geometry.ts'

export function mixed(crs: string): Geometries {
  const ring = [
    [500000, 5400000],
    [500900, 5400000],
    [500900, 5400900],
    [500000, 5400900],
    [500000, 5400000],
  ]
  const hole = [
    [500200, 5400200],
    [500200, 5400400],
    [500400, 5400400],
    [500200, 5400200],
  ]
  return {
    crs: parseCrs(crs),
    label: 'mixed',
    features: [
      {
        geometry: { type: 'Polygon', coordinates: [ring, hole] },
        properties: { name: 'Zürich', area: 790000.5, ok: true },
      },
      {
        geometry: { type: 'Point', coordinates: [501000, 5400000] },
        properties: { name: "O'Brien", area: null, ok: false },
      },
      {
        geometry: {
          type: 'MultiLineString',
          coordinates: [
            [
              [500000, 5400000],
              [500300, 5400400],
            ],
            [
              [500000, 5401000],
              [500100, 5401000],
            ],
          ],
        },
        properties: { name: 'line', area: 0, ok: true },
      },
    ],
  }
}
