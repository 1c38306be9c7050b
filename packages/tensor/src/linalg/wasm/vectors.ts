/**
 * WebAssembly kernels on contiguous rows: products and updates of vectors, matrix times vector, rotations. All
 * addresses and strides are in bytes, all counts in numbers of float64.
 */
import {
  advance,
  type Code,
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
} from './assembler.ts'
import { multiplyAdd } from './gemm.ts'

const bump = (local: Local, bytes: number): Code => advance(local, i32.const(bytes))

const lanesSum = (vector: Code): Code => f64.add(f64x2.lane(vector, 0), f64x2.lane(vector, 1))

/** Runs `wide` while `width` numbers are left, then `single` for each one; the bodies advance the pointers. */
function stripes(n: Local, width: number, wide: Code, single: Code): Code {
  return [
    repeatWhile(i32.geS(n.get, i32.const(width)), [wide, n.set(i32.sub(n.get, i32.const(width)))]),
    repeatWhile(n.get, [single, n.set(i32.sub(n.get, i32.const(1)))]),
  ]
}

function dot(fused: boolean): WasmFunction {
  return defineFunction('dot', { n: 'i32', x: 'i32', y: 'i32' }, 'f64', ({ n, x, y }, declare) => {
    const sums = declareMany(declare, 'v128', 4)
    const rest = declare('f64')
    const total = sums.slice(1).reduce((sum, each) => f64x2.add(sum, each.get), sums[0]!.get)
    return [
      stripes(
        n,
        8,
        [
          sums.map((s, i) => s.set(multiplyAdd(fused, f64x2.load(x.get, i * 16), f64x2.load(y.get, i * 16), s.get))),
          bump(x, 64),
          bump(y, 64),
        ],
        [rest.set(f64.add(rest.get, f64.mul(f64.load(x.get), f64.load(y.get)))), bump(x, 8), bump(y, 8)],
      ),
      sums[0]!.set(total),
      f64.add(lanesSum(sums[0]!.get), rest.get),
    ]
  })
}

/** y += alpha x. */
function axpy(fused: boolean): WasmFunction {
  return defineFunction('axpy', { n: 'i32', alpha: 'f64', x: 'i32', y: 'i32' }, undefined, (p, declare) => {
    const { n, alpha, x, y } = p
    const factor = declare('v128')
    return [
      factor.set(f64x2.splat(alpha.get)),
      stripes(
        n,
        4,
        [
          [0, 16].map((at) =>
            f64x2.store(y.get, multiplyAdd(fused, factor.get, f64x2.load(x.get, at), f64x2.load(y.get, at)), at),
          ),
          bump(x, 32),
          bump(y, 32),
        ],
        [f64.store(y.get, f64.add(f64.load(y.get), f64.mul(alpha.get, f64.load(x.get)))), bump(x, 8), bump(y, 8)],
      ),
    ]
  })
}

/** x *= alpha. */
const scale = defineFunction('scale', { n: 'i32', alpha: 'f64', x: 'i32' }, undefined, ({ n, alpha, x }, declare) => {
  const factor = declare('v128')
  return [
    factor.set(f64x2.splat(alpha.get)),
    stripes(
      n,
      4,
      [[0, 16].map((at) => f64x2.store(x.get, f64x2.mul(factor.get, f64x2.load(x.get, at)), at)), bump(x, 32)],
      [f64.store(x.get, f64.mul(alpha.get, f64.load(x.get))), bump(x, 8)],
    ),
  ]
})

/** Z = X + sign Y for m rows of n; `rowX`, `rowY` and `rowZ` are the bytes from row to row. Z may be X or Y. */
const combine = defineFunction(
  'combine',
  { ...integers('m', 'n', 'x', 'rowX', 'y', 'rowY', 'z', 'rowZ'), sign: 'f64' },
  undefined,
  (p, declare) => {
    const { left, x, y, z } = declareAll(declare, 'i32', 'left', 'x', 'y', 'z')
    const factor = declare('v128')
    const pair = (at: number): Code =>
      f64x2.store(z.get, f64x2.add(f64x2.load(x.get, at), f64x2.mul(factor.get, f64x2.load(y.get, at))), at)
    const single = f64.store(z.get, f64.add(f64.load(x.get), f64.mul(p.sign.get, f64.load(y.get))))
    const forward = (bytes: number): Code => [x, y, z].map((each) => bump(each, bytes))
    const row: Code = [
      [x.set(p.x.get), y.set(p.y.get), z.set(p.z.get), left.set(p.n.get)],
      stripes(left, 4, [pair(0), pair(16), forward(32)], [single, forward(8)]),
      [advance(p.x, p.rowX.get), advance(p.y, p.rowY.get), advance(p.z, p.rowZ.get)],
    ]
    return [factor.set(f64x2.splat(p.sign.get)), stripes(p.m, 1, row, [])]
  },
)

