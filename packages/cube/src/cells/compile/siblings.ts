/**
 * Reductions of one expression that run over the same elements (the mean and the deviation of a series, its least and
 * greatest value): they share one loop, so that their elements are read and computed once.
 */
import type { Cell } from '../cell.ts'
import { partsOf } from '../structure.ts'

export type ReduceCell = Extract<Cell, { kind: 'reduce' }>

/** The reductions that stand in the scope of `root`: below calls only. */
export function reducesIn(root: Cell): ReduceCell[] {
  const found = new Set<ReduceCell>()
  const seen = new Set<Cell>()
  const visit = (cell: Cell): void => {
    if (seen.has(cell)) return
    seen.add(cell)
    if (cell.kind === 'reduce') found.add(cell)
    else if (cell.kind === 'call') for (const arg of cell.args) visit(arg)
  }
  visit(root)
  return [...found]
}

/** Whether a cell is, or is computed from, another. */
export function contains(root: Cell, wanted: Cell): boolean {
  const seen = new Set<Cell>()
  const visit = (cell: Cell): boolean => {
    if (cell === wanted) return true
    if (seen.has(cell)) return false
    seen.add(cell)
    return partsOf(cell).some(visit)
  }
  return visit(root)
}

const isSameLoop = (a: ReduceCell, b: ReduceCell): boolean =>
  a.dim === b.dim &&
  a.length === b.length &&
  (a.groups === b.groups || (a.groups !== undefined && b.groups !== undefined && sameGroups(a.groups, b.groups)))

const sameGroups = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): boolean =>
  a.length === b.length && a.every((group, g) => group.length === b[g]!.length && group.every((i, j) => i === b[g]![j]))

/** For each reduction, the others of its scope over the same elements of which neither needs the other. */
export function siblingsIn(root: Cell): ReadonlyMap<Cell, readonly ReduceCell[]> {
  const siblings = new Map<Cell, readonly ReduceCell[]>()
  const seen = new Set<Cell>()
  const visit = (scope: Cell): void => {
    if (seen.has(scope)) return
    seen.add(scope)
    const all = reducesIn(scope)
    // Pairs are compared; an expression of more reductions than this was not written by hand.
    if (all.length <= 64) {
      for (const each of all) {
        const others = all.filter(
          (other) =>
            other !== each && isSameLoop(each, other) && !contains(each.of, other) && !contains(other.of, each),
        )
        if (!siblings.has(each)) siblings.set(each, others)
      }
    }
    scopesBelow(scope).forEach(visit)
  }
  visit(root)
  return siblings
}

/** The cells in the next scopes: below everything that changes what is in scope. */
function scopesBelow(root: Cell): Cell[] {
  const found = new Set<Cell>()
  const seen = new Set<Cell>()
  const visit = (cell: Cell): void => {
    if (seen.has(cell)) return
    seen.add(cell)
    if (cell.kind === 'call') for (const arg of cell.args) visit(arg)
    else if ('of' in cell) found.add(cell.of)
  }
  visit(root)
  return [...found]
}
