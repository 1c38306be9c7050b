/** The reference: evaluates a cell position by position in float64. Slow; what compiled kernels are tested against. */
import { newArray } from '../dtype.ts'
import type { Block } from '../model/block.ts'
import type { CubeSchema } from '../model/node.ts'
import { cellCount, type Region, stridesOf } from '../model/region.ts'
import type { Cell } from './cell.ts'
import { evaluatorOf } from './operations.ts'
import { packValue, unpackValue } from './packing.ts'
import { type ReducerOptions, reduceValues } from './reducers.ts'
import { renamed } from './structure.ts'

type Evaluate = () => number
/** Where the index of each dimension in scope is kept. */
type Scope = ReadonlyMap<string, number>

const MISSING = Number.NaN

/** Indices of the position, one slot per dimension of each scope. */
class Builder {
  readonly slots: number[] = []
  readonly #inputs: readonly CubeSchema[]
  readonly #blocks: readonly (Block | undefined)[]

  constructor(inputs: readonly CubeSchema[], blocks: readonly (Block | undefined)[]) {
    this.#inputs = inputs
    this.#blocks = blocks
  }

  slot(value = 0): number {
    return this.slots.push(value) - 1
  }

  build(cell: Cell, scope: Scope): Evaluate {
    const { slots } = this
    switch (cell.kind) {
      case 'input':
        return this.#input(cell.input, scope)
      case 'constant':
        return () => cell.value
      case 'call':
        return this.#call(cell, scope)
      case 'label': {
        const slot = scope.get(cell.dim)!
        return () => cell.values[slots[slot]!]!
      }
      case 'at':
        return this.build(cell.of, new Map(scope).set(cell.dim, this.slot(cell.index)))
      case 'take': {
        const above = scope.get(cell.dim)!
        const below = this.slot()
        const of = this.build(cell.of, new Map(scope).set(cell.dim, below))
        return () => {
          slots[below] = cell.indices[slots[above]!]!
          return slots[below] < 0 ? MISSING : of()
        }
      }
      case 'reduce':
        return this.#reduce(cell, scope)
      default: {
        const below = new Map(scope)
        for (const above of Object.keys(cell.names)) below.delete(above)
        for (const above of Object.keys(cell.names)) below.set(renamed(cell.names, above), scope.get(above)!)
        return this.build(cell.of, below)
      }
    }
  }

  #input(input: number, scope: Scope): Evaluate {
    const { slots } = this
    const block = this.#blocks[input]
    const { dims, packing } = this.#inputs[input]!
    if (block === undefined) return () => MISSING
    const { start, shape } = block.region
    const strides = stridesOf(shape)
    const from = dims.map(({ name }) => scope.get(name)!)
    return () => {
      let at = 0
      for (let d = 0; d < from.length; d++) at += (slots[from[d]!]! - start[d]!) * strides[d]!
      return unpackValue(packing, block.data[at]!)
    }
  }

  #call(cell: Extract<Cell, { kind: 'call' }>, scope: Scope): Evaluate {
    const evaluate = evaluatorOf(cell.operation)
    if (evaluate === undefined) throw new Error(`cells know no operation '${cell.operation}'`)
    const args = cell.args.map((arg) => this.build(arg, scope))
    return () => evaluate(args.map((arg) => arg()))
  }

  #reduce(cell: Extract<Cell, { kind: 'reduce' }>, scope: Scope): Evaluate {
    const { slots } = this
    const below = this.slot()
    const of = this.build(cell.of, new Map(scope).set(cell.dim, below))
    const above = cell.groups === undefined ? -1 : scope.get(cell.dim)!
    const all = Array.from({ length: cell.length }, (_, i) => i)
    const options: ReducerOptions = {
      ignoreNodata: cell.ignoreNodata ?? true,
      probability: cell.probability ?? 0.5,
    }
    return () => {
      const indices = cell.groups === undefined ? all : cell.groups[slots[above]!]!
      const values = new Float64Array(indices.length)
      for (const [i, index] of indices.entries()) {
        slots[below] = index
        values[i] = of()
      }
      return reduceValues(cell.reducer, values, options)
    }
  }
}

/** Physical values of a region of the output in float64, row-major; NaN is missing. */
export function interpretValues(
  cell: Cell,
  inputs: readonly CubeSchema[],
  output: CubeSchema,
  region: Region,
  blocks: readonly (Block | undefined)[],
): Float64Array<ArrayBuffer> {
  const builder = new Builder(inputs, blocks)
  const scope = new Map(output.dims.map(({ name }) => [name, builder.slot()]))
  const evaluate = builder.build(cell, scope)
  const { slots } = builder
  const values = new Float64Array(cellCount(region.shape))
  const rank = region.shape.length
  for (let d = 0; d < rank; d++) slots[d] = region.start[d]!
  for (let i = 0; i < values.length; i++) {
    values[i] = evaluate()
    for (let d = rank - 1; d >= 0; d--) {
      if (++slots[d]! < region.start[d]! + region.shape[d]!) break
      slots[d] = region.start[d]!
    }
  }
  return values
}

/** The block that a kernel of this cell has to give, computed by the reference. */
export function interpret(
  cell: Cell,
  inputs: readonly CubeSchema[],
  output: CubeSchema,
  region: Region,
  blocks: readonly (Block | undefined)[],
): Block {
  const values = interpretValues(cell, inputs, output, region, blocks)
  const data = newArray(output.packing.dtype, values.length)
  for (let i = 0; i < values.length; i++) data[i] = packValue(output.packing, values[i]!)
  return { region, data }
}
