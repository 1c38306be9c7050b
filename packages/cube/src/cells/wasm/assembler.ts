/**
 * A small WebAssembly assembler: instructions as nested lists of bytes, one function with locals, one module with
 * scalar imports and a memory. Operands are checked by nobody but the engine. The instructions are in `simd.ts`.
 */

/** Bytes of instructions, nested as they were composed. */
export type Code = number | readonly Code[]

export type ValueType = 'i32' | 'f64' | 'v128'

const VALUE_TYPES: Readonly<Record<ValueType, number>> = { i32: 0x7f, f64: 0x7c, v128: 0x7b }

export function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value >>> 0
  do {
    const low = rest & 0x7f
    rest >>>= 7
    bytes.push(rest === 0 ? low : low | 0x80)
  } while (rest !== 0)
  return bytes
}

function signed(value: number): number[] {
  const bytes: number[] = []
  let rest = value | 0
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

type Binary = (a: Code, b: Code) => Code

/** Instructions of two operands, from their opcodes. */
export function binaries<const Names extends string>(
  opcodes: Readonly<Record<Names, Code>>,
): Readonly<Record<Names, Binary>> {
  return mapped(
    opcodes,
    (opcode) =>
      (a: Code, b: Code): Code => [a, b, opcode],
  )
}

/** Instructions of one operand. */
export function unaries<const Names extends string>(
  opcodes: Readonly<Record<Names, Code>>,
): Readonly<Record<Names, (a: Code) => Code>> {
  return mapped(
    opcodes,
    (opcode) =>
      (a: Code): Code => [a, opcode],
  )
}

export function mapped<Names extends string, A, B>(
  table: Readonly<Record<Names, A>>,
  make: (value: A) => B,
): Readonly<Record<Names, B>> {
  return Object.fromEntries(Object.entries<A>(table).map(([name, value]) => [name, make(value)])) as Record<Names, B>
}

/** Alignment hint 0 (none) and a constant offset. */
export const memoryArgument = (offset: number): Code => [0, unsigned(offset)]

export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  load: (address: Code, offset = 0): Code => [address, 0x28, memoryArgument(offset)],
  ...unaries({ eqz: 0x45 }),
  ...binaries({ eq: 0x46, ne: 0x47, ltS: 0x48, ltU: 0x49, gtS: 0x4a, gtU: 0x4b, geS: 0x4e }),
  ...binaries({ add: 0x6a, sub: 0x6b, mul: 0x6c, and: 0x71, shl: 0x74 }),
}

export const f64 = {
  const: (value: number): Code => [0x44, ...new Uint8Array(new Float64Array([value]).buffer)],
}

export const f32 = {
  const: (value: number): Code => [0x43, ...new Uint8Array(new Float32Array([value]).buffer)],
  demote: (a: Code): Code => [a, 0xb6],
  promote: (a: Code): Code => [a, 0xbb],
}

/** `condition ? a : b` of scalars; both are evaluated. */
export const choose = (a: Code, b: Code, condition: Code): Code => [a, b, condition, 0x1b]

/** `if (condition) then else otherwise`, without a value. */
export function when(condition: Code, then: Code, otherwise?: Code): Code {
  return [condition, 0x04, 0x40, then, otherwise === undefined ? [] : [0x05, otherwise], 0x0b]
}

/** Repeats the body while the condition holds, tested at the start. */
export function repeatWhile(condition: Code, body: Code): Code {
  return [0x02, 0x40, condition, 0x45, 0x0d, 0, 0x03, 0x40, body, condition, 0x0d, 0, 0x0b, 0x0b]
}

export const callFunction = (index: number, ...operands: readonly Code[]): Code => [operands, 0x10, unsigned(index)]

/** A local variable. */
export interface Local {
  readonly get: Code
  set(value: Code): Code
}

/** The locals of the function under construction. */
export class Locals {
  readonly types: ValueType[] = []

  declare(type: ValueType): Local {
    const index = unsigned(this.types.push(type) - 1)
    return { get: [0x20, index], set: (value) => [value, 0x21, index] }
  }
}

/** A scalar function of float64 numbers that the module imports. */
export interface ScalarImport {
  readonly name: string
  readonly arity: number
}

/** Into bytes, without recursion limits in mind: expressions are a few hundred levels deep at most. */
function flat(code: Code, into: number[]): void {
  if (typeof code === 'number') into.push(code)
  else for (const part of code) flat(part, into)
}

function bytesOf(code: Code): number[] {
  const bytes: number[] = []
  flat(code, bytes)
  return bytes
}

function sized(code: Code): Code {
  const bytes = bytesOf(code)
  return [unsigned(bytes.length), bytes]
}

const vector = (items: readonly Code[]): Code => [unsigned(items.length), items]
const text = (value: string): Code => vector([...value].map((letter) => letter.charCodeAt(0)))
const section = (id: number, items: readonly Code[]): Code => [id, sized(vector(items))]

/** A module that imports `m.memory` and scalar functions `m.NAME`, and exports the function `run()`. */
export function assembleModule(body: Code, locals: Locals, imports: readonly ScalarImport[]): Uint8Array<ArrayBuffer> {
  const functionType = (arity: number, results: readonly ValueType[]): Code => [
    0x60,
    vector(new Array<number>(arity).fill(VALUE_TYPES.f64)),
    vector(results.map((type) => VALUE_TYPES[type])),
  ]
  const types = [functionType(0, []), functionType(1, ['f64']), functionType(2, ['f64'])]
  const runs: [ValueType, number][] = []
  for (const type of locals.types) {
    const last = runs.at(-1)
    if (last?.[0] === type) last[1]++
    else runs.push([type, 1])
  }
  const code = sized([vector(runs.map(([type, count]) => [unsigned(count), VALUE_TYPES[type]])), body, 0x0b])
  return new Uint8Array(
    bytesOf([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, types),
      section(2, [
        [text('m'), text('memory'), 2, 0, unsigned(1)],
        ...imports.map(({ name, arity }): Code => [text('m'), text(name), 0, arity]),
      ]),
      section(3, [0]),
      section(7, [[text('run'), 0, unsigned(imports.length)]]),
      section(10, [code]),
    ]),
  )
}
