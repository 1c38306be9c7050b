/** Real series and published results from the reference data folder (`ECOTOPE_DATA`, else beside the repository). */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type TimeSeries, timeSeries } from '../../../src/series/series.ts'

const folder = resolve(import.meta.dirname, '../../../../..', process.env.ECOTOPE_DATA ?? '../shared/data')

export const published = join(folder, 'published_code_outputs', 'tigramite')
export const districts = join(folder, 'causal4migrations_somalia', 'UC2_District_aggregation_data.csv')
const divisions = join(folder, 'climate_indices', 'tests', 'fixture', 'nclimdiv')

/** Why a test is left out, or undefined where its data are there. */
export const missing = (path: string): string | undefined =>
  existsSync(path) ? undefined : `no ${path.slice(folder.length + 1)} in the reference data folder (set ECOTOPE_DATA)`

const linesOf = (path: string): string[][] =>
  readFileSync(path, 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','))

/** Every column of a table of numbers. */
export function tableSeries(path: string): TimeSeries {
  const [names, ...rows] = linesOf(path)
  return timeSeries({ columns: names!.map((_, column) => rows.map((row) => Number(row[column]))) }, { names: names! })
}

/** Displaced people, drought and fatalities of two districts. */
export function somaliSeries(): TimeSeries {
  const [header, ...rows] = linesOf(districts)
  const column = (district: string, name: string): number[] => {
    const at = header!.indexOf(name)
    return rows
      .filter((row) => row[header!.indexOf('District')] === district)
      .map((row) => (row[at] ? Number(row[at]) : Number.NaN))
  }
  const columns = ['Baidoa', 'Belet Weyne'].flatMap((district) =>
    ['IDP_Drought', 'SPEI_6M', 'fatalities'].map((name) => column(district, name)),
  )
  return timeSeries({ columns })
}

/** The last months of one division in a file of float32 (divisions, months). */
function months(index: string, division: number, count: number): number[] {
  const bytes = readFileSync(join(divisions, `${index}.npy`))
  const start = 10 + bytes.readUInt16LE(8)
  const length = Number(/\((?:\d+), (\d+)\)/.exec(bytes.toString('latin1', 0, start))?.[1])
  return Array.from({ length: count }, (_, t) =>
    bytes.readFloatLE(start + 4 * (division * length + length - count + t)),
  )
}

/** Three drought indices of one climate division of the United States, and one index of three others. */
export function droughtSeries(): TimeSeries {
  const own = ['pdsi', 'phdi', 'zindex'].map((index) => months(index, 10, 600))
  return timeSeries({ columns: [...own, ...[100, 200, 300].map((division) => months('zindex', division, 600))] })
}

export const drought = join(divisions, 'pdsi.npy')
