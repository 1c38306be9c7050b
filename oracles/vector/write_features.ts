/** Writes made-up features in every format that we write, for `make_features.py --check`: node write_features.ts FOLDER */
import { join } from 'node:path'
import { writeFeatures } from '../../packages/cube/src/vector/write-features.ts'
import { mixed } from '../../packages/cube/test/vector/sample.ts'

for (const extension of ['parquet', 'fgb', 'gpkg', 'geojson']) {
  await writeFeatures(join(process.argv[2] ?? '.', `features.${extension}`), mixed('EPSG:32632'))
}
