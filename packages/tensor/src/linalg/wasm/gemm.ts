/**
 * WebAssembly kernels of the general matrix product C = alpha A B (+ C) in packed panels. The layers are those of
 * Goto & van de Geijn (2008), Anatomy of high-performance matrix multiplication, ACM TOMS 34(3).
 */
import {
  type Code,
  call,
  count,
  defineFunction,
  f64,
  f64x2,
  i32,
  type Local,
  repeatWhile,
  type WasmFunction,
  when,
} from './assembler.ts'

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

/**
 * Packs `items` rows of A (or columns of B) into panels of `width`, each with the items of one k side by side; the last
 * panel is filled with zeros. `between` and `along` are the bytes from item to item and from k to k.
 */
function pack(name: string, width: number): WasmFunction {
  const parameters = { items: 'i32', k: 'i32', from: 'i32', between: 'i32', along: 'i32', to: 'i32' } as const
  return defineFunction(name, parameters, undefined, ({ items, k, from, between, along, to }, declare) => {
    const [panel, step, end, left] = [declare('i32'), declare('i32'), declare('i32'), declare('i32')]
    const source = declare('i32')
    const rows = Array.from({ length: width }, () => declare('i32'))
    const pairs = declare('v128')
    const next = declare('v128')
    const advance = (local: Local, by: Code): Code => local.set(i32.add(local.get, by))
    const pointRows = rows.map((row, i) => row.set(i === 0 ? from.get : i32.add(rows[i - 1]!.get, between.get)))
    const transposeTwo = Array.from({ length: width >> 1 }, (_, pair) => [
      pairs.set(f64x2.load(rows[2 * pair]!.get)),
      next.set(f64x2.load(rows[2 * pair + 1]!.get)),
      f64x2.store(to.get, f64x2.shuffle(pairs.get, next.get, 0, 2), pair * 16),
      f64x2.store(to.get, f64x2.shuffle(pairs.get, next.get, 1, 3), width * 8 + pair * 16),
    ])
    const oddRow: Code =
      width % 2 === 0
        ? []
        : [
            f64.store(to.get, f64.load(rows[width - 1]!.get), (width - 1) * 8),
            f64.store(to.get, f64.load(rows[width - 1]!.get, 8), (2 * width - 1) * 8),
          ]
    const full: Code = [
      pointRows,
      step.set(k.get),
      when(
        i32.eq(along.get, i32.const(8)),
        repeatWhile(i32.gtS(step.get, i32.const(1)), [
          transposeTwo,
          oddRow,
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
      end.set(i32.const(0)),
      repeatWhile(i32.ltS(end.get, i32.const(width)), [
        when(
          i32.ltS(end.get, left.get),
          [f64.store(to.get, f64.load(source.get)), advance(source, between.get)],
          f64.store(to.get, f64.const(0)),
        ),
        advance(to, i32.const(8)),
        advance(end, i32.const(1)),
      ]),
    ])
    return count(panel, i32.const(0), items.get, i32.const(width), [
      left.set(i32.sub(items.get, panel.get)),
      when(i32.geS(left.get, i32.const(width)), full, partial),
      advance(from, i32.mul(between.get, i32.const(width))),
    ])
  })
}

/** One tile: C = alpha A B, added to C where `accumulate` is not zero; `row` is the bytes from row to row of C. */
function micro({ mr, nr, fused }: Tiles): WasmFunction {
  const parameters = { k: 'i32', a: 'i32', b: 'i32', c: 'i32', row: 'i32', alpha: 'f64', accumulate: 'i32' } as const
  return defineFunction('micro', parameters, undefined, ({ k, a, b, c, row, alpha, accumulate }, declare) => {
    const vectors = nr / 2
    const sums = Array.from({ length: mr }, () => Array.from({ length: vectors }, () => declare('v128')))
    const right = Array.from({ length: vectors }, () => declare('v128'))
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
      a.set(i32.add(a.get, i32.const(mr * 8 * unroll))),
      b.set(i32.add(b.get, i32.const(nr * 8 * unroll))),
      k.set(i32.sub(k.get, i32.const(unroll))),
    ]
    const write = (value: (sum: Local, j: number) => Code): Code =>
      sums.map((rowSums) => [
        rowSums.map((sum, j) => f64x2.store(c.get, value(sum, j), j * 16)),
        c.set(i32.add(c.get, row.get)),
      ])
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
function macro({ mr, nr }: Tiles, microIndex: number): WasmFunction {
  const parameters = {
    m: 'i32',
    n: 'i32',
    k: 'i32',
    a: 'i32',
    b: 'i32',
    c: 'i32',
    row: 'i32',
    alpha: 'f64',
    accumulate: 'i32',
    shift: 'i32',
    tile: 'i32',
  } as const
  return defineFunction('macro', parameters, undefined, (p, declare) => {
    const [i, j, x, y] = [declare('i32'), declare('i32'), declare('i32'), declare('i32')]
    const [panelA, panelB, target] = [declare('i32'), declare('i32'), declare('i32')]
    const product = (c: Code, row: Code, accumulate: Code): Code =>
      call(microIndex, p.k.get, panelA.get, panelB.get, c, row, p.alpha.get, accumulate)
    const within = (local: Local, from: Local, width: number, limit: Local, body: Code): Code =>
      count(local, i32.const(0), i32.min(i32.const(width), i32.sub(limit.get, from.get)), i32.const(1), body)
    const source = i32.add(p.tile.get, i32.shl(i32.add(i32.mul(x.get, i32.const(nr)), y.get), 3))
    const place = i32.add(i32.add(target.get, i32.mul(x.get, p.row.get)), i32.shl(y.get, 3))
    const edge: Code = [
      product(p.tile.get, i32.const(nr * 8), i32.const(0)),
      within(
        x,
        i,
        mr,
        p.m,
        within(y, j, nr, p.n, [
          when(
            p.accumulate.get,
            f64.store(place, f64.add(f64.load(source), f64.load(place))),
            f64.store(place, f64.load(source)),
          ),
        ]),
      ),
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
          panelA.set(i32.add(panelA.get, panelBytes(mr))),
          target.set(i32.add(target.get, i32.mul(p.row.get, i32.const(mr)))),
        ]),
        panelB.set(i32.add(panelB.get, panelBytes(nr))),
      ]),
    ]
  })
}