/** (x, y) = (c x + s y, c y - s x). */
const rotate = defineFunction(
  'rotate',
  { n: 'i32', x: 'i32', y: 'i32', c: 'f64', s: 'f64' },
  undefined,
  ({ n, x, y, c, s }, declare) => {
    const { cosine, sine, left, right } = declareAll(declare, 'v128', 'cosine', 'sine', 'left', 'right')
    const { a, b } = declareAll(declare, 'f64', 'a', 'b')
    return [
      cosine.set(f64x2.splat(c.get)),
      sine.set(f64x2.splat(s.get)),
      stripes(
        n,
        2,
        [
          left.set(f64x2.load(x.get)),
          right.set(f64x2.load(y.get)),
          f64x2.store(x.get, f64x2.add(f64x2.mul(cosine.get, left.get), f64x2.mul(sine.get, right.get))),
          f64x2.store(y.get, f64x2.sub(f64x2.mul(cosine.get, right.get), f64x2.mul(sine.get, left.get))),
          bump(x, 16),
          bump(y, 16),
        ],
        [
          a.set(f64.load(x.get)),
          b.set(f64.load(y.get)),
          f64.store(x.get, f64.add(f64.mul(c.get, a.get), f64.mul(s.get, b.get))),
          f64.store(y.get, f64.sub(f64.mul(c.get, b.get), f64.mul(s.get, a.get))),
          bump(x, 8),
          bump(y, 8),
        ],
      ),
    ]
  },
)

/** The next four rows from `row` on, as pointers `rows`; they advance with the columns. */
const pointAt = (rows: readonly Local[], first: Code, row: Local): Code =>
  rows.map((each, i) => each.set(i === 0 ? first : i32.add(rows[i - 1]!.get, row.get)))

/** y[i] += alpha A[i, :] x for m rows of n; rows of A lie `row` bytes apart. */
function timesVector(fused: boolean): WasmFunction {
  const parameters = { m: 'i32', n: 'i32', alpha: 'f64', a: 'i32', row: 'i32', x: 'i32', y: 'i32' } as const
  return defineFunction('timesVector', parameters, undefined, ({ m, n, alpha, a, row, x, y }, declare) => {
    const { left, at } = declareAll(declare, 'i32', 'left', 'at')
    const rows = declareMany(declare, 'i32', 4)
    const sums = declareMany(declare, 'v128', 4)
    const rests = declareMany(declare, 'f64', 4)
    const vector = declare('v128')
    const block = (height: number): Code => [
      pointAt(rows.slice(0, height), a.get, row),
      at.set(x.get),
      left.set(n.get),
      sums.slice(0, height).map((s) => s.set(f64x2.zero)),
      rests.slice(0, height).map((r) => r.set(f64.const(0))),
      stripes(
        left,
        2,
        [
          vector.set(f64x2.load(at.get)),
          sums.slice(0, height).map((s, i) => s.set(multiplyAdd(fused, vector.get, f64x2.load(rows[i]!.get), s.get))),
          rows.slice(0, height).map((each) => bump(each, 16)),
          bump(at, 16),
        ],
        [
          rests
            .slice(0, height)
            .map((r, i) => r.set(f64.add(r.get, f64.mul(f64.load(at.get), f64.load(rows[i]!.get))))),
        ],
      ),
      rests
        .slice(0, height)
        .map((r, i) =>
          f64.store(
            y.get,
            f64.add(f64.load(y.get, i * 8), f64.mul(alpha.get, f64.add(r.get, lanesSum(sums[i]!.get)))),
            i * 8,
          ),
        ),
      advance(a, i32.mul(row.get, i32.const(height))),
      bump(y, height * 8),
    ]
    return stripes(m, 4, block(4), block(1))
  })
}

/** y += alpha A^T x for m rows of n. */
function transposeTimesVector(fused: boolean): WasmFunction {
  const parameters = { m: 'i32', n: 'i32', alpha: 'f64', a: 'i32', row: 'i32', x: 'i32', y: 'i32' } as const
  return defineFunction('transposeTimesVector', parameters, undefined, ({ m, n, alpha, a, row, x, y }, declare) => {
    const { left, at } = declareAll(declare, 'i32', 'left', 'at')
    const rows = declareMany(declare, 'i32', 4)
    const factors = declareMany(declare, 'f64', 4)
    const splats = declareMany(declare, 'v128', 4)
    const block = (height: number): Code => {
      const used = rows.slice(0, height)
      const wide = used.reduce<Code>(
        (sum, each, i) => multiplyAdd(fused, splats[i]!.get, f64x2.load(each.get), sum),
        f64x2.load(at.get),
      )
      const single = used.reduce<Code>(
        (sum, each, i) => f64.add(sum, f64.mul(factors[i]!.get, f64.load(each.get))),
        f64.load(at.get),
      )
      return [
        pointAt(used, a.get, row),
        used.map((_, i) => [
          factors[i]!.set(f64.mul(alpha.get, f64.load(x.get, i * 8))),
          splats[i]!.set(f64x2.splat(factors[i]!.get)),
        ]),
        at.set(y.get),
        left.set(n.get),
        stripes(
          left,
          2,
          [f64x2.store(at.get, wide), used.map((each) => bump(each, 16)), bump(at, 16)],
          f64.store(at.get, single),
        ),
        advance(a, i32.mul(row.get, i32.const(height))),
        bump(x, height * 8),
      ]
    }
    return stripes(m, 4, block(4), block(1))
  })
}

