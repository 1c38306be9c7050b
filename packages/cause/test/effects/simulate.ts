/** Series of linear processes with known coefficients. */
import { random } from '@ecotope/core'
import { type Node, type TimeSeries, timeSeries } from '../../src/series/series.ts'
import { type LinkRow, linkGraph } from './graphs.ts'

/** A cause, what it is multiplied by, and how it is bent. */
export type Term = readonly [node: Node, coefficient: number, bend?: (value: number) => number]

export interface Process {
  readonly names: readonly string[]
  /** Of each variable; links without lag must point from earlier to later variables. */
  readonly terms: readonly (readonly Term[])[]
}

export function simulate({ names, terms }: Process, length: number, seed: number): TimeSeries {
  const stream = random(seed)
  const spin = 50
  const columns = names.map(() => new Float64Array(length + spin))
  for (let t = 0; t < length + spin; t++)
    for (const [j, own] of terms.entries()) {
      let value = stream.normal()
      for (const [[i, lag], coefficient, bend] of own) {
        const cause = columns[i]![t + lag] ?? 0
        value += coefficient * (bend ? bend(cause) : cause)
      }
      columns[j]![t] = value
    }
  return timeSeries({ columns: columns.map((column) => column.subarray(spin)) }, { names })
}

export const graphOfProcess = ({ terms }: Process) =>
  linkGraph(
    terms.length,
    Math.max(1, ...terms.flat().map(([[, lag]]) => -lag)),
    terms.flatMap((own, j) => own.map(([[i, lag]]): LinkRow => [i, j, -lag, '-->'])),
  )
