/** Cells as trees to walk: their parts, the dimensions that they depend on. */
import type { CubeSchema } from '../model/node.ts'
import type { Cell } from './cell.ts'

/** The cells directly below. */
export function partsOf(cell: Cell): readonly Cell[] {
  if (cell.kind === 'call') return cell.args
  return 'of' in cell ? [cell.of] : []
}

/** Maps cells to what `make` says of them, parts first, shared parts once. */
export function foldCells<T>(root: Cell, make: (cell: Cell, parts: readonly T[]) => T): T {
  const done = new Map<Cell, T>()
  const visit = (cell: Cell): T => {
    const known = done.get(cell)
    if (known !== undefined) return known
    const made = make(cell, partsOf(cell).map(visit))
    done.set(cell, made)
    return made
  }
  return visit(root)
}

/** The names below of a `rename`, looked up by those above. */
export const renamed = (names: Readonly<Record<string, string>>, above: string): string => names[above] ?? above

/** The dimensions of the scope that the value of a cell depends on, from those of its parts. */
export function freeDimensions(
  cell: Cell,
  parts: readonly ReadonlySet<string>[],
  inputs: readonly CubeSchema[],
): ReadonlySet<string> {
  const below = new Set(parts.flatMap((part) => [...part]))
  switch (cell.kind) {
    case 'input':
      return new Set(inputs[cell.input]!.dims.map((dimension) => dimension.name))
    case 'label':
      return new Set([cell.dim])
    case 'at':
      below.delete(cell.dim)
      return below
    case 'take':
      return below.add(cell.dim)
    case 'reduce':
      below.delete(cell.dim)
      return cell.groups === undefined ? below : below.add(cell.dim)
    case 'rename': {
      const above = Object.entries(cell.names)
        .filter(([, name]) => below.has(name))
        .map(([name]) => name)
      const taken = new Set(Object.values(cell.names))
      return new Set([...above, ...[...below].filter((name) => !taken.has(name))])
    }
    default:
      return below
  }
}

/** Numbers cells so that equal structure means equal number, whatever object holds it. */
export class CellTable {
  readonly #byKey = new Map<string, number>()
  readonly #byCell = new Map<Cell, number>()

  idOf(root: Cell): number {
    const known = this.#byCell.get(root)
    if (known !== undefined) return known
    const parts = partsOf(root).map((part) => this.idOf(part))
    const { of: _of, args: _args, ...own } = { of: undefined, args: undefined, ...root }
    const key = `${JSON.stringify(own, exactNumber)}|${parts.join()}`
    const id = this.#byKey.get(key) ?? this.#byKey.size
    this.#byKey.set(key, id)
    this.#byCell.set(root, id)
    return id
  }

  /** Text that is the same for cells of the same structure. */
  keyOf(root: Cell): string {
    this.idOf(root)
    return [...this.#byKey.keys()].join(';')
  }
}

/** JSON knows neither NaN nor infinities nor -0, which constants may be. */
function exactNumber(_key: string, value: unknown): unknown {
  return typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? `#${Object.is(value, -0) ? '-0' : value}`
    : value
}

/** The input of a cell that computes nothing: cells of one input under other indices or names; some may be missing. */
export function selectionOf(cell: Cell): { readonly input: number; readonly hasGaps: boolean } | undefined {
  if (cell.kind === 'input') return { input: cell.input, hasGaps: false }
  if (cell.kind !== 'at' && cell.kind !== 'take' && cell.kind !== 'rename') return undefined
  const below = selectionOf(cell.of)
  return below && { ...below, hasGaps: below.hasGaps || (cell.kind === 'take' && cell.indices.includes(-1)) }
}
