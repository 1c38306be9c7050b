/**
 * Matrix products of float32 for convolutions: rows of `depth` numbers times panels of eight columns. Six rows by eight
 * columns are twelve accumulators, which with two vectors of the panel and one of a row fill the fifteen registers that
 * V8 leaves on x64; measured on Zen 4: 55.8 of 56 GFLOP/s, groups of five rows among those of six.
 */
import {
  advance,
  type Code,
  count,
  declareAll,
  declareMany,
  defineFunction,
  i32,
  integers,
  type Local,
  repeatWhile,
  type WasmFunction,
  when,
} from '../../linalg/wasm/assembler.ts'
import { f32x4 } from './f32x4.ts'
import type { Registry } from './registry.ts'

export const PANEL = 8
const MOST_ROWS = 6
const UNROLL = 4

/** How a product's rows lie: `depth` (a multiple of four) numbers each, `target` numbers from row to row of the result. */
export interface ProductShape {
  readonly depth: number
  readonly target: number
}

/** c = a b for `rows` rows of a and one panel b. */
function micro(name: string, rows: number, { depth, target }: ProductShape): WasmFunction {
  return defineFunction(name, integers('a', 'b', 'c'), undefined, ({ a, b, c }, declare) => {
    const sums = Array.from({ length: rows }, () => declareMany(declare, 'v128', 2))
    const right = declareMany(declare, 'v128', 2)
    const left = declare('v128')
    const end = declare('i32')
    const step = (k: number): Code => [
      right.map((vector, j) => vector.set(f32x4.load(b.get, k * PANEL * 4 + j * 16))),
      sums.map((row, i) => [
        left.set(f32x4.loadSplat(a.get, (i * depth + k) * 4)),
        row.map((sum, j) => sum.set(f32x4.relaxedMadd(left.get, right[j]!.get, sum.get))),
      ]),
    ]
    return [
      end.set(i32.add(a.get, i32.const(depth * 4))),
      sums.map((row) => row.map((sum) => sum.set(f32x4.all(0)))),
      repeatWhile(i32.ltS(a.get, end.get), [
        Array.from({ length: UNROLL }, (_, k) => step(k)),
        advance(a, i32.const(UNROLL * 4)),
        advance(b, i32.const(UNROLL * PANEL * 4)),
      ]),
      sums.map((row, i) => row.map((sum, j) => f32x4.store(c.get, sum.get, i * target * 4 + j * 16))),
    ]
  })
}

/** Rows of one panel, in groups of `tall` then `low` rows, then one group of `rest`. */
function rowsOfPanel(name: string, registry: Registry, shape: ProductShape): WasmFunction {
  const kernels = Array.from({ length: MOST_ROWS }, (_, i) => {
    const key = `micro ${i + 1} ${shape.depth} ${shape.target}`
    return registry.add(key, (own) => micro(own, i + 1, shape))
  })
  const parameters = integers('a', 'b', 'c', 'six', 'five', 'rest')
  return defineFunction(name, parameters, undefined, ({ a, b, c, six, five, rest }, declare) => {
    const i = declare('i32')
    const product = (rows: number): Code => registry.call(kernels[rows - 1]!, a.get, b.get, c.get)
    const many = (rows: number, groups: Local): Code =>
      count(i, i32.const(0), groups.get, i32.const(1), [
        product(rows),
        advance(a, i32.const(rows * shape.depth * 4)),
        advance(c, i32.const(rows * shape.target * 4)),
      ])
    const rests = [4, 3, 2, 1].map((rows) => when(i32.eq(rest.get, i32.const(rows)), product(rows)))
    return [many(6, six), many(5, five), rests]
  })
}

/** As few groups as there must be, of six and five rows and one of fewer where it does not come out even. */
export function rowGroups(rows: number): readonly [six: number, five: number, rest: number] {
  for (let five = 0; five * 5 <= rows && five < MOST_ROWS; five++) {
    if ((rows - five * 5) % 6 === 0) return [(rows - five * 5) / 6, five, 0]
  }
  return [Math.floor(rows / 6), 0, rows % 6]
}

function panelsFunction(name: string, registry: Registry, shape: ProductShape): WasmFunction {
  const inner = registry.add(`rows ${shape.depth} ${shape.target}`, (own) => rowsOfPanel(own, registry, shape))
  const parameters = integers('panels', 'a', 'b', 'c', 'six', 'five', 'rest')
  return defineFunction(name, parameters, undefined, (p, declare) => {
    const j = declare('i32')
    return count(j, i32.const(0), p.panels.get, i32.const(1), [
      registry.call(inner, p.a.get, p.b.get, p.c.get, p.six.get, p.five.get, p.rest.get),
      advance(p.b, i32.const(shape.depth * PANEL * 4)),
      advance(p.c, i32.const(PANEL * 4)),
    ])
  })
}

/** Kernel (panels, a, b, c, six, five, rest): all rows times so many panels. */
export function addProduct(registry: Registry, shape: ProductShape): string {
  return registry.add(`product ${shape.depth} ${shape.target}`, (name) => panelsFunction(name, registry, shape))
}

export interface PositionsShape extends ProductShape {
  /** Numbers from position to position of a and of the result. */
  readonly left: number
  readonly right: number
}

/** Kernel (panels, a, b, c, six, five, rest, skip): the same at 36 positions; `skip` bytes of b are left out after each. */
export function addPositions(registry: Registry, shape: PositionsShape): string {
  const key = `positions ${shape.depth} ${shape.target} ${shape.left} ${shape.right}`
  return registry.add(key, (name) => {
    const product = addProduct(registry, shape)
    const parameters = integers('panels', 'a', 'b', 'c', 'six', 'five', 'rest', 'skip')
    return defineFunction(name, parameters, undefined, (p, declare) => {
      const { position } = declareAll(declare, 'i32', 'position')
      return count(position, i32.const(0), i32.const(36), i32.const(1), [
        registry.call(product, p.panels.get, p.a.get, p.b.get, p.c.get, p.six.get, p.five.get, p.rest.get),
        advance(p.a, i32.const(shape.left * 4)),
        advance(p.b, i32.add(i32.mul(p.panels.get, i32.const(shape.depth * PANEL * 4)), p.skip.get)),
        advance(p.c, i32.const(shape.right * 4)),
      ])
    })
  })
}
