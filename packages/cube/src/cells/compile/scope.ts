/** Indices of dimensions while a kernel is compiled: known numbers, variables of loops, or one per lane. */
import { renamed } from '../structure.ts'
import { type Code, i32 } from '../wasm/assembler.ts'
import type { Generator } from './generator.ts'

export type Index =
  | { readonly kind: 'fixed'; readonly value: number; readonly depth: 0; readonly key: string; readonly unsafe: false }
  /** The same index in all lanes. `unsafe`: may be -1, or any index below a -1. */
  | {
      readonly kind: 'uniform'
      readonly code: Code
      readonly depth: number
      readonly key: string
      readonly unsafe: boolean
    }
  /** The vector dimension: neighbours in neighbouring lanes, shifted, or looked up by the cell's own index. */
  | {
      readonly kind: 'lane'
      readonly code: Code
      readonly shift: number
      readonly table: readonly number[] | undefined
      readonly depth: number
      readonly key: string
      readonly unsafe: boolean
    }

export type Scope = ReadonlyMap<string, Index>

/** Thrown where the vector dimension cannot be one: reductions over groups need the same group in all lanes. */
export const NOT_A_VECTOR = Symbol('the dimension cannot be the vector of a kernel')

export const fixedIndex = (value: number): Index => ({
  kind: 'fixed',
  value,
  depth: 0,
  key: `${value}`,
  unsafe: false,
})

export function indexOf(scope: Scope, name: string): Index {
  const index = scope.get(name)
  if (index === undefined) throw new Error(`a cell reads dimension '${name}', which is not in its scope`)
  return index
}

/** The scope below a `rename`. */
export function renamedScope(scope: Scope, names: Readonly<Record<string, string>>): Scope {
  const below = new Map(scope)
  for (const above of Object.keys(names)) below.delete(above)
  for (const above of Object.keys(names)) below.set(renamed(names, above), indexOf(scope, above))
  return below
}

/** The constant by which all indices are greater than their place; undefined where there is none. */
function shiftOf(indices: readonly number[]): number | undefined {
  const shift = indices[0]
  if (shift === undefined || shift < 0) return undefined
  return indices.every((index, i) => index === i + shift) ? shift : undefined
}

const addressOf = (table: number, index: Code): Code => i32.add(i32.shl(index, i32.const(2)), i32.const(table))

/** The index below a `take`; `fixed` ones of -1 are for the caller to see. */
export function takenIndex(generator: Generator, index: Index, indices: readonly number[]): Index {
  if (index.kind === 'fixed') return fixedIndex(indices[index.value]!)
  const unsafe = index.unsafe || indices.includes(-1)
  const { depth } = index
  if (index.kind === 'uniform') {
    const shift = index.unsafe ? undefined : shiftOf(indices)
    if (shift === 0) return index
    const table = shift === undefined ? generator.table(Int32Array.from(indices)) : 0
    const key = shift === undefined ? `table${table}(${index.key})` : `${index.key}+${shift}`
    const code = generator.shared(depth, `index ${key}`, () => {
      const safe = index.unsafe ? clampToZero(generator, index.code) : index.code
      return generator.keepInteger(
        shift === undefined ? i32.load(addressOf(table, safe)) : i32.add(index.code, i32.const(shift)),
      )
    })
    return { kind: 'uniform', code, depth, key, unsafe }
  }
  const composed =
    index.table === undefined
      ? indices.slice(index.shift)
      : index.table.map((below) => (below < 0 ? -1 : indices[below]!))
  const shift = shiftOf(composed)
  if (shift !== undefined) return { ...index, shift, table: undefined, key: `lane+${shift}`, unsafe: false }
  const key = `lane table${generator.table(Int32Array.from(composed))}`
  return { ...index, shift: 0, table: composed, key, unsafe }
}

/** An index that may be -1 must not read before a table. */
function clampToZero(generator: Generator, code: Code): Code {
  const index = generator.keepInteger(code)
  return [index, i32.const(0), i32.geS(index, i32.const(0)), 0x1b]
}

/** What identifies the dimensions that a cell depends on, and the deepest loop among them. */
export function signature(scope: Scope, free: ReadonlySet<string>): { key: string; depth: number } {
  let depth = 0
  let key = ''
  for (const name of [...free].sort((a, b) => (a < b ? -1 : 1))) {
    const index = indexOf(scope, name)
    key += `${name}=${index.key};`
    depth = Math.max(depth, index.depth)
  }
  return { key, depth }
}
