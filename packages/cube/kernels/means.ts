// Weighted means of the samples of boxes; weights are products of one along x and one along y, sums are in float64.
// Missing samples (NaN) leave the weights. Pointers are byte addresses; loads reach up to 64 bytes beyond rows.

// Tables of taps: 32-bit place of the first sample, their number, place of the middle one and of the first weight, of
// each pixel, `room` of each; then as many sums of weights in float64.

// @ts-ignore: decorator
@inline
function first(taps: usize, i: usize): usize {
  return <usize>load<i32>(taps + 4 * i)
}
// @ts-ignore: decorator
@inline
function number(taps: usize, room: usize, i: usize): usize {
  return <usize>load<i32>(taps + 4 * (room + i))
}
// @ts-ignore: decorator
@inline
function centre(taps: usize, room: usize, i: usize): usize {
  return <usize>load<i32>(taps + 4 * (2 * room + i))
}
// @ts-ignore: decorator
@inline
function place(taps: usize, room: usize, i: usize): usize {
  return <usize>load<i32>(taps + 4 * (3 * room + i))
}
// @ts-ignore: decorator
@inline
function total(taps: usize, room: usize, i: usize): f64 {
  return load<f64>(taps + 16 * room + 8 * i)
}

// @ts-ignore: decorator
@inline
function pair<T>(at: usize): v128 {
  return sizeof<T>() == 4 ? f64x2.promote_low_f32x4(v128.load64_zero(at)) : v128.load(at)
}

/** One sample, and 0. */
// @ts-ignore: decorator
@inline
function single<T>(at: usize): v128 {
  return sizeof<T>() == 4 ? f64x2.promote_low_f32x4(v128.load32_zero(at)) : v128.load64_zero(at)
}

// @ts-ignore: decorator
@inline
function both(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1)
}

/** Sums of `rows` rows, each times its weight. */
// @ts-ignore: decorator
@inline
function sumRows<T>(from: usize, stride: usize, rows: usize, weights: usize, size: usize, sums: usize): void {
  for (let c: usize = 0; c < size; c += 8) {
    let p = from + c * sizeof<T>()
    let a = f64x2.splat(0)
    let b = a
    let d = a
    let e = a
    for (let k: usize = 0; k < rows; k++) {
      const w = v128.load64_splat(weights + 8 * k)
      a = f64x2.add(a, f64x2.mul(w, pair<T>(p)))
      b = f64x2.add(b, f64x2.mul(w, pair<T>(p + 2 * sizeof<T>())))
      d = f64x2.add(d, f64x2.mul(w, pair<T>(p + 4 * sizeof<T>())))
      e = f64x2.add(e, f64x2.mul(w, pair<T>(p + 6 * sizeof<T>())))
      p += stride
    }
    const to = sums + 8 * c
    v128.store(to, a)
    v128.store(to, b, 16)
    v128.store(to, d, 32)
    v128.store(to, e, 48)
  }
}

/** Of samples that are there: sums of products, and `apart` bytes further each of weights, and their numbers. */
// @ts-ignore: decorator
@inline
function sumKnown<T>(
  from: usize,
  stride: usize,
  rows: usize,
  weights: usize,
  size: usize,
  sums: usize,
  apart: usize,
): void {
  const one = f64x2.splat(1)
  for (let c: usize = 0; c < size; c += 2) {
    let p = from + c * sizeof<T>()
    let sum = f64x2.splat(0)
    let weight = sum
    let count = sum
    for (let k: usize = 0; k < rows; k++) {
      const w = v128.load64_splat(weights + 8 * k)
      const v = pair<T>(p)
      const is = f64x2.eq(v, v)
      sum = f64x2.add(sum, v128.and(is, f64x2.mul(w, v)))
      weight = f64x2.add(weight, v128.and(is, w))
      count = f64x2.add(count, v128.and(is, one))
      p += stride
    }
    const to = sums + 8 * c
    v128.store(to, sum)
    v128.store(to + apart, weight)
    v128.store(to + 2 * apart, count)
  }
}

