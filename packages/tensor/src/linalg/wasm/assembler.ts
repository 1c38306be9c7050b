/**
 * A small WebAssembly assembler: instructions as nested lists of bytes, functions with named locals, one module. It is
 * not a general one: only the instructions that the kernels use, operands checked by nobody but the engine.
 */

/** Bytes of instructions, nested as they were composed. */
export type Code = number | readonly Code[]

export type ValueType = 'i32' | 'f64' | 'v128'

const valueTypes: Readonly<Record<ValueType, number>> = { i32: 0x7f, f64: 0x7c, v128: 0x7b }

/** A parameter or local variable of a function. */
export interface Local {
  readonly index: number
  readonly type: ValueType
  readonly get: Code
  set(value: Code): Code
}

/** Declares one more local variable of the function under construction. */
export type Declare = (type: ValueType) => Local

export interface WasmFunction {
  readonly name: string
  readonly parameters: readonly ValueType[]
  readonly result: ValueType | undefined
  readonly locals: readonly ValueType[]
  readonly body: Code
}

function unsigned(value: number): number[] {
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

export const simd = (opcode: number): Code => [0xfd, unsigned(opcode)]
export const memory = (align: number, offset: number): Code => [align, unsigned(offset)]
export const binary =
  (opcode: Code) =>
  (a: Code, b: Code): Code => [a, b, opcode]
export const unary =
  (opcode: Code) =>
  (a: Code): Code => [a, opcode]

export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  load: (address: Code, offset = 0): Code => [address, 0x28, memory(2, offset)],
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  divU: binary(0x6e),
  and: binary(0x71),
  shl: (a: Code, bits: number): Code => [a, i32.const(bits), 0x74],
  eqz: unary(0x45),
  eq: binary(0x46),
  ltS: binary(0x48),
  gtS: binary(0x4a),
  leS: binary(0x4c),
  geS: binary(0x4e),
  /** The smaller of two signed numbers; both are evaluated twice. */
  min: (a: Code, b: Code): Code => [a, b, i32.ltS(a, b), 0x1b],
}

