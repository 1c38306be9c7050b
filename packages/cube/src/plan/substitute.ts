/** Replaces inputs of a cell by the cells that make them, and tells when that would compute anything twice. */
import type { Cell } from '../cells/cell.ts'
import { foldCells, partsOf, renamed } from '../cells/structure.ts'
import { DTYPES } from '../dtype.ts'
import type { Packing } from '../model/block.ts'
import type { CellNode, CubeNode } from '../model/node.ts'

/** The cell with each `input` replaced as `replace` says. */
export function substitute(root: Cell, replace: (input: number) => Cell): Cell {
  return foldCells<Cell>(root, (cell, parts) => {
    if (cell.kind === 'input') return replace(cell.input)
    if (cell.kind === 'call') return { ...cell, args: parts }
    return 'of' in cell ? { ...cell, of: parts[0]! } : cell
  })
}

/** Cells of inputs that one cell may need in one go: more have to be folded, which one reduction at a time can be. */
const MOST_CELLS = 2 ** 23

/**
 * Whether reductions within each other go over more cells than fit in memory, so that each is better a node of its own.
 * Not where order statistics would pass over each other's passes.
 */
export function isDeep(outer: Cell, inner: Cell): boolean {
  const most = (root: Cell): number =>
    foldCells<number>(root, (cell, parts) => {
      const below = Math.max(1, ...parts)
      if (cell.kind !== 'reduce') return below
      if (cell.reducer === 'median' || cell.reducer === 'quantile') return Number.NaN
      const length = cell.groups === undefined ? cell.length : Math.max(1, ...cell.groups.map((group) => group.length))
      return length * below
    })
  const [above, below] = [most(outer), most(inner)]
  return above > 1 && below > 1 && above * below > MOST_CELLS
}

/** Operations that are cheaper to do again than to keep in memory. */
const CHEAP_CALLS = 12

/** Whether a cell is a little arithmetic on a few cells, without reductions. */
export function isCheap(root: Cell): boolean {
  let calls = 0
  const seen = new Set<Cell>()
  const visit = (cell: Cell): boolean => {
    if (seen.has(cell)) return true
    seen.add(cell)
    if (cell.kind === 'reduce') return false
    if (cell.kind === 'call' && ++calls > CHEAP_CALLS) return false
    return partsOf(cell).every(visit)
  }
  return visit(root)
}

/**
 * Whether the values of a node are kept as computed when they are packed: floats are (but for rounding), integers only
 * where they come unchanged from inputs (or are missing instead), or are truth values.
 */
export function keepsValues({ schema, cell, inputs }: CellNode): boolean {
  const { packing } = schema
  if (DTYPES[packing.dtype].isFloat || packing.isBoolean === true) return packing.scale === 1 && packing.offset === 0
  return isChosen(cell, inputs, packing)
}

/** Whether all that a cell can be are cells of inputs that a packing of integers holds, or missing. */
function isChosen(cell: Cell, inputs: readonly CubeNode[], packing: Packing): boolean {
  switch (cell.kind) {
    case 'input':
      return holdsAll(packing, inputs[cell.input]!.schema.packing)
    case 'constant':
      return Number.isNaN(cell.value) && packing.nodata !== undefined
    case 'call':
      if (cell.operation !== 'if' || cell.args.length !== 3) return false
      return cell.args.slice(1).every((part) => isChosen(part, inputs, packing))
    case 'at':
    case 'take':
    case 'rename':
      return isChosen(cell.of, inputs, packing)
    default:
      return false
  }
}

/** Whether every value of one packing of integers is one of another, and missing is missing. */
function holdsAll(packing: Packing, from: Packing): boolean {
  if (DTYPES[from.dtype].isFloat || from.isBoolean === true) return false
  if (from.scale !== packing.scale || from.offset !== packing.offset) return false
  if (from.nodata === packing.nodata && from.dtype === packing.dtype) return true
  const [[least, greatest], [from0, to]] = [DTYPES[from.dtype].range, DTYPES[packing.dtype].range]
  const isFree = packing.nodata !== undefined && (packing.nodata < least || packing.nodata > greatest)
  return least >= from0 && greatest <= to && (isFree || (from.nodata === undefined && packing.nodata === undefined))
}

interface Use {
  /** Dimensions in scope with their number of labels there; 1 where the index is fixed. */
  readonly scope: ReadonlyMap<string, number>
  /** Whether indices repeat on the way down, so that a cell of the input is asked for again and again. */
  readonly repeats: boolean
}

const hasRepeats = (indices: readonly number[]): boolean => new Set(indices).size < indices.length

/** Every way in which an input of a node's cell is used. */
function usesOf(node: CellNode, input: number): Use[] {
  const found: Use[] = []
  const seen = new Map<Cell, Set<string>>()
  const visit = (cell: Cell, use: Use): void => {
    const key = `${[...use.scope].join('|')}${use.repeats}`
    const before = seen.get(cell) ?? new Set()
    if (before.has(key)) return
    seen.set(cell, before.add(key))
    if (cell.kind === 'input' && cell.input === input) found.push(use)
    if (cell.kind === 'call') for (const arg of cell.args) visit(arg, use)
    else if ('of' in cell) visit(cell.of, below(cell, use))
  }
  visit(node.cell, {
    scope: new Map(node.schema.dims.map(({ name, labels }) => [name, labels.length])),
    repeats: false,
  })
  return found
}

function below(cell: Extract<Cell, { of: Cell }>, { scope, repeats }: Use): Use {
  const inner = new Map(scope)
  switch (cell.kind) {
    case 'at':
      return { scope: inner.set(cell.dim, 1), repeats }
    case 'take':
      return { scope: inner.set(cell.dim, cell.indices.length), repeats: repeats || hasRepeats(cell.indices) }
    case 'reduce':
      return {
        scope: inner.set(cell.dim, cell.length),
        repeats: repeats || (cell.groups !== undefined && hasRepeats(cell.groups.flat())),
      }
    default:
      for (const above of Object.keys(cell.names)) inner.delete(above)
      for (const above of Object.keys(cell.names))
        if (scope.has(above)) inner.set(renamed(cell.names, above), scope.get(above)!)
      return { scope: inner, repeats }
  }
}

/** Whether each cell of the input is asked for at most once in computing the node, so that inlining repeats nothing. */
export function isUsedOnce(node: CellNode, input: number): boolean {
  const uses = usesOf(node, input)
  if (uses.length > 1) return false
  const names = new Set(node.inputs[input]!.schema.dims.map(({ name }) => name))
  return uses.every(({ scope, repeats }) => !repeats && [...scope].every(([name, n]) => n === 1 || names.has(name)))
}