// @ts-ignore: decorator
@inline
function product(a: usize, b: usize, count: usize): f64 {
  let sum = f64x2.splat(0)
  let k: usize = 0
  for (; k + 2 <= count; k += 2) sum = f64x2.add(sum, f64x2.mul(v128.load(a + 8 * k), v128.load(b + 8 * k)))
  return k < count ? both(sum) + load<f64>(a + 8 * k) * load<f64>(b + 8 * k) : both(sum)
}

// @ts-ignore: decorator
@inline
function meanOf(sum: f64, weight: f64, count: f64, room: f64, least: f64, share: f64): f64 {
  return weight >= least && count >= Math.floor(share * room) ? sum / weight : NaN
}

// @ts-ignore: decorator
@inline
function upright<T>(
  samples: usize,
  stride: usize,
  size: usize,
  x: usize,
  xs: usize,
  wx: usize,
  y: usize,
  ys: usize,
  wy: usize,
  work: usize,
  to: usize,
  least: f64,
  share: f64,
  centred: bool,
): void {
  const apart = 8 * size + 64
  const known = work + apart
  for (let j: usize = 0; j < ys; j++) {
    const rows = number(y, ys, j)
    const from = samples + first(y, j) * stride
    const middle = samples + centre(y, ys, j) * stride
    const down = wy + 8 * place(y, ys, j)
    const all = total(y, ys, j)
    let isKnown = false
    if (rows > 0) sumRows<T>(from, stride, rows, down, size, work)
    for (let i: usize = 0; i < xs; i++) {
      let value: f64 = NaN
      const columns = number(x, xs, i)
      let isWanted = rows > 0 && columns > 0
      if (isWanted && centred) {
        const v = load<T>(middle + centre(x, xs, i) * sizeof<T>())
        isWanted = v == v
      }
      if (isWanted) {
        const at = 8 * first(x, i)
        const across = wx + 8 * place(x, xs, i)
        const sum = product(across, work + at, columns)
        const weight = total(x, xs, i) * all
        if (sum == sum) value = weight >= least ? sum / weight : NaN
        else {
          if (!isKnown) sumKnown<T>(from, stride, rows, down, size, known, apart)
          isKnown = true
          let count: f64 = 0
          for (let k: usize = 0; k < columns; k++) count += load<f64>(known + 2 * apart + at + 8 * k)
          value = meanOf(
            product(across, known + at, columns),
            product(across, known + apart + at, columns),
            count,
            <f64>(columns * rows),
            least,
            share,
          )
        }
      }
      store<T>(to, <T>value)
      to += sizeof<T>()
    }
  }
}

// @ts-ignore: decorator
@inline
function sumBox<T>(from: usize, stride: usize, columns: usize, across: usize, rows: usize, down: usize): f64 {
  let sum = f64x2.splat(0)
  let rest: f64 = 0
  for (let r: usize = 0; r < rows; r++) {
    let part = f64x2.splat(0)
    let c: usize = 0
    for (; c + 2 <= columns; c += 2) {
      part = f64x2.add(part, f64x2.mul(v128.load(across + 8 * c), pair<T>(from + c * sizeof<T>())))
    }
    const w = load<f64>(down + 8 * r)
    sum = f64x2.add(sum, f64x2.mul(f64x2.splat(w), part))
    if (c < columns) rest += w * load<f64>(across + 8 * c) * <f64>load<T>(from + c * sizeof<T>())
    from += stride
  }
  return both(sum) + rest
}

