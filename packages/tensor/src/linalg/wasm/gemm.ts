/**
 * WebAssembly kernels of the general matrix product C = alpha A B (+ C) in packed panels. The layers are those of
 * Goto & van de Geijn (2008), Anatomy of high-performance matrix multiplication, ACM TOMS 34(3).
 */
import {
  advance,
  type Code,
  call,
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
import { pack } from './pack.ts'

/** Blocking: micro-tile `mr` x `nr`, packed blocks `mc` x `kc` of A (second-level cache) and `kc` x `nc` of B (third). */
export interface Tiles {
  readonly fused: boolean
  readonly mr: number
  readonly nr: number
  readonly mc: number
  readonly kc: number
  readonly nc: number
}

/**
 * Twelve accumulators, two vectors of B and one of A fill the fifteen registers that V8 leaves on x64; without a fused
 * product a temporary is needed, and 5 x 4 is the largest tile that does not spill. Measured on Zen 4: 28 of 28 GFLOP/s
 * fused, 21.8 otherwise; 4 x 4 gives 25 and 18, 7 x 4 and 4 x 6 spill and give 15.
 */
export function tilesFor(fused: boolean): Tiles {
  const mr = fused ? 6 : 5
  return { fused, mr, nr: 4, mc: 16 * mr, kc: 256, nc: 1024 }
}

/** Numbers of workspace that `gemm` needs: a block of A, a panel of B and one tile. */
export function workspaceOf({ mr, nr, mc, kc, nc }: Tiles): number {
  return mc * kc + kc * nc + mr * nr
}

/** Where the functions stand in the module. */
const place = { packA: 0, packB: 1, micro: 2, macro: 3 } as const

/** One tile: C = alpha A B, added to C where `accumulate` is not zero; `row` is the bytes from row to row of C. */
function micro({ mr, nr, fused }: Tiles): WasmFunction {
  const parameters = { ...integers('k', 'a', 'b', 'c', 'row'), alpha: 'f64', accumulate: 'i32' } as const
  return defineFunction('micro', parameters, undefined, ({ k, a, b, c, row, alpha, accumulate }, declare) => {
    const vectors = nr / 2
    const sums = Array.from({ length: mr }, () => declareMany(declare, 'v128', vectors))
    const right = declareMany(declare, 'v128', vectors)
    const left = declare('v128')
    const step = (unrolled: number): Code => [
      right.map((vector, j) => vector.set(f64x2.load(b.get, unrolled * nr * 8 + j * 16))),
      sums.map((rowSums, i) => [
        left.set(f64x2.loadSplat(a.get, (unrolled * mr + i) * 8)),
        rowSums.map((sum, j) => sum.set(multiplyAdd(fused, left.get, right[j]!.get, sum.get))),
      ]),
    ]
    const steps = (unroll: number): Code => [
      Array.from({ length: unroll }, (_, each) => step(each)),
      advance(a, i32.const(mr * 8 * unroll)),
      advance(b, i32.const(nr * 8 * unroll)),
      advance(k, i32.const(-unroll)),
    ]
    const write = (value: (sum: Local, j: number) => Code): Code =>
      sums.map((rowSums) => [rowSums.map((sum, j) => f64x2.store(c.get, value(sum, j), j * 16)), advance(c, row.get)])
    const scaled = (sum: Local): Code => f64x2.mul(sum.get, left.get)
    return [
      repeatWhile(i32.geS(k.get, i32.const(2)), steps(2)),
      when(k.get, steps(1)),
      left.set(f64x2.splat(alpha.get)),
      when(
        accumulate.get,
        write((sum, j) => f64x2.add(scaled(sum), f64x2.load(c.get, j * 16))),
        write(scaled),
      ),
    ]
  })
}

export function multiplyAdd(fused: boolean, a: Code, b: Code, c: Code): Code {
  return fused ? f64x2.relaxedMadd(a, b, c) : f64x2.add(f64x2.mul(a, b), c)
}

/** Every tile of one packed block of A times one packed panel of B; tiles right of `column <= row + shift` are left. */
function macro({ mr, nr }: Tiles): WasmFunction {
  const sizes = integers('m', 'n', 'k', 'a', 'b', 'c', 'row')
  const parameters = { ...sizes, alpha: 'f64', ...integers('accumulate', 'shift', 'tile') } as const
  return defineFunction('macro', parameters, undefined, (p, declare) => {
    const { i, j, x, y } = declareAll(declare, 'i32', 'i', 'j', 'x', 'y')
    const { panelA, panelB, target } = declareAll(declare, 'i32', 'panelA', 'panelB', 'target')
    const product = (c: Code, row: Code, accumulate: Code): Code =>
      call(place.micro, p.k.get, panelA.get, panelB.get, c, row, p.alpha.get, accumulate)
    const within = (local: Local, from: Local, width: number, limit: Local, body: Code): Code =>
      count(local, i32.const(0), i32.min(i32.const(width), i32.sub(limit.get, from.get)), i32.const(1), body)
    const source = f64.load(i32.add(p.tile.get, i32.shl(i32.add(i32.mul(x.get, i32.const(nr)), y.get), 3)))
    const entry = i32.add(i32.add(target.get, i32.mul(x.get, p.row.get)), i32.shl(y.get, 3))
    const write = when(p.accumulate.get, f64.store(entry, f64.add(source, f64.load(entry))), f64.store(entry, source))
    // At the edge the whole tile goes to a room of its own, and what is inside from there to C.
    const edge: Code = [
      product(p.tile.get, i32.const(nr * 8), i32.const(0)),
      within(x, i, mr, p.m, within(y, j, nr, p.n, write)),
    ]
    const whole = i32.and(
      i32.leS(i32.add(i.get, i32.const(mr)), p.m.get),
      i32.leS(i32.add(j.get, i32.const(nr)), p.n.get),
    )
    const wanted = i32.leS(j.get, i32.add(i32.add(i.get, i32.const(mr - 1)), p.shift.get))
    const panelBytes = (width: number): Code => i32.mul(p.k.get, i32.const(width * 8))
    return [
      panelB.set(p.b.get),
      count(j, i32.const(0), p.n.get, i32.const(nr), [
        panelA.set(p.a.get),
        target.set(i32.add(p.c.get, i32.shl(j.get, 3))),
        count(i, i32.const(0), p.m.get, i32.const(mr), [
          when(wanted, when(whole, product(target.get, p.row.get, p.accumulate.get), edge)),
          advance(panelA, panelBytes(mr)),
          advance(target, i32.mul(p.row.get, i32.const(mr))),
        ]),
        advance(panelB, panelBytes(nr)),
      ]),
    ]
  })
}

/**
 * C = alpha A B (+ C): m x n numbers, C row-major with `row` bytes a row, A and B with any strides in bytes (so that a
 * transpose costs nothing). Elements of C in tiles wholly above column = row + shift keep their values.
 */
function driver({ mc, kc, nc }: Tiles): WasmFunction {
  const operands = integers('a', 'rowA', 'columnA', 'b', 'rowB', 'columnB', 'c', 'row')
  const parameters = {
    ...integers('m', 'n', 'k'),
    alpha: 'f64',
    ...operands,
    ...integers('accumulate', 'shift', 'work'),
  } as const
  return defineFunction('gemm', parameters, undefined, (p, declare) => {
    const { ic, jc, pc, mb, nb, kb } = declareAll(declare, 'i32', 'ic', 'jc', 'pc', 'mb', 'nb', 'kb')
    const entry = (base: Local, i: Local, row: Local, j: Local, column: Code): Code =>
      i32.add(base.get, i32.add(i32.mul(i.get, row.get), i32.mul(j.get, column)))
    const packedB = i32.add(p.work.get, i32.const(mc * kc * 8))
    const tile = i32.add(packedB, i32.const(kc * nc * 8))
    const [atA, atB] = [entry(p.a, ic, p.rowA, pc, p.columnA.get), entry(p.b, pc, p.rowB, jc, p.columnB.get)]
    const atC = entry(p.c, ic, p.row, jc, i32.const(8))
    // The first terms of a sum overwrite C unless the caller wants them added.
    const accumulate = i32.eqz(i32.and(i32.eqz(pc.get), i32.eqz(p.accumulate.get)))
    const shift = i32.sub(i32.add(p.shift.get, ic.get), jc.get)
    // A block that lies wholly above the diagonal has no tile to compute.
    const wanted = i32.geS(i32.add(shift, i32.sub(mb.get, i32.const(1))), i32.const(0))
    const part = (size: Local, step: number, whole: Local, at: Local): Code =>
      size.set(i32.min(i32.const(step), i32.sub(whole.get, at.get)))
    const block = [mb.get, nb.get, kb.get, p.work.get, packedB, atC, p.row.get, p.alpha.get, accumulate, shift, tile]
    const rows = count(ic, i32.const(0), p.m.get, i32.const(mc), [
      part(mb, mc, p.m, ic),
      when(wanted, [
        call(place.packA, mb.get, kb.get, atA, p.rowA.get, p.columnA.get, p.work.get),
        call(place.macro, ...block),
      ]),
    ])
    const terms = count(pc, i32.const(0), p.k.get, i32.const(kc), [
      part(kb, kc, p.k, pc),
      call(place.packB, nb.get, kb.get, atB, p.columnB.get, p.rowB.get, packedB),
      rows,
    ])
    return count(jc, i32.const(0), p.n.get, i32.const(nc), [part(nb, nc, p.n, jc), terms])
  })
}

/** The five functions; they come first in the module, so that they can call each other by index. */
export function gemmFunctions(tiles: Tiles): readonly WasmFunction[] {
  return [pack('packA', tiles.mr), pack('packB', tiles.nr), micro(tiles), macro(tiles), driver(tiles)]
}
