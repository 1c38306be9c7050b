/** Writes the sample cubes of the tests as NetCDF-4 into a folder, for `check.py`: node oracles/netcdf/write.ts FOLDER */
import { join } from 'node:path'
import { netcdfSink } from '../../packages/cube/src/netcdf/sink.ts'
import { classes, climate, packed } from '../../packages/cube/test/netcdf/sample.ts'
import { writeAll } from '../../packages/cube/test/netcdf/write.ts'

const folder = process.argv[2] ?? '.'
for (const [name, { schema, data }] of Object.entries({ packed: packed(), climate: climate(), classes: classes() })) {
  await writeAll(netcdfSink, join(folder, `${name}.nc`), schema, data)
}
