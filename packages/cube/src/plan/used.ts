/** Which labels of its inputs a cell reads at all: what may be left out of them. */
import type { Cell } from '../cells/cell.ts'
import { renamed } from '../cells/structure.ts'
import type { CellNode } from '../model/node.ts'

/** Indices of one dimension, sorted; arrays are shared, so that identity tells them apart. */
type Indices = readonly number[]
type Scope = ReadonlyMap<string, Indices>

/** For each label of a dimension, 1 where it is used. */
export type Mask = Uint8Array

class Walk {
  readonly #node: CellNode
  readonly #ids = new Map<Indices, number>()
  readonly #made = new Map<string, Indices>()
  readonly #seen = new Map<Cell, Set<string>>()
  /** Per input, per dimension. */
  readonly used: Mask[][]

  constructor(node: CellNode) {
    this.#node = node
    this.used = node.inputs.map((input) => input.schema.dims.map(({ labels }) => new Uint8Array(labels.length)))
    const scope = new Map(node.schema.dims.map(({ name, labels }) => [name, range(labels.length)]))
    this.#visit(node.cell, scope)
  }

  #idOf(object: Indices): number {
    const id = this.#ids.get(object) ?? this.#ids.size
    this.#ids.set(object, id)
    return id
  }

  /** Made once for each pair of what it is made from. */
  #derived(from: Indices, by: unknown, make: () => Iterable<number>): Indices {
    const key = `${this.#idOf(from)}:${this.#idOf(by as Indices)}`
    const known = this.#made.get(key)
    if (known !== undefined) return known
    const made = [...new Set(make())].sort((a, b) => a - b)
    this.#made.set(key, made)
    return made
  }

  #below(cell: Extract<Cell, { of: Cell }>, scope: Scope): Scope {
    const inner = new Map(scope)
    switch (cell.kind) {
      case 'at':
        return inner.set(
          cell.dim,
          this.#derived(NONE, cell, () => [cell.index]),
        )
      case 'take': {
        const above = scope.get(cell.dim)!
        const make = () => above.map((i) => cell.indices[i]!).filter((i) => i >= 0)
        return inner.set(cell.dim, this.#derived(above, cell.indices, make))
      }
      case 'reduce': {
        const { groups, length } = cell
        if (groups === undefined)
          return inner.set(
            cell.dim,
            this.#derived(NONE, cell, () => range(length)),
          )
        const above = scope.get(cell.dim)!
        return inner.set(
          cell.dim,
          this.#derived(above, groups, () => above.flatMap((g) => groups[g]!)),
        )
      }
      default:
        for (const above of Object.keys(cell.names)) inner.delete(above)
        for (const above of Object.keys(cell.names))
          if (scope.has(above)) inner.set(renamed(cell.names, above), scope.get(above)!)
        return inner
    }
  }

  #visit(cell: Cell, scope: Scope): void {
    const key = [...scope].map(([name, indices]) => `${name}=${this.#idOf(indices)}`).join('|')
    const before = this.#seen.get(cell) ?? new Set()
    if (before.has(key)) return
    this.#seen.set(cell, before.add(key))
    if (cell.kind === 'input') {
      for (const [d, { name }] of this.#node.inputs[cell.input]!.schema.dims.entries())
        mark(this.used[cell.input]![d]!, scope.get(name)!)
    } else if (cell.kind === 'call') for (const arg of cell.args) this.#visit(arg, scope)
    else if ('of' in cell) this.#visit(cell.of, this.#below(cell, scope))
  }
}

const NONE: Indices = []
const range = (length: number): number[] => Array.from({ length }, (_, i) => i)

function mark(mask: Mask, indices: Indices): void {
  for (const index of indices) mask[index] = 1
}

/** For each input and each of its dimensions, the labels that some cell of the node reads. */
export function usedLabels(node: CellNode): readonly (readonly Mask[])[] {
  return new Walk(node).used
}
