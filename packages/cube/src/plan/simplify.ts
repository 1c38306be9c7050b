/**
 * Rewrites cells into equal, simpler ones: constants folded, selections moved down to what they select from and merged
 * there, equal parts shared as one object.
 */
import type { Cell } from '../cells/cell.ts'
import { isOperation, OPERATIONS } from '../cells/operations.ts'
import { CellTable, foldCells, freeDimensions, renamed } from '../cells/structure.ts'
import type { CubeSchema } from '../model/node.ts'

/** What stands for the index of one dimension: one index, or one per index above (-1 nowhere). */
type Selection =
  | { readonly dim: string; readonly index: number }
  | { readonly dim: string; readonly indices: readonly number[] }

type Selecting = Extract<Cell, { kind: 'at' | 'take' }>

export class Simplifier {
  readonly #inputs: readonly CubeSchema[]
  readonly #table = new CellTable()
  readonly #canonical = new Map<number, Cell>()
  readonly #free = new Map<Cell, ReadonlySet<string>>()
  /** Cells below a selection, by the number of the `at` or `take` that says it. */
  readonly #selected = new Map<number, Cell>()

  constructor(inputs: readonly CubeSchema[]) {
    this.#inputs = inputs
  }

  simplify(root: Cell): Cell {
    return foldCells<Cell>(root, (cell, parts) => {
      if (cell.kind === 'call') return this.#call({ ...cell, args: parts })
      if (!('of' in cell)) return this.#shared(cell)
      const of = parts[0]!
      if (cell.kind === 'at' || cell.kind === 'take') return this.#select({ ...cell, of })
      if (cell.kind === 'rename') return this.#rename({ ...cell, of })
      return this.#shared({ ...cell, of })
    })
  }

  /** The one object for all cells of this structure. */
  #shared(cell: Cell): Cell {
    const id = this.#table.idOf(cell)
    const known = this.#canonical.get(id)
    if (known !== undefined) return known
    this.#canonical.set(id, cell)
    return cell
  }

  #freeOf(cell: Cell): ReadonlySet<string> {
    const known = this.#free.get(cell)
    if (known !== undefined) return known
    const parts = cell.kind === 'call' ? cell.args : 'of' in cell ? [cell.of] : []
    const free = freeDimensions(
      cell,
      parts.map((part) => this.#freeOf(part)),
      this.#inputs,
    )
    this.#free.set(cell, free)
    return free
  }

  #call(cell: Extract<Cell, { kind: 'call' }>): Cell {
    const { operation, args } = cell
    const values = args.flatMap((arg) => (arg.kind === 'constant' ? [arg.value] : []))
    if (args.length === 0 || values.length < args.length || !isOperation(operation)) return this.#shared(cell)
    const evaluate = OPERATIONS[operation].evaluate as (...values: readonly number[]) => number
    return this.#shared({ kind: 'constant', value: evaluate(...values) })
  }

  #rename(cell: Extract<Cell, { kind: 'rename' }>): Cell {
    // Names that nothing below reads, such as of a dimension that is fixed there, may not be in scope above any more.
    const free = this.#freeOf(cell.of)
    const entries = Object.entries(cell.names).filter(([above, below]) => above !== below && free.has(below))
    if (entries.length === 0) return cell.of
    return this.#shared({ ...cell, names: Object.fromEntries(entries) })
  }

  /** A selection moved down as far as it goes. */
  #select(cell: Selecting): Cell {
    const id = this.#table.idOf(cell)
    const known = this.#selected.get(id)
    if (known !== undefined) return known
    const selected = this.#push(cell)
    this.#selected.set(id, selected)
    return selected
  }

  #push(cell: Selecting): Cell {
    const { dim, of } = cell
    const selection: Selection = cell.kind === 'at' ? { dim, index: cell.index } : { dim, indices: cell.indices }
    // Where -1 gives missing, the value below must not be turned into something else first.
    const gives = cell.kind === 'at' || !cell.indices.includes(-1)
    if (!this.#freeOf(of).has(dim)) return gives ? of : this.#shared(cell)
    const again = (part: Cell, name = dim): Cell => this.#select({ ...cell, dim: name, of: part })
    switch (of.kind) {
      case 'call':
        return gives ? this.#call({ ...of, args: of.args.map((arg) => again(arg)) }) : this.#shared(cell)
      case 'label':
        return gives ? this.#shared(selectLabel(of, selection)) : this.#shared(cell)
      case 'take':
        return of.dim === dim ? this.#merge(of, selection) : this.#shared({ ...of, of: again(of.of) })
      case 'at':
        return this.#shared({ ...of, of: again(of.of) })
      case 'reduce':
        return gives ? this.#reduce(of, selection, again) : this.#shared(cell)
      case 'rename':
        return this.#rename({ ...of, of: again(of.of, renamed(of.names, dim)) })
      default:
        return this.#shared(cell)
    }
  }

  #merge(below: Extract<Cell, { kind: 'take' }>, selection: Selection): Cell {
    const { dim } = selection
    if ('indices' in selection) {
      const indices = selection.indices.map((index) => (index < 0 ? -1 : below.indices[index]!))
      return this.#select({ kind: 'take', dim, indices, of: below.of })
    }
    const index = below.indices[selection.index]!
    if (index < 0) return this.#shared({ kind: 'constant', value: Number.NaN })
    return this.#select({ kind: 'at', dim, index, of: below.of })
  }

  #reduce(of: Extract<Cell, { kind: 'reduce' }>, selection: Selection, again: (part: Cell) => Cell): Cell {
    if (of.dim !== selection.dim) return this.#shared({ ...of, of: again(of.of) })
    const { groups, ...rest } = of
    if ('indices' in selection)
      return this.#shared({ ...of, groups: selection.indices.map((index) => groups![index]!) })
    const indices = groups![selection.index]!
    const part = this.#select({ kind: 'take', dim: of.dim, indices, of: of.of })
    return this.#shared({ ...rest, length: indices.length, of: part })
  }
}

function selectLabel(label: Extract<Cell, { kind: 'label' }>, selection: Selection): Cell {
  if ('index' in selection) return { kind: 'constant', value: label.values[selection.index]! }
  return { ...label, values: selection.indices.map((index) => label.values[index]!) }
}
