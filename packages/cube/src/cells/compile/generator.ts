/**
 * Where code goes: levels of nested loops, each with what has been computed there. An expression is emitted at the
 * outermost level that knows all it depends on, once, whoever asks for it from there or from deeper.
 */
import { type Code, i32, type Local, Locals, repeatWhile, type ValueType } from '../wasm/assembler.ts'
import type { Lanes } from '../wasm/lanes.ts'
import { SCALARS, type ScalarName } from './emissions.ts'

interface Level {
  readonly code: Code[]
  readonly known: Map<string, unknown>
}

/** The first bytes of memory hold the parameters of a run, as 32-bit integers. */
export const PARAMETER_BYTES = 8192
const TABLE_ALIGNMENT = 16

/** Bytes that are in memory before the first run. */
export interface StaticData {
  readonly address: number
  readonly bytes: Uint8Array
}

export class Generator {
  readonly lanes: Lanes
  /** Registers that one value takes: more than one shares the cost of loops and addresses. */
  readonly registers: number
  readonly locals = new Locals()
  readonly parameters: string[] = []
  readonly scalars: ScalarName[] = []
  readonly data: StaticData[] = []
  staticBytes = PARAMETER_BYTES
  readonly #levels: Level[] = [{ code: [], known: new Map() }]
  readonly #tables = new Map<string, number>()
  #unique = 0

  constructor(lanes: Lanes, registers: number) {
    this.lanes = lanes
    this.registers = registers
  }

  /** The number of loops around what is emitted now. */
  get depth(): number {
    return this.#levels.length - 1
  }

  unique(): number {
    return this.#unique++
  }

  emit(code: Code): void {
    this.#levels.at(-1)!.code.push(code)
  }

  keep = (code: Code): Code => this.variable(code).get

  keepInteger(code: Code): Code {
    return this.variable(code, 'i32').get
  }

  /** A variable that starts as `code` here. */
  variable(code: Code, type: ValueType = 'v128'): Local {
    const local = this.locals.declare(type)
    this.emit(local.set(code))
    return local
  }

  /** What `make` emits at the given depth, or has emitted there or further out under the same key. */
  shared<T>(depth: number, key: string, make: () => T): T {
    for (let level = 0; level <= depth; level++) {
      const known = this.#levels[level]!.known
      if (known.has(key)) return known.get(key) as T
    }
    const deeper = this.#levels.splice(depth + 1)
    const made = make()
    this.#levels[depth]!.known.set(key, made)
    this.#levels.push(...deeper)
    return made
  }

  /** Whether something has been emitted under a key, here or further out. */
  knows(key: string): boolean {
    return this.#levels.some(({ known }) => known.has(key))
  }

  /** Keeps what was emitted at this depth, as if `shared` had asked for it. */
  remember(key: string, made: unknown): void {
    this.#levels.at(-1)!.known.set(key, made)
  }

  /** `for (counter = start; counter < end; counter += step)`; both limits are variables or constants. */
  loop(start: Code, end: Code, step: number, body: (counter: Code) => void): void {
    const counter = this.locals.declare('i32')
    this.#levels.push({ code: [], known: new Map() })
    body(counter.get)
    const { code } = this.#levels.pop()!
    const advance = counter.set(i32.add(counter.get, i32.const(step)))
    this.emit([counter.set(start), repeatWhile(i32.ltS(counter.get, end), [code, advance])])
  }

  /** Code that `body` emits, held back. */
  captured(body: () => void): Code {
    this.#levels.push({ code: [], known: new Map() })
    body()
    return this.#levels.pop()!.code
  }

  /** The code of the outermost level, once all loops are closed. */
  finished(): Code {
    if (this.depth !== 0) throw new Error('a loop of a kernel was not closed')
    return this.#levels[0]!.code
  }

  /** A 32-bit number that is given for each run. */
  parameter(name: string): Code {
    return this.shared(0, `parameter ${name}`, () => {
      const at = (this.parameters.push(name) - 1) * 4
      if (at >= PARAMETER_BYTES) throw new RangeError('a kernel has too many parameters')
      return this.keepInteger(i32.load(i32.const(0), at))
    })
  }

  /** Memory of the kernel's own; its address. */
  allocate(bytes: number): number {
    const address = this.staticBytes
    this.staticBytes += Math.ceil(bytes / TABLE_ALIGNMENT) * TABLE_ALIGNMENT
    return address
  }

  /** The address of constants in memory; equal tables are stored once. */
  table(values: Int32Array | Float32Array | Float64Array): number {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    const key = `${values.constructor.name} ${values.join()}`
    const known = this.#tables.get(key)
    if (known !== undefined) return known
    // Lanes beyond the last element are read, never used.
    const address = this.allocate(bytes.length + 64)
    this.data.push({ address, bytes })
    this.#tables.set(key, address)
    return address
  }

  /** The index of an imported function. */
  scalar(name: ScalarName): { index: number; arity: number } {
    const known = this.scalars.indexOf(name)
    return { index: known < 0 ? this.scalars.push(name) - 1 : known, arity: SCALARS[name].length }
  }
}
