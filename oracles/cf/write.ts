/** WKT that we write for common systems, for `make.py`: node oracles/cf/write.ts > WKT.json */

import { mappingOf } from '../../packages/cube/src/cf/mapping.ts'
import { wktOf } from '../../packages/cube/src/cf/wkt-write.ts'
import { parseCrs } from '../../packages/cube/src/crs/crs.ts'

export const SYSTEMS = [
  'EPSG:4326',
  'EPSG:4258',
  'EPSG:32632',
  'EPSG:32722',
  'EPSG:25833',
  'EPSG:3035',
  'EPSG:3857',
  'EPSG:2154',
  'EPSG:5070',
  'EPSG:3413',
  'EPSG:3031',
  'EPSG:2193',
  'EPSG:31370',
  'EPSG:6933',
  'EPSG:3067',
  'EPSG:32661',
]
const out = Object.fromEntries(
  SYSTEMS.map((code) => {
    const { wkt: _, ...crs } = parseCrs(code)
    const grid = { crs, affine: [1, 0, 0, 0, -1, 0], width: 1, height: 1 } as const
    return [code, { wkt: wktOf(crs) ?? null, mapping: mappingOf(grid) }]
  }),
)
console.log(JSON.stringify(out))
