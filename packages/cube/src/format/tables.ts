/** Tables as cubes in the table of formats: which kind of cube a table is, and cubes written as Parquet. */
import type { ArraySource, SourceHandle } from '../model/array-source.ts'
import type { SourceNode } from '../model/node.ts'
import { type PointsOptions, pointsCube, type SeriesOptions, seriesCube, tableOf } from '../table/cube.ts'
import { writeParquet } from '../table/parquet.ts'
import { readTable } from '../table/read.ts'
import type { Table } from '../table/table.ts'
import { bufferedSink } from './buffered-sink.ts'
import { hasGeometries, writeCubeFeatures } from './vectors.ts'

/** Options of CSV and Parquet: columns of coordinates or of times, and which become bands. */
type TableOptions = SeriesOptions & PointsOptions

const isX = /^(x|lon|long|longitude|lng|easting)$/i

/** Points where coordinates are named or found, else a series. Throws `NoColumn` and what reading throws. */
function cubeOf(table: Table, options: TableOptions): SourceNode {
  const isPoints =
    options.time === undefined && (options.x !== undefined || table.columns.some(({ name }) => isX.test(name)))
  return isPoints ? pointsCube(table, options) : seriesCube(table, options)
}

export async function tableSource(
  format: string,
  path: string,
  options: Readonly<Record<string, unknown>>,
): Promise<ArraySource> {
  const { source } = cubeOf(await readTable(path, options), options as TableOptions)
  return { ...source, handle: { format, path, options } }
}

export const tableFromHandle = ({ format, path, options }: SourceHandle): Promise<ArraySource> =>
  tableSource(format, path, (options ?? {}) as Readonly<Record<string, unknown>>)

/** Rows as of CSV; vector cubes as GeoParquet, a row for each geometry. */
export const parquetSink = bufferedSink({
  format: 'Parquet',
  extensions: ['.parquet'],
  mostCells: 2 ** 23,
  write: (path, cube, work) => {
    if (hasGeometries(cube.schema)) return writeCubeFeatures(path, cube, work)
    const { isBoolean = false } = cube.schema.packing
    const schema = { ...cube.schema, packing: { dtype: 'float64', scale: 1, offset: 0, isBoolean } as const }
    return writeParquet(path, tableOf(schema, cube.values))
  },
})
