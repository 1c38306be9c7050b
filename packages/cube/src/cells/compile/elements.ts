/** The elements that a `reduce` runs over, as loops over a dimension or over one group of its indices. */
import type { Cell } from '../cell.ts'
import { type Code, choose, i32 } from '../wasm/assembler.ts'
import type { Generator } from './generator.ts'
import { indexOf, NOT_A_VECTOR, type Scope } from './scope.ts'

type ReduceCell = Extract<Cell, { kind: 'reduce' }>

export interface Elements {
  /** The greatest and the least number of elements. */
  readonly most: number
  readonly least: number
  /** The number of elements as a 32-bit integer. */
  readonly count: Code
  /** Emits a loop; `step` emits its body, for the scope of one element and its place in the loop. */
  each(step: (scope: Scope, counter: Code) => void): void
}

/** The scope in which the reduced dimension has the index that the loop has reached. */
export function scopeAt(generator: Generator, cell: ReduceCell, scope: Scope, code: Code): Scope {
  const key = `loop${generator.unique()}`
  return new Map(scope).set(cell.dim, { kind: 'uniform', code, depth: generator.depth, key, unsafe: false })
}

export function elementsOf(generator: Generator, cell: ReduceCell, scope: Scope): Elements {
  if (cell.groups !== undefined) return groupElements(generator, cell, scope, cell.groups)
  const { length } = cell
  return {
    most: length,
    least: length,
    count: i32.const(length),
    each: (step) =>
      generator.loop(i32.const(0), i32.const(length), 1, (counter) =>
        step(scopeAt(generator, cell, scope, counter), counter),
      ),
  }
}

function groupElements(
  generator: Generator,
  cell: ReduceCell,
  scope: Scope,
  groups: readonly (readonly number[])[],
): Elements {
  const index = indexOf(scope, cell.dim)
  if (index.kind === 'lane') throw NOT_A_VECTOR
  const ends = [0]
  for (const group of groups) ends.push(ends.at(-1)! + group.length)
  const limits = generator.table(Int32Array.from(ends))
  const flat = generator.table(Int32Array.from(groups.flat()))
  const above = index.kind === 'fixed' ? i32.const(index.value) : index.code
  // An index of -1 has a result that nobody reads; it must not loop beyond the table.
  const group = index.unsafe ? generator.keepInteger(choose(above, i32.const(0), i32.geS(above, i32.const(0)))) : above
  const at = generator.keepInteger(i32.add(i32.shl(group, i32.const(2)), i32.const(limits)))
  const start = generator.keepInteger(i32.load(at))
  const count = generator.keepInteger(i32.sub(i32.load(at, 4), start))
  return {
    most: Math.max(0, ...groups.map((indices) => indices.length)),
    least: Math.min(...groups.map((indices) => indices.length)),
    count,
    each: (step) =>
      generator.loop(i32.const(0), count, 1, (counter) => {
        const place = i32.shl(i32.add(start, counter), i32.const(2))
        const below = generator.keepInteger(i32.load(i32.add(place, i32.const(flat))))
        step(scopeAt(generator, cell, scope, below), counter)
      }),
  }
}