/**
 * C = alpha A B (+ C): m x n numbers, C row-major with `row` bytes a row, A and B with any strides in bytes (so that a
 * transpose costs nothing). Elements of C in tiles wholly above column = row + shift keep their values.
 */
function driver({ mc, kc, nc }: Tiles): WasmFunction {
  const parameters = {
    m: 'i32',
    n: 'i32',
    k: 'i32',
    alpha: 'f64',
    a: 'i32',
    rowA: 'i32',
    columnA: 'i32',
    b: 'i32',
    rowB: 'i32',
    columnB: 'i32',
    c: 'i32',
    row: 'i32',
    accumulate: 'i32',
    shift: 'i32',
    work: 'i32',
  } as const
  return defineFunction('gemm', parameters, undefined, (p, declare) => {
    const [ic, jc, pc, mb, nb, kb] = Array.from({ length: 6 }, () => declare('i32')) as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ]
    const offset = (...terms: readonly [Local, Code][]): Code =>
      terms
        .slice(1)
        .reduce((sum, [x, stride]) => i32.add(sum, i32.mul(x.get, stride)), i32.mul(terms[0]![0].get, terms[0]![1]))
    const packedB = i32.add(p.work.get, i32.const(mc * kc * 8))
    const tile = i32.add(packedB, i32.const(kc * nc * 8))
    const atA = i32.add(p.a.get, offset([ic, p.rowA.get], [pc, p.columnA.get]))
    const atB = i32.add(p.b.get, offset([pc, p.rowB.get], [jc, p.columnB.get]))
    const atC = i32.add(p.c.get, offset([ic, p.row.get], [jc, i32.const(8)]))
    const accumulate: Code = [i32.eqz(pc.get), i32.eqz(p.accumulate.get), 0x71, 0x45]
    const shift = i32.sub(i32.add(p.shift.get, ic.get), jc.get)
    // A block that lies wholly above the diagonal has no tile to compute.
    const wanted = i32.geS(i32.add(shift, i32.sub(mb.get, i32.const(1))), i32.const(0))
    return [
      count(jc, i32.const(0), p.n.get, i32.const(nc), [
        nb.set(i32.min(i32.const(nc), i32.sub(p.n.get, jc.get))),
        count(pc, i32.const(0), p.k.get, i32.const(kc), [
          kb.set(i32.min(i32.const(kc), i32.sub(p.k.get, pc.get))),
          call(1, nb.get, kb.get, atB, p.columnB.get, p.rowB.get, packedB),
          count(ic, i32.const(0), p.m.get, i32.const(mc), [
            mb.set(i32.min(i32.const(mc), i32.sub(p.m.get, ic.get))),
            when(wanted, [
              call(0, mb.get, kb.get, atA, p.rowA.get, p.columnA.get, p.work.get),
              call(
                3,
                mb.get,
                nb.get,
                kb.get,
                p.work.get,
                packedB,
                atC,
                p.row.get,
                p.alpha.get,
                accumulate,
                shift,
                tile,
              ),
            ]),
          ]),
        ]),
      ]),
    ]
  })
}

/** The five functions, in the order in which they call each other by index; they come first in the module. */
export function gemmFunctions(tiles: Tiles): readonly WasmFunction[] {
  return [pack('packA', tiles.mr), pack('packB', tiles.nr), micro(tiles), macro(tiles, 2), driver(tiles)]
}
