/**
 * A cell as one WebAssembly module: loops over the dimensions of the output, the vector dimension innermost but for one
 * that windows slide along.
 */
import type { CubeSchema } from '../../model/node.ts'
import type { Cell } from '../cell.ts'
import { fitsFloat32 } from '../packing.ts'
import { foldCells } from '../structure.ts'
import { assembleModule, type Code, i32 } from '../wasm/assembler.ts'
import { FLOAT32_LANES, FLOAT64_LANES, type Lanes, truthOfNumber } from '../wasm/lanes.ts'
import { SCALARS, type ScalarName } from './emissions.ts'
import { Generator, type StaticData } from './generator.ts'
import { type Index, NOT_A_VECTOR, type Scope } from './scope.ts'
import { reducesIn } from './siblings.ts'
import { slidingWindows } from './sliding.ts'
import { storeRegister } from './stores.ts'
import { ValueCompiler } from './values.ts'

export interface Program {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly scalars: readonly ScalarName[]
  /** Names of the 32-bit parameters, in order from address 0. */
  readonly parameters: readonly string[]
  readonly data: readonly StaticData[]
  /** Where memory is free for inputs and output. */
  readonly staticBytes: number
  /** Index of the vector dimension in the output; -1: none. */
  readonly vector: number
  /** Cells along the vector dimension that are computed together; rows are padded to whole groups. */
  readonly group: number
  readonly type: 'float32' | 'float64'
}

/**
 * float32 where all inputs are of at most 16 bits (or float32), float32 holds all labels and the output does not ask
 * for float64.
 */
export function lanesOf(cell: Cell, inputs: readonly CubeSchema[], output: CubeSchema): Lanes {
  if (output.packing.dtype === 'float64') return FLOAT64_LANES
  const exact = foldCells<boolean>(cell, (each, parts) => {
    if (!parts.every((part) => part)) return false
    if (each.kind === 'input') return fitsFloat32(inputs[each.input]!.packing.dtype)
    if (each.kind === 'label') return each.values.every((value) => Number.isNaN(value) || Math.fround(value) === value)
    return true
  })
  return exact ? FLOAT32_LANES : FLOAT64_LANES
}

/** Dimensions of the output that could be the vector, best first: long, and innermost in inputs and output. */
function vectorCandidates(output: CubeSchema, inputs: readonly CubeSchema[], group: number): number[] {
  const score = (d: number): number => {
    const { name, labels } = output.dims[d]!
    const used = labels.length / (Math.ceil(labels.length / group) * group)
    const long = Math.min(1, labels.length / (4 * group))
    const innermost = inputs.filter(({ dims }) => dims.at(-1)?.name === name).length / Math.max(1, inputs.length)
    return used * long * (1 + innermost + (d === output.dims.length - 1 ? 0.2 : 0))
  }
  return output.dims
    .map((_, d) => d)
    .filter((d) => output.dims[d]!.labels.length > 1)
    .sort((a, b) => score(b) - score(a))
}

const REGISTERS = 2

export function compileProgram(cell: Cell, inputs: readonly CubeSchema[], output: CubeSchema): Program {
  const lanes = lanesOf(cell, inputs, output)
  for (const vector of [...vectorCandidates(output, inputs, lanes.count * REGISTERS), -1]) {
    try {
      return compileAlong(cell, inputs, output, vector, new Generator(lanes, vector < 0 ? 1 : REGISTERS))
    } catch (error) {
      if (error !== NOT_A_VECTOR) throw error
    }
  }
  throw new Error('unreachable: without a vector dimension every cell compiles')
}

/** The dimension along which windows of the output slide, if all windows along it do; else -1. */
function slidDimension(cell: Cell, output: CubeSchema): number {
  const grouped = reducesIn(cell).filter(({ groups }) => groups !== undefined)
  return output.dims.findIndex(({ name }) => {
    const along = grouped.filter(({ dim }) => dim === name)
    return along.length > 0 && along.every((each) => slidingWindows(each) !== undefined)
  })
}

function compileAlong(
  cell: Cell,
  inputs: readonly CubeSchema[],
  output: CubeSchema,
  vector: number,
  generator: Generator,
): Program {
  const { lanes, registers } = generator
  const group = lanes.count * registers
  const slid = slidDimension(cell, output)
  const order = output.dims.map((_, d) => d).filter((d) => d !== vector && d !== slid)
  if (vector >= 0) order.push(vector)
  if (slid >= 0 && slid !== vector) order.push(slid)
  const indices = new Map<number, Index>()
  const nest = (level: number): void => {
    const d = order[level]
    if (d === undefined) {
      computeAndStore(cell, inputs, output, vector, generator, indices)
      return
    }
    const isVector = d === vector
    generator.loop(generator.parameter(`start ${d}`), generator.parameter(`end ${d}`), isVector ? group : 1, (code) => {
      const { depth } = generator
      const common = { code, depth, unsafe: false } as const
      indices.set(
        d,
        isVector
          ? { kind: 'lane', shift: 0, table: undefined, key: 'lane+0', ...common }
          : { kind: 'uniform', key: `dimension${d}`, ...common },
      )
      nest(level + 1)
    })
  }
  nest(0)
  return {
    bytes: assembleModule(
      generator.finished(),
      generator.locals,
      generator.scalars.map((name) => ({ name, arity: SCALARS[name].length })),
    ),
    scalars: generator.scalars,
    parameters: generator.parameters,
    data: generator.data,
    staticBytes: generator.staticBytes,
    vector,
    group,
    type: lanes.type,
  }
}

/** The body of the innermost loop. */
function computeAndStore(
  cell: Cell,
  inputs: readonly CubeSchema[],
  output: CubeSchema,
  vector: number,
  generator: Generator,
  indices: ReadonlyMap<number, Index>,
): void {
  const compiler = new ValueCompiler(generator, inputs, cell)
  const scope: Scope = new Map(output.dims.map(({ name }, d) => [name, indices.get(d)!]))
  const value = compiler.value(cell, scope)
  const numbers = output.packing.isBoolean && value.kind === 'truth' ? undefined : compiler.asNumbers(value)
  let address: Code = generator.parameter('output base')
  for (const [d, index] of [...indices].sort(([, a], [, b]) => a.depth - b.depth)) {
    const before = address
    address = generator.shared(index.depth, `output ${d}`, () => {
      const at = index.kind === 'fixed' ? i32.const(index.value) : index.code
      return generator.keepInteger(i32.add(before, i32.mul(at, generator.parameter(`output stride ${d}`))))
    })
  }
  const stride =
    vector === output.dims.length - 1 || vector < 0 ? undefined : generator.parameter(`output stride ${vector}`)
  for (let r = 0; r < generator.registers; r++) {
    const truth = () =>
      value.kind === 'truth' ? value.registers[r]! : truthOfNumber(generator.lanes, value.registers[r]!)
    const target = { address, register: r, stride, single: vector < 0 }
    storeRegister(generator, output.packing, numbers?.[r] ?? [], truth, target)
  }
}
