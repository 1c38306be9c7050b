/** Writes the sample table of the tests as Parquet, for `make.py`: node oracles/table/write.ts FILE */
import { writeTable } from '../../packages/cube/src/table/read.ts'

const list = {
  time: ['2020-06-01', '2020-06-11T12:00:00+02:00', '2020-07-01'],
  lon: [10.5, 11, -12.25],
  lat: [50, 51, 52],
  ndvi: [0.25, null, 0.75],
  site: ['a', 'ü', null],
  ok: [true, false, null],
}
const columns = Object.entries(list).map(([name, values]) => ({ name, values }))
await writeTable(process.argv[2] ?? 'sample.parquet', { columns, rows: 3, label: 'sample' })