// @ts-ignore: decorator
@inline
function meanBox<T>(
  from: usize,
  stride: usize,
  columns: usize,
  across: usize,
  rows: usize,
  down: usize,
  least: f64,
  share: f64,
): f64 {
  let sum = f64x2.splat(0)
  let weight = sum
  let count = sum
  const one = f64x2.splat(1)
  // Where their number is odd, the last sample of a row stands alone.
  const alone = f64x2.replace_lane(one, 1, 0)
  for (let r: usize = 0; r < rows; r++) {
    let part = f64x2.splat(0)
    let weights = part
    for (let c: usize = 0; c < columns; c += 2) {
      const isPair = c + 2 <= columns
      const v = isPair ? pair<T>(from + c * sizeof<T>()) : single<T>(from + c * sizeof<T>())
      const w = isPair ? v128.load(across + 8 * c) : v128.load64_zero(across + 8 * c)
      const is = f64x2.eq(v, v)
      part = f64x2.add(part, v128.and(is, f64x2.mul(w, v)))
      weights = f64x2.add(weights, v128.and(is, w))
      count = f64x2.add(count, v128.and(is, isPair ? one : alone))
    }
    const w = v128.load64_splat(down + 8 * r)
    sum = f64x2.add(sum, f64x2.mul(w, part))
    weight = f64x2.add(weight, f64x2.mul(w, weights))
    from += stride
  }
  return meanOf(both(sum), both(weight), both(count), <f64>(columns * rows), least, share)
}

// @ts-ignore: decorator
@inline
function boxes<T>(
  samples: usize,
  stride: usize,
  pixels: usize,
  x: usize,
  wx: usize,
  y: usize,
  wy: usize,
  to: usize,
  least: f64,
  share: f64,
  centred: bool,
): void {
  for (let i: usize = 0; i < pixels; i++) {
    let value: f64 = NaN
    const columns = number(x, pixels, i)
    const rows = number(y, pixels, i)
    let isWanted = rows > 0 && columns > 0
    if (isWanted && centred) {
      const v = load<T>(samples + centre(y, pixels, i) * stride + centre(x, pixels, i) * sizeof<T>())
      isWanted = v == v
    }
    if (isWanted) {
      const from = samples + first(y, i) * stride + first(x, i) * sizeof<T>()
      const across = wx + 8 * place(x, pixels, i)
      const down = wy + 8 * place(y, pixels, i)
      const sum = sumBox<T>(from, stride, columns, across, rows, down)
      const weight = total(x, pixels, i) * total(y, pixels, i)
      if (sum == sum) value = weight >= least ? sum / weight : NaN
      else value = meanBox<T>(from, stride, columns, across, rows, down, least, share)
    }
    store<T>(to, <T>value)
    to += sizeof<T>()
  }
}

/**
 * Pixels whose columns lie under columns of the samples: `x` and `y` are the taps of `xs` columns and of `ys` rows, `wx`
 * and `wy` their weights. `work` has room for four times 8 * `size` + 64 bytes.
 */
export function upright32(
  samples: usize, stride: usize, size: usize, x: usize, xs: usize, wx: usize, y: usize, ys: usize, wy: usize,
  work: usize, to: usize, least: f64, share: f64, centred: bool,
): void {
  upright<f32>(samples, stride, size, x, xs, wx, y, ys, wy, work, to, least, share, centred)
}
export function upright64(
  samples: usize, stride: usize, size: usize, x: usize, xs: usize, wx: usize, y: usize, ys: usize, wy: usize,
  work: usize, to: usize, least: f64, share: f64, centred: bool,
): void {
  upright<f64>(samples, stride, size, x, xs, wx, y, ys, wy, work, to, least, share, centred)
}

/** Pixels with taps of their own. */
export function boxes32(
  samples: usize, stride: usize, pixels: usize, x: usize, wx: usize, y: usize, wy: usize,
  to: usize, least: f64, share: f64, centred: bool,
): void {
  boxes<f32>(samples, stride, pixels, x, wx, y, wy, to, least, share, centred)
}
export function boxes64(
  samples: usize, stride: usize, pixels: usize, x: usize, wx: usize, y: usize, wy: usize,
  to: usize, least: f64, share: f64, centred: bool,
): void {
  boxes<f64>(samples, stride, pixels, x, wx, y, wy, to, least, share, centred)
}
