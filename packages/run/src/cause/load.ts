/** Files as series: tables of values, masks, weights and contexts. */

import { readFile } from 'node:fs/promises'
import {
  type ContextColumn,
  type Contexts,
  type LinkAssumptions,
  numbersOf,
  seriesOf,
  type TimeSeries,
} from '@ecotope/cause'
import { InputError, type OnWarning } from '@ecotope/core'
import { readTable, type Table } from '@ecotope/cube'

export interface SeriesInput {
  /** Tables, one per data set (district, pixel, station). */
  readonly paths: readonly string[]
  readonly time?: string
  readonly variables?: readonly string[]
  readonly missing?: number
  readonly masks?: readonly string[]
  readonly weights?: readonly string[]
  readonly discrete?: readonly string[]
  /** A missing value also removes the samples after it, up to the largest lag. */
  readonly missingUpToMaxLag?: boolean
  readonly onWarning?: OnWarning
}

/** Throws `InputError` of reading tables and of `seriesOf`. */
export async function loadSeries(input: SeriesInput): Promise<TimeSeries> {
  const [tables, masks, weights] = await Promise.all(
    [input.paths, input.masks, input.weights].map((paths) => Promise.all((paths ?? []).map((path) => readTable(path)))),
  )
  return seriesOf(tables!, {
    ...(input.time !== undefined && { time: input.time }),
    ...(input.variables && input.variables.length > 0 && { variables: input.variables }),
    ...(input.missing !== undefined && { missing: input.missing }),
    ...(masks!.length > 0 && { masks: masks! }),
    ...(weights!.length > 0 && { weights: weights! }),
    ...(input.discrete && input.discrete.length > 0 && { discrete: input.discrete }),
    ...(input.missingUpToMaxLag && { missingUpToMaxLag: true }),
    ...(input.onWarning && { onWarning: input.onWarning }),
  })
}

/** Reads a file of assumptions: for each effect its causes, `{ "rain": { "nino34@-2": "-?>" } }`. */
export async function loadAssumptions(path: string, names: readonly string[]): Promise<LinkAssumptions> {
  const json = await readJson(path)
  const bad = (what: string): InputError =>
    new InputError('BadAssumption', `${path}: ${what}`, {
      hint: 'Write {"rain": {"nino34@-2": "-?>"}}: for each effect its possible causes; what is not named is absent.',
      data: { path },
    })
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw bad('it is not an object')
  const given = Object.entries(json)
  const unknown = given.find(([effect]) => !names.includes(effect))
  if (unknown !== undefined) throw bad(`there is no variable ${unknown[0]}; they are ${names.join(', ')}`)
  return names.map((name) => {
    const causes: unknown = given.find(([effect]) => effect === name)?.[1] ?? {}
    if (typeof causes !== 'object' || causes === null) throw bad(`the causes of ${name} are not an object`)
    return new Map(
      Object.entries(causes).map(([node, mark]): [string, string] => {
        const [, cause = '', lag = '0'] = /^(.*)@(-?\d+)$/.exec(node) ?? [undefined, node]
        const variable = names.indexOf(cause)
        if (variable < 0 || typeof mark !== 'string')
          throw bad(`${name}: ${node} is not a variable at a lag, as in nino34@-2`)
        const steps = Math.abs(Number(lag))
        return [`${variable},${steps === 0 ? 0 : -steps}`, mark]
      }),
    )
  })
}

/** Throws `InputError` MissingFile, BadJson. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    throw new InputError('MissingFile', `there is no file ${path}`, { hint: 'Check the path.', data: { path }, cause })
  })
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InputError('BadJson', `${path} is not JSON: ${(cause as Error).message}`, { data: { path }, cause })
  }
}

const CONTEXT = /^(?:(space|time)=)?(.*)$/

/** The file of a context that may be given as `space=FILE` or `time=FILE`. */
export const contextPath = (text: string): string => CONTEXT.exec(text)?.[2] ?? text

/**
 * Tables of context, told apart by their rows: as many as data sets, or as time steps. `space=FILE` and `time=FILE` say so
 * where both are possible. Throws `InputError` BadContext.
 */
export async function loadContexts(given: readonly string[], series: TimeSeries): Promise<Contexts> {
  const space: ContextColumn[] = []
  const time: ContextColumn[] = []
  const sets = series.datasets.length
  const steps = Math.max(...series.datasets.map(({ offset, length }) => offset + length))
  for (const text of given) {
    const [, kind, path] = CONTEXT.exec(text)!
    const table = await readTable(path!)
    const fits = { space: table.rows === sets, time: table.rows >= steps }
    if (kind === 'space' || (kind === undefined && fits.space && !fits.time)) space.push(...columnsOf(table))
    else if (kind === 'time' || (kind === undefined && fits.time && !fits.space)) time.push(...columnsOf(table))
    else
      throw new InputError(
        'BadContext',
        `${path} has ${table.rows} rows, but there are ${sets} data sets of up to ${steps} time steps`,
        {
          hint: 'A context of space has one row per data set, in their order; one of time a row per time step. Write space=FILE or time=FILE where both fit.',
          data: { path, rows: table.rows },
        },
      )
  }
  return { space, time }
}

const columnsOf = (table: Table): ContextColumn[] =>
  table.columns.map(({ name }) => ({ name, values: numbersOf(table, name) }))
