/** All processes in one table, by id: those on values, those on cubes, and the kernels that belong to them. */
import { cellRules } from '../cells/rules.ts'
import { cubeRows } from './cubes/index.ts'
import type { ProcessRow } from './row.ts'
import { valueRows } from './values/index.ts'

function table(rows: readonly ProcessRow[]): ReadonlyMap<string, ProcessRow> {
  const registry = new Map<string, ProcessRow>()
  for (const row of rows) {
    if (registry.has(row.id)) throw new RangeError(`process ${row.id} is defined twice`)
    const cell = cellRules.get(row.id)
    registry.set(row.id, cell === undefined ? row : { ...row, cell: (args) => cell(args) })
  }
  return registry
}

export const registry: ReadonlyMap<string, ProcessRow> = table([...valueRows, ...cubeRows])
