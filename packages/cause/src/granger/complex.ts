/** Small dense complex matrices, as transfer functions need them. */

/** `rows` x `columns`, row-major. */
export interface Complex {
  readonly rows: number
  readonly columns: number
  readonly re: Float64Array
  readonly im: Float64Array
}

export const complex = (rows: number, columns: number): Complex => ({
  rows,
  columns,
  re: new Float64Array(rows * columns),
  im: new Float64Array(rows * columns),
})

/** a + factor b of matrices of the same shape, in place; b real. */
export function addReal(a: Complex, b: Float64Array, [re, im]: readonly [number, number]): void {
  for (let i = 0; i < b.length; i++) {
    a.re[i]! += re * b[i]!
    a.im[i]! += im * b[i]!
  }
}

/** a b; either may be real (a Float64Array of the shape given by its partner). */
export function product(a: Complex, b: Complex): Complex {
  const out = complex(a.rows, b.columns)
  for (let i = 0; i < a.rows; i++)
    for (let k = 0; k < a.columns; k++) {
      const [re, im] = [a.re[i * a.columns + k]!, a.im[i * a.columns + k]!]
      if (re === 0 && im === 0) continue
      for (let j = 0; j < b.columns; j++) {
        const [x, y] = [b.re[k * b.columns + j]!, b.im[k * b.columns + j]!]
        out.re[i * b.columns + j]! += re * x - im * y
        out.im[i * b.columns + j]! += re * y + im * x
      }
    }
  return out
}

/** A real matrix as a complex one. */
export const real = (rows: number, columns: number, re: Float64Array): Complex => ({
  rows,
  columns,
  re,
  im: new Float64Array(re.length),
})

/** The solution X of A X = B by elimination with row pivoting; neither is changed. */
export function solved(a: Complex, b: Complex): Complex {
  const n = a.rows
  const left = { ...a, re: a.re.slice(), im: a.im.slice() }
  const right = { ...b, re: b.re.slice(), im: b.im.slice() }
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (size(left, i * n + k) > size(left, pivot * n + k)) pivot = i
    swapRows(left, k, pivot)
    swapRows(right, k, pivot)
    for (let i = k + 1; i < n; i++) {
      const factor = quotient(left, i * n + k, k * n + k)
      subtractRow(left, i, k, factor)
      subtractRow(right, i, k, factor)
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    divideRow(right, k, left.re[k * n + k]!, left.im[k * n + k]!)
    for (let i = 0; i < k; i++) subtractRow(right, i, k, [left.re[i * n + k]!, left.im[i * n + k]!])
  }
  return right
}

const size = (a: Complex, at: number): number => Math.hypot(a.re[at]!, a.im[at]!)

function quotient(a: Complex, over: number, under: number): readonly [number, number] {
  const [x, y, u, v] = [a.re[over]!, a.im[over]!, a.re[under]!, a.im[under]!]
  const squared = u * u + v * v
  return [(x * u + y * v) / squared, (y * u - x * v) / squared]
}

function swapRows({ columns, re, im }: Complex, a: number, b: number): void {
  if (a === b) return
  for (const part of [re, im])
    for (let j = 0; j < columns; j++) {
      const held = part[a * columns + j]!
      part[a * columns + j] = part[b * columns + j]!
      part[b * columns + j] = held
    }
}

function subtractRow({ columns, re, im }: Complex, i: number, k: number, [x, y]: readonly [number, number]): void {
  for (let j = 0; j < columns; j++) {
    const [u, v] = [re[k * columns + j]!, im[k * columns + j]!]
    re[i * columns + j]! -= x * u - y * v
    im[i * columns + j]! -= x * v + y * u
  }
}

function divideRow({ columns, re, im }: Complex, k: number, u: number, v: number): void {
  const squared = u * u + v * v
  for (let j = 0; j < columns; j++) {
    const [x, y] = [re[k * columns + j]!, im[k * columns + j]!]
    re[k * columns + j] = (x * u + y * v) / squared
    im[k * columns + j] = (y * u - x * v) / squared
  }
}
