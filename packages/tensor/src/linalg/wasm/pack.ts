/** WebAssembly kernels that pack blocks of a matrix into panels, for `gemm`. */
import {
  advance,
  type Code,
  count,
  declareAll,
  declareMany,
  defineFunction,
  f64,
  f64x2,
  i32,
  integers,
  type Local,
  repeatWhile,
  type WasmFunction,
  when,
} from './assembler.ts'

/**
 * Packs `items` rows of A (or columns of B) into panels of `width`, each with the items of one k side by side; the last
 * panel is filled up with zeros. `between` and `along` are the bytes from item to item and from k to k.
 */
export function pack(name: string, width: number): WasmFunction {
  const parameters = integers('items', 'k', 'from', 'between', 'along', 'to')
  return defineFunction(name, parameters, undefined, ({ items, k, from, between, along, to }, declare) => {
    const { panel, step, item, left, source } = declareAll(declare, 'i32', 'panel', 'step', 'item', 'left', 'source')
    const rows = declareMany(declare, 'i32', width)
    const { first, second } = declareAll(declare, 'v128', 'first', 'second')
    const full: Code = [
      rows.map((row, i) => row.set(i === 0 ? from.get : i32.add(rows[i - 1]!.get, between.get))),
      step.set(k.get),
      when(
        i32.eq(along.get, i32.const(8)),
        repeatWhile(i32.gtS(step.get, i32.const(1)), [
          transposeTwo(rows, to, first, second),
          rows.map((row) => advance(row, i32.const(16))),
          advance(to, i32.const(width * 16)),
          advance(step, i32.const(-2)),
        ]),
      ),
      repeatWhile(i32.gtS(step.get, i32.const(0)), [
        rows.map((row, i) => [f64.store(to.get, f64.load(row.get), i * 8), advance(row, along.get)]),
        advance(to, i32.const(width * 8)),
        advance(step, i32.const(-1)),
      ]),
    ]
    const partial = count(step, i32.const(0), k.get, i32.const(1), [
      source.set(i32.add(from.get, i32.mul(step.get, along.get))),
      count(item, i32.const(0), i32.const(width), i32.const(1), [
        when(
          i32.ltS(item.get, left.get),
          [f64.store(to.get, f64.load(source.get)), advance(source, between.get)],
          f64.store(to.get, f64.const(0)),
        ),
        advance(to, i32.const(8)),
      ]),
    ])
    return count(panel, i32.const(0), items.get, i32.const(width), [
      left.set(i32.sub(items.get, panel.get)),
      when(i32.geS(left.get, i32.const(width)), full, partial),
      advance(from, i32.mul(between.get, i32.const(width))),
    ])
  })
}

/** Two contiguous numbers of every row become two groups of one number a row. */
function transposeTwo(rows: readonly Local[], to: Local, first: Local, second: Local): Code {
  const width = rows.length
  const pairs = Array.from({ length: width >> 1 }, (_, pair) => [
    first.set(f64x2.load(rows[2 * pair]!.get)),
    second.set(f64x2.load(rows[2 * pair + 1]!.get)),
    f64x2.store(to.get, f64x2.shuffle(first.get, second.get, 0, 2), pair * 16),
    f64x2.store(to.get, f64x2.shuffle(first.get, second.get, 1, 3), width * 8 + pair * 16),
  ])
  if (width % 2 === 0) return pairs
  const odd = rows[width - 1]!.get
  return [
    pairs,
    f64.store(to.get, f64.load(odd), (width - 1) * 8),
    f64.store(to.get, f64.load(odd, 8), (2 * width - 1) * 8),
  ]
}