export const f64 = {
  const: (value: number): Code => [0x44, ...new Uint8Array(new Float64Array([value]).buffer)],
  load: (address: Code, offset = 0): Code => [address, 0x2b, memory(3, offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x39, memory(3, offset)],
  sqrt: unary(0x9f),
  neg: unary(0x9a),
  add: binary(0xa0),
  sub: binary(0xa1),
  mul: binary(0xa2),
  div: binary(0xa3),
  gt: binary(0x64),
}

export const f64x2 = {
  /** Loads two numbers; the address needs the alignment of one number only. */
  load: (address: Code, offset = 0): Code => [address, simd(0), memory(3, offset)],
  /** Loads one number into both lanes. */
  loadSplat: (address: Code, offset = 0): Code => [address, simd(10), memory(3, offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, simd(11), memory(3, offset)],
  zero: [0xfd, 12, new Array<number>(16).fill(0)] as Code,
  splat: unary(simd(0x14)),
  lane: (value: Code, lane: 0 | 1): Code => [value, simd(0x21), lane],
  /** The lanes (a[i], b[j]), as i and 2 + j of the four lanes of a and b. */
  shuffle: (a: Code, b: Code, first: number, second: number): Code => {
    const lanes = [first, second].flatMap((lane) => Array.from({ length: 8 }, (_, byte) => lane * 8 + byte))
    return [a, b, 0xfd, 13, lanes]
  },
  add: binary(simd(0xf0)),
  sub: binary(simd(0xf1)),
  mul: binary(simd(0xf2)),
  div: binary(simd(0xf3)),
  /** a * b + c, rounded once where the engine fuses. */
  relaxedMadd: (a: Code, b: Code, c: Code): Code => [a, b, c, simd(0x107)],
  /** c - a * b. */
  relaxedNmadd: (a: Code, b: Code, c: Code): Code => [a, b, c, simd(0x108)],
}

/** `if (condition) then else otherwise`, without a value. */
export function when(condition: Code, then: Code, otherwise?: Code): Code {
  return [condition, 0x04, 0x40, then, otherwise === undefined ? [] : [0x05, otherwise], 0x0b]
}

/** Repeats the body while the condition holds, tested at the start. */
export function repeatWhile(condition: Code, body: Code): Code {
  return [condition, 0x04, 0x40, 0x03, 0x40, body, condition, 0x0d, 0, 0x0b, 0x0b]
}

/** `for (counter = from; counter < to; counter += step)`; `to` is evaluated each time. */
export function count(counter: Local, from: Code, to: Code, step: Code, body: Code): Code {
  return [counter.set(from), repeatWhile(i32.ltS(counter.get, to), [body, counter.set(i32.add(counter.get, step))])]
}

/** A record that gives every name the type i32, for parameters. */
export function integers<const Names extends string>(...names: readonly Names[]): Readonly<Record<Names, 'i32'>> {
  return Object.fromEntries(names.map((name) => [name, 'i32'])) as Record<Names, 'i32'>
}

/** Local variables of one type, by name. */
export function declareAll<const Names extends string>(
  declare: Declare,
  type: ValueType,
  ...names: readonly Names[]
): Readonly<Record<Names, Local>> {
  return Object.fromEntries(names.map((name) => [name, declare(type)])) as Record<Names, Local>
}

/** So many local variables of one type. */
export function declareMany(declare: Declare, type: ValueType, n: number): readonly Local[] {
  return Array.from({ length: n }, () => declare(type))
}

/** Adds to a variable. */
export const advance = (local: Local, by: Code): Code => local.set(i32.add(local.get, by))

export function call(index: number, ...operands: readonly Code[]): Code {
  return [operands, 0x10, unsigned(index)]
}

/** A function with named parameters; `build` receives them as locals and may declare more. */
export function defineFunction<const Names extends string>(
  name: string,
  parameters: Readonly<Record<Names, ValueType>>,
  result: ValueType | undefined,
  build: (p: Readonly<Record<Names, Local>>, declare: Declare) => Code,
): WasmFunction {
  const types = Object.values<ValueType>(parameters)
  const locals: ValueType[] = []
  const local = (index: number, type: ValueType): Local => ({
    index,
    type,
    get: [0x20, unsigned(index)],
    set: (value) => [value, 0x21, unsigned(index)],
  })
  const named = Object.fromEntries(
    Object.keys(parameters).map((key, index) => [key, local(index, types[index]!)]),
  ) as Record<Names, Local>
  const body = build(named, (type) => local(types.length + locals.push(type) - 1, type))
  return { name, parameters: types, result, locals, body }
}

function flat(code: Code, into: number[]): void {
  if (typeof code === 'number') into.push(code)
  else for (const part of code) flat(part, into)
}

function bytesOf(code: Code): number[] {
  const bytes: number[] = []
  flat(code, bytes)
  return bytes
}

const sized = (code: Code): Code => {
  const bytes = bytesOf(code)
  return [unsigned(bytes.length), bytes]
}

const vector = (items: readonly Code[]): Code => [unsigned(items.length), items]

const text = (value: string): Code => vector([...value].map((letter) => letter.charCodeAt(0)))

const section = (id: number, items: readonly Code[]): Code => [id, sized(vector(items))]

/** A module that imports the memory `env.memory` and exports every function by its name. */
export function assemble(
  functions: readonly WasmFunction[],
  pages: { maximum: number; shared: boolean },
): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, result }) => [
    0x60,
    vector(parameters.map((type) => valueTypes[type])),
    vector(result === undefined ? [] : [valueTypes[result]]),
  ])
  const bodies = functions.map(({ locals, body }) =>
    sized([vector(locals.map((type) => [1, valueTypes[type]])), body, 0x0b]),
  )
  const limits: Code = [pages.shared ? 3 : 1, unsigned(1), unsigned(pages.maximum)]
  return new Uint8Array(
    bytesOf([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, types),
      section(2, [[text('env'), text('memory'), 2, limits]]),
      section(
        3,
        functions.map((_, index) => unsigned(index)),
      ),
      section(
        7,
        functions.map(({ name }, index) => [text(name), 0, unsigned(index)]),
      ),
      section(10, bodies),
    ]),
  )
}
