/** Cases of processes as rows of tests: what openEO's test files write as objects. */
import type { Case } from '../scripts/openeo/suite.ts'

class Thrown {
  readonly code: string | true
  constructor(code: string | true) {
    this.code = code
  }
}

/** The error that is due, by its code; true for any. */
export const throws = (code: string | true): Thrown => new Thrown(code)

export type Row = readonly [process: string, args: Readonly<Record<string, unknown>>, result: unknown]

/** Rows with a number each, from 1 for every process. */
export function casesOf(rows: readonly Row[]): Case[] {
  const counts = new Map<string, number>()
  return rows.map(([process, args, result]) => {
    const count = (counts.get(process) ?? 0) + 1
    counts.set(process, count)
    const isError = result instanceof Thrown
    return {
      id: `${process}#${count}`,
      process,
      arguments: args,
      returns: isError ? undefined : { value: result },
      throws: isError ? result.code : undefined,
      required: [],
      delta: 1e-10,
    }
  })
}