/** What the kernel of symmetric matrices holds in variables. */
interface SymmetricBlock {
  /** Pointers into the rows of the block; they advance from column 0 to the diagonal. */
  readonly rows: readonly Local[]
  readonly sums: readonly Local[]
  /** Entries of x and y at the columns, advancing. */
  readonly from: Local
  readonly into: Local
  /** Entries of x and y at the rows of the block. */
  readonly atX: Local
  readonly atY: Local
  readonly value: Local
}

const addTo = (address: Local, offset: number, term: Code): Code =>
  f64.store(address.get, f64.add(f64.load(address.get, offset), term), offset)

/** The sums of the rows, and the triangle of the block on the diagonal. */
const corner = ({ rows, sums, atX, atY, value }: SymmetricBlock): Code =>
  rows.map((row, r) => [
    addTo(atY, r * 8, lanesSum(sums[r]!.get)),
    Array.from({ length: r }, (_, c) => [
      value.set(f64.load(row.get, c * 8)),
      addTo(atY, r * 8, f64.mul(value.get, f64.load(atX.get, c * 8))),
      addTo(atY, c * 8, f64.mul(value.get, f64.load(atX.get, r * 8))),
    ]),
    addTo(atY, r * 8, f64.mul(f64.load(row.get, r * 8), f64.load(atX.get, r * 8))),
  ])

/** A single column left of the block: only where the block has one row, and its number is odd. */
const singleColumn = ({ rows, from, into, atX, atY, value }: SymmetricBlock): Code =>
  rows.map((row, r) => [
    value.set(f64.load(row.get)),
    addTo(into, 0, f64.mul(value.get, f64.load(atX.get, r * 8))),
    addTo(atY, r * 8, f64.mul(value.get, f64.load(from.get))),
    bump(row, 8),
  ])

/** y += A x for the symmetric matrix A of which rows hold the lower half; one pass over that half. */
function symmetricTimesVector(fused: boolean): WasmFunction {
  const parameters = integers('n', 'a', 'row', 'x', 'y')
  return defineFunction('symmetricTimesVector', parameters, undefined, ({ n, a, row, x, y }, declare) => {
    const { i, left, from, into, atX, atY } = declareAll(declare, 'i32', 'i', 'left', 'from', 'into', 'atX', 'atY')
    const { vector, target, element } = declareAll(declare, 'v128', 'vector', 'target', 'element')
    const [pointers, value] = [declareMany(declare, 'i32', 4), declare('f64')]
    const [allSplats, allSums] = [declareMany(declare, 'v128', 4), declareMany(declare, 'v128', 4)]
    const block = (height: number): Code => {
      const [rows, sums, splats] = [pointers.slice(0, height), allSums.slice(0, height), allSplats.slice(0, height)]
      const held = { rows, sums, from, into, atX, atY, value }
      const pair: Code = [
        vector.set(f64x2.load(from.get)),
        target.set(f64x2.load(into.get)),
        rows.map((each, r) => [
          element.set(f64x2.load(each.get)),
          sums[r]!.set(multiplyAdd(fused, element.get, vector.get, sums[r]!.get)),
          target.set(multiplyAdd(fused, element.get, splats[r]!.get, target.get)),
          bump(each, 16),
        ]),
        f64x2.store(into.get, target.get),
        bump(from, 16),
        bump(into, 16),
      ]
      return [
        pointAt(rows, a.get, row),
        splats.map((splat, r) => splat.set(f64x2.splat(f64.load(atX.get, r * 8)))),
        sums.map((sum) => sum.set(f64x2.zero)),
        [from.set(x.get), into.set(y.get), left.set(i.get)],
        stripes(left, 2, pair, singleColumn(held)),
        corner(held),
        advance(a, i32.mul(row.get, i32.const(height))),
        [bump(atX, height * 8), bump(atY, height * 8), bump(i, height)],
      ]
    }
    return [atX.set(x.get), atY.set(y.get), stripes(n, 4, block(4), block(1))]
  })
}

export function vectorFunctions(fused: boolean): readonly WasmFunction[] {
  return [
    dot(fused),
    axpy(fused),
    scale,
    combine,
    rotate,
    timesVector(fused),
    transposeTimesVector(fused),
    symmetricTimesVector(fused),
  ]
}
