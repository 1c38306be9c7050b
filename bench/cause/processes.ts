/** Series for the benches of searches: linear processes with autocorrelation, lagged links and links without lag. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { random } from '../../packages/core/src/index.ts'

export interface ProcessOptions {
  readonly variables: number
  readonly steps: number
  readonly seed: number
  /** Share of a variable's last value that stays. */
  readonly memory: number
  /** Links with a lag of 1 or 2, and without, each of this strength. */
  readonly lagged: number
  readonly present: number
  readonly strength: number
}

export interface ProcessLink {
  readonly from: number
  readonly to: number
  readonly lag: number
}

const SPIN_UP = 200

/** Columns, and the links that made them; they point from lower to higher variables, so that no process runs away. */
export function linearProcess(options: ProcessOptions): { columns: Float64Array[]; links: ProcessLink[] } {
  const { variables, steps, memory, strength } = options
  const rng = random(options.seed)
  const pick = (n: number): number => Math.floor(rng.uniform() * n)
  const links = new Map<string, ProcessLink & { readonly weight: number }>()
  while (links.size < options.lagged + options.present) {
    const lag = links.size < options.lagged ? 1 + pick(2) : 0
    const [a, b] = [pick(variables), pick(variables)]
    const [from, to] = a > b ? [b, a] : [a, b]
    if (from !== to)
      links.set(`${from},${to},${lag}`, { from, to, lag, weight: rng.uniform() < 0.5 ? -strength : strength })
  }
  const list = [...links.values()]
  const total = steps + SPIN_UP
  const columns = Array.from({ length: variables }, () => new Float64Array(total))
  for (let t = 0; t < total; t++)
    for (let j = 0; j < variables; j++) {
      let value = rng.normal() + (t > 0 ? memory * columns[j]![t - 1]! : 0)
      for (const { from, to, lag, weight } of list) if (to === j && t >= lag) value += weight * columns[from]![t - lag]!
      columns[j]![t] = value
    }
  return {
    columns: columns.map((column) => column.slice(SPIN_UP)),
    links: list.map(({ from, to, lag }) => ({ from, to, lag })),
  }
}

/** A file of float64, one column after another, for programs in other languages. */
export function columnsFile(columns: readonly Float64Array[]): string {
  const path = join(mkdtempSync(join(tmpdir(), 'ecotope-bench-')), 'columns.f64')
  const bytes = columns.map((column) => new Uint8Array(column.buffer, column.byteOffset, column.byteLength))
  writeFileSync(path, Buffer.concat(bytes))
  return path
}
