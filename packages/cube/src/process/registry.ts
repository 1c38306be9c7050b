/** All processes in one table, by id: those on values, those on cubes, and the kernels that belong to them. */
import { cubeRows } from './cubes/index.ts'
import type { ProcessRow } from './row.ts'
import { valueRows } from './values/index.ts'

function table(rows: readonly ProcessRow[]): ReadonlyMap<string, ProcessRow> {
  const registry = new Map<string, ProcessRow>()
  for (const row of rows) {
    if (registry.has(row.id)) throw new RangeError(`process ${row.id} is defined twice`)
    registry.set(row.id, row)
  }
  return registry
}

export const registry: ReadonlyMap<string, ProcessRow> = table([...valueRows, ...cubeRows])
