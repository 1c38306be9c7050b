/** Which cells are true and false. */
import type { Cell, Reducer } from './cell.ts'
import { OPERATIONS, reducerCall } from './operations.ts'

const PICKING: readonly Reducer[] = ['first', 'last', 'min', 'max']

/** Whether a cell is 0, 1 or missing by what makes it. */
export function isTruth(cell: Cell, isBoolean: readonly boolean[]): boolean {
  const is = (part: Cell): boolean => isTruth(part, isBoolean)
  switch (cell.kind) {
    case 'input':
      return isBoolean[cell.input] ?? false
    case 'constant':
    case 'label':
      return false
    case 'call':
      return isTruthCall(cell.operation, cell.args, is)
    case 'reduce':
      return cell.reducer === 'any' || cell.reducer === 'all' || (PICKING.includes(cell.reducer) && is(cell.of))
    default:
      return is(cell.of)
  }
}

/** Constants that truth values can be: true and false are numbers in cells. */
const isTruthConstant = (cell: Cell): boolean =>
  cell.kind === 'constant' && (Number.isNaN(cell.value) || cell.value === 0 || cell.value === 1)

function isTruthCall(operation: string, args: readonly Cell[], is: (cell: Cell) => boolean): boolean {
  const reducer = reducerCall(operation)?.reducer
  if (reducer === 'any' || reducer === 'all') return true
  const isPick = operation === 'coalesce' || (reducer !== undefined && PICKING.includes(reducer))
  const branches = operation === 'if' ? args.slice(1) : isPick ? args : undefined
  if (branches !== undefined) return branches.some(is) && branches.every((cell) => is(cell) || isTruthConstant(cell))
  return OPERATIONS[operation as keyof typeof OPERATIONS]?.isBoolean ?? false
}
