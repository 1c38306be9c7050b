/**
 * WebAssembly kernels at the bottom of recursive factorisations: small triangular solves and a small Cholesky factor.
 * All strides are in bytes and may be negative, so that an upper triangle is a lower one read backwards.
 */
import {
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
import { multiplyAdd } from './gemm.ts'

const at = (base: Local, ...terms: readonly (readonly [Local, Local])[]): Code =>
  terms.reduce<Code>((sum, [index, stride]) => i32.add(sum, i32.mul(index.get, stride.get)), base.get)

/** Solves T X = B in place for a lower triangle T of order n; B has n rows of `columns` contiguous numbers. */
function solveRows(fused: boolean): WasmFunction {
  const parameters = integers('n', 'columns', 't', 'rowT', 'columnT', 'unit', 'b', 'row')
  return defineFunction('solveRows', parameters, undefined, (p, declare) => {
    const { i, j, c, x, y, left } = declareAll(declare, 'i32', 'i', 'j', 'c', 'x', 'y', 'left')
    const { pivot, value } = declareAll(declare, 'f64', 'pivot', 'value')
    const sums = declareMany(declare, 'v128', 4)
    const splat = declare('v128')
    const element = f64.load(at(p.t, [i, p.rowT], [j, p.columnT]))
    const start: Code = [
      y.set(i32.add(at(p.b, [i, p.row]), i32.shl(c.get, 3))),
      x.set(i32.add(p.b.get, i32.shl(c.get, 3))),
    ]
    const overRows = (body: Code): Code =>
      count(j, i32.const(0), i.get, i32.const(1), [body, x.set(i32.add(x.get, p.row.get))])
    const wide: Code = [
      start,
      sums.map((s, k) => s.set(f64x2.load(y.get, k * 16))),
      overRows([
        splat.set(f64x2.splat(f64.neg(element))),
        sums.map((s, k) => s.set(multiplyAdd(fused, splat.get, f64x2.load(x.get, k * 16), s.get))),
      ]),
      splat.set(f64x2.splat(pivot.get)),
      sums.map((s, k) => f64x2.store(y.get, f64x2.div(s.get, splat.get), k * 16)),
    ]
    const single: Code = [
      start,
      value.set(f64.load(y.get)),
      overRows(value.set(f64.sub(value.get, f64.mul(element, f64.load(x.get))))),
      f64.store(y.get, f64.div(value.get, pivot.get)),
    ]
    return count(i, i32.const(0), p.n.get, i32.const(1), [
      j.set(i.get),
      pivot.set(f64.const(1)),
      when(i32.eqz(p.unit.get), pivot.set(element)),
      c.set(i32.const(0)),
      left.set(i32.sub(p.columns.get, i32.const(7))),
      repeatWhile(i32.ltS(c.get, left.get), [wide, c.set(i32.add(c.get, i32.const(8)))]),
      repeatWhile(i32.ltS(c.get, p.columns.get), [single, c.set(i32.add(c.get, i32.const(1)))]),
    ])
  })
}

/** The same with the right sides as rows of B: B has `columns` right sides, `step` bytes from unknown to unknown. */
const solveColumns = defineFunction(
  'solveColumns',
  integers('n', 'columns', 't', 'rowT', 'columnT', 'unit', 'b', 'row', 'step'),
  undefined,
  (p, declare) => {
    const { i, j, c, x, u } = declareAll(declare, 'i32', 'i', 'j', 'c', 'x', 'u')
    const { pivot, element } = declareAll(declare, 'f64', 'pivot', 'element')
    const values = declareMany(declare, 'f64', 4)
    const rows = declareMany(declare, 'i32', 4)
    const solve = (height: number): Code => [
      rows.slice(0, height).map((r, k) => r.set(k === 0 ? at(p.b, [c, p.row]) : i32.add(rows[k - 1]!.get, p.row.get))),
      count(i, i32.const(0), p.n.get, i32.const(1), [
        x.set(i32.mul(i.get, p.step.get)),
        values.slice(0, height).map((v, k) => v.set(f64.load(i32.add(rows[k]!.get, x.get)))),
        u.set(at(p.t, [i, p.rowT])),
        x.set(i32.const(0)),
        count(j, i32.const(0), i.get, i32.const(1), [
          element.set(f64.load(u.get)),
          values
            .slice(0, height)
            .map((v, k) => v.set(f64.sub(v.get, f64.mul(element.get, f64.load(i32.add(rows[k]!.get, x.get)))))),
          x.set(i32.add(x.get, p.step.get)),
          u.set(i32.add(u.get, p.columnT.get)),
        ]),
        pivot.set(f64.const(1)),
        when(i32.eqz(p.unit.get), pivot.set(f64.load(u.get))),
        values.slice(0, height).map((v, k) => f64.store(i32.add(rows[k]!.get, x.get), f64.div(v.get, pivot.get))),
      ]),
      c.set(i32.add(c.get, i32.const(height))),
    ]
    return [
      repeatWhile(i32.leS(i32.add(c.get, i32.const(4)), p.columns.get), solve(4)),
      repeatWhile(i32.ltS(c.get, p.columns.get), solve(1)),
    ]
  },
)

/** Lower Cholesky factor of the lower half of A in place; the number of the first pivot that is not positive, or -1. */
function smallCholesky(dotIndex: number): WasmFunction {
  return defineFunction('smallCholesky', integers('n', 'a', 'row'), 'i32', ({ n, a, row }, declare) => {
    const { i, j, rowI, rowJ } = declareAll(declare, 'i32', 'i', 'j', 'rowI', 'rowJ')
    const value = declare('f64')
    const entry = i32.add(rowI.get, i32.shl(j.get, 3))
    const reduced = f64.sub(f64.load(entry), call(dotIndex, j.get, rowI.get, rowJ.get))
    return [
      rowI.set(a.get),
      count(i, i32.const(0), n.get, i32.const(1), [
        rowJ.set(a.get),
        count(j, i32.const(0), i.get, i32.const(1), [
          f64.store(entry, f64.div(reduced, f64.load(i32.add(rowJ.get, i32.shl(j.get, 3))))),
          rowJ.set(i32.add(rowJ.get, row.get)),
        ]),
        value.set(reduced),
        when(f64.gt(value.get, f64.const(0)), [], [i.get, 0x0f]),
        f64.store(entry, f64.sqrt(value.get)),
        rowI.set(i32.add(rowI.get, row.get)),
      ]),
      i32.const(-1),
    ]
  })
}

/** `dotIndex` is the place of `dot` in the module. */
export function factorFunctions(fused: boolean, dotIndex: number): readonly WasmFunction[] {
  return [solveRows(fused), solveColumns, smallCholesky(dotIndex)]
}
