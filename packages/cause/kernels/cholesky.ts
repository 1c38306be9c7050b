// Cholesky factors of correlation matrices whose first columns are known, in float64. Pointers are byte addresses; rows lie one
// after the other, `rowBytes` (a multiple of 16) each.

let sum0: f64 = 0
let sum1: f64 = 0
let sum2: f64 = 0
let sum3: f64 = 0

// @ts-ignore: decorator
@inline
function both(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1)
}

/** Products of the first `bytes` of a row with those of four others. */
// @ts-ignore: decorator
@inline
function products(row: usize, a: usize, b: usize, c: usize, d: usize, bytes: usize): void {
  let p = f64x2.splat(0)
  let q = f64x2.splat(0)
  let r = f64x2.splat(0)
  let s = f64x2.splat(0)
  for (let t: usize = 0; t < bytes; t += 16) {
    const own = v128.load(row + t)
    p = f64x2.add(p, f64x2.mul(own, v128.load(a + t)))
    q = f64x2.add(q, f64x2.mul(own, v128.load(b + t)))
    r = f64x2.add(r, f64x2.mul(own, v128.load(c + t)))
    s = f64x2.add(s, f64x2.mul(own, v128.load(d + t)))
  }
  sum0 = both(p)
  sum1 = both(q)
  sum2 = both(r)
  sum3 = both(s)
}

/**
 * Row r of `count` holds `known` (even) values of its factor, then its correlations with rows 0 to r, which become values of
 * the factor; on the diagonal the inverse of the root of the pivot, but in the last row the pivot itself. Returns the least
 * pivot of all rows but the last two; 0 where a pivot other than the last is not larger than `enough`.
 */
export function extend(rows: usize, rowBytes: usize, known: i32, count: i32, enough: f64): f64 {
  let least: f64 = 1
  for (let r = 0; r < count; r++) {
    const row = rows + <usize>r * rowBytes
    for (let first = 0; first <= r; first += 4) {
      const bytes = <usize>(known + first) << 3
      const a = rows + <usize>first * rowBytes
      const b = rows + <usize>min(first + 1, r) * rowBytes
      const c = rows + <usize>min(first + 2, r) * rowBytes
      const d = rows + <usize>min(first + 3, r) * rowBytes
      products(row, a, b, c, d, bytes)
      // Columns of the same four are not in these sums yet.
      const x = row + bytes
      const left0 = load<f64>(x) - sum0
      if (first === r) {
        store<f64>(x, left0)
        break
      }
      const l0 = left0 * load<f64>(a + bytes)
      store<f64>(x, l0)
      const left1 = load<f64>(x, 8) - sum1 - l0 * load<f64>(b + bytes)
      if (first + 1 === r) {
        store<f64>(x, left1, 8)
        break
      }
      const l1 = left1 * load<f64>(b + bytes, 8)
      store<f64>(x, l1, 8)
      const left2 = load<f64>(x, 16) - sum2 - l0 * load<f64>(c + bytes) - l1 * load<f64>(c + bytes, 8)
      if (first + 2 === r) {
        store<f64>(x, left2, 16)
        break
      }
      const l2 = left2 * load<f64>(c + bytes, 16)
      store<f64>(x, l2, 16)
      const left3 =
        load<f64>(x, 24) - sum3 - l0 * load<f64>(d + bytes) - l1 * load<f64>(d + bytes, 8) - l2 * load<f64>(d + bytes, 16)
      store<f64>(x, first + 3 === r ? left3 : left3 * load<f64>(d + bytes, 24), 24)
    }
    if (r === count - 1) break
    const diagonal = row + (<usize>(known + r) << 3)
    const pivot = load<f64>(diagonal)
    if (!(pivot > enough)) return 0
    if (r < count - 2 && pivot < least) least = pivot
    store<f64>(diagonal, 1 / Math.sqrt(pivot))
  }
  return least
}
