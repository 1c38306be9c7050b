/** Discrete Fourier transform of any length: radix 2, and Bluestein's (1970) chirp for lengths that are no power of two. */

export interface Spectrum {
  readonly re: Float64Array
  readonly im: Float64Array
}

/** A transform of one length, its tables made. `inverse`: with the other sign, not divided by the length. */
export type Transform = (values: Spectrum, inverse?: boolean) => Spectrum

/** sum_t x_t e^(-2 pi i k t / n) of series of length n. */
export function transformOf(n: number): Transform {
  const forward = n > 0 && (n & (n - 1)) === 0 ? radix2(n) : bluestein(n)
  return ({ re, im }, inverse = false) => {
    if (!inverse) return forward({ re: re.slice(), im: im.slice() })
    // The inverse is the transform of exchanged parts, exchanged back.
    const { re: b, im: a } = forward({ re: im.slice(), im: re.slice() })
    return { re: a, im: b }
  }
}

/** In place. */
function radix2(n: number): (x: Spectrum) => Spectrum {
  const cosines = Float64Array.from({ length: n / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / n))
  const sines = Float64Array.from({ length: n / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / n))
  return (x) => {
    const { re, im } = x
    exchangeBits(re)
    exchangeBits(im)
    for (let half = 1; half < n; half *= 2)
      for (let k = 0; k < half; k++) {
        const c = cosines[(k * n) / (2 * half)]!
        const s = sines[(k * n) / (2 * half)]!
        for (let i = k; i < n; i += 2 * half) {
          const j = i + half
          const u = re[j]! * c - im[j]! * s
          const v = re[j]! * s + im[j]! * c
          re[j] = re[i]! - u
          im[j] = im[i]! - v
          re[i] = re[i]! + u
          im[i] = im[i]! + v
        }
      }
    return x
  }
}

function exchangeBits(x: Float64Array): void {
  for (let i = 1, j = 0; i < x.length; i++) {
    let bit = x.length >> 1
    for (; j & bit; bit >>= 1) j ^= bit
    j ^= bit
    if (i >= j) continue
    const held = x[i]!
    x[i] = x[j]!
    x[j] = held
  }
}

/** k t = (k^2 + t^2 - (k - t)^2) / 2 makes of the transform a convolution, which is padded to a power of two. */
function bluestein(n: number): (x: Spectrum) => Spectrum {
  if (n === 0) return (x) => x
  const size = 2 ** Math.ceil(Math.log2(2 * n - 1))
  const transform = transformOf(size)
  // t^2 modulo 2 n keeps the angle exact for large t.
  const angles = Float64Array.from({ length: n }, (_, t) => (Math.PI * ((t * t) % (2 * n))) / n)
  const [c, s] = [angles.map(Math.cos), angles.map(Math.sin)]
  const chirp = empty(size)
  for (let t = 0; t < n; t++)
    for (const at of t === 0 ? [0] : [t, size - t]) {
      chirp.re[at] = c[t]!
      chirp.im[at] = s[t]!
    }
  const { re: u, im: v } = transform(chirp)
  return ({ re, im }) => {
    const padded = empty(size)
    for (let t = 0; t < n; t++) {
      padded.re[t] = re[t]! * c[t]! + im[t]! * s[t]!
      padded.im[t] = im[t]! * c[t]! - re[t]! * s[t]!
    }
    const product = transform(padded)
    for (let k = 0; k < size; k++) {
      const x = product.re[k]!
      product.re[k] = x * u[k]! - product.im[k]! * v[k]!
      product.im[k] = x * v[k]! + product.im[k]! * u[k]!
    }
    const convolved = transform(product, true)
    const out = empty(n)
    for (let k = 0; k < n; k++) {
      out.re[k] = (convolved.re[k]! * c[k]! + convolved.im[k]! * s[k]!) / size
      out.im[k] = (convolved.im[k]! * c[k]! - convolved.re[k]! * s[k]!) / size
    }
    return out
  }
}

const empty = (n: number): Spectrum => ({ re: new Float64Array(n), im: new Float64Array(n) })
