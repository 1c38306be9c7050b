/** Constants as the kernels read them: panels of eight output channels, transformed for Winograd's method in float64. */
import { range, sizeOf } from '../shape.ts'
import { depthOf, padded } from './layout.ts'
import type { Constant, Packing } from './steps.ts'
import { PANEL } from './wasm/products.ts'
import { KERNEL_TRANSFORM } from './wasm/winograd.ts'

/** Where each input channel lies in a pixel whose parts are filled up one by one. */
function places(parts: readonly number[]): readonly number[] {
  const starts = parts.map((_, i) => depthOf(parts.slice(0, i)))
  return parts.flatMap((n, i) => range(0, n).map((c) => starts[i]! + c))
}

export const panelsOf = (outputs: number): number => Math.ceil(outputs / PANEL)

/** Numbers that a constant takes. */
export function packedNumbers({ data, packing }: Constant): number {
  if (packing.kind === 'plain') return data.length
  const taps = packing.kind === 'winograd' ? 36 : packing.taps
  return taps * panelsOf(packing.outputs) * PANEL * depthOf(packing.inputs)
}

type Pack<K extends Packing['kind']> = (
  data: Float32Array,
  packing: Extract<Packing, { kind: K }>,
  into: Float32Array,
) => void

const TRANSFORM = Float64Array.from(KERNEL_TRANSFORM.flat())

/** G g G^T of one kernel of 3 x 3 at `at`, to `out[position * 8 + lane]`. */
function transform(data: Float32Array, at: number, half: Float64Array, out: Float64Array, lane: number): void {
  for (let i = 0; i < 6; i++) {
    const [a, b, c] = [TRANSFORM[i * 3]!, TRANSFORM[i * 3 + 1]!, TRANSFORM[i * 3 + 2]!]
    for (let x = 0; x < 3; x++) half[i * 3 + x] = a * data[at + x]! + b * data[at + 3 + x]! + c * data[at + 6 + x]!
  }
  for (let i = 0; i < 6; i++) {
    const [x, y, z] = [half[i * 3]!, half[i * 3 + 1]!, half[i * 3 + 2]!]
    for (let j = 0; j < 6; j++) {
      const value = TRANSFORM[j * 3]! * x + TRANSFORM[j * 3 + 1]! * y + TRANSFORM[j * 3 + 2]! * z
      out[(i * 6 + j) * PANEL + lane] = value
    }
  }
}

/** `[O, I, 3, 3]` to `[position][panel][input][8]`; eight kernels at a time, so that what is written lies together. */
const winograd: Pack<'winograd'> = (data, { outputs, inputs }, into) => {
  const place = places(inputs)
  const depth = depthOf(inputs)
  const panels = panelsOf(outputs)
  const [half, out] = [new Float64Array(18), new Float64Array(36 * PANEL)]
  into.fill(0)
  for (let panel = 0; panel < panels; panel++) {
    const lanes = Math.min(PANEL, outputs - panel * PANEL)
    for (let i = 0; i < place.length; i++) {
      for (let lane = 0; lane < lanes; lane++) {
        transform(data, ((panel * PANEL + lane) * place.length + i) * 9, half, out, lane)
      }
      for (let k = 0; k < 36; k++) {
        const at = ((k * panels + panel) * depth + place[i]!) * PANEL
        for (let lane = 0; lane < lanes; lane++) into[at + lane] = out[k * PANEL + lane]!
      }
    }
  }
}

/** `[O, I, taps]` to `[panel][tap][input][8]`. */
const panels: Pack<'panels'> = (data, { outputs, inputs, taps }, into) => {
  const place = places(inputs)
  const depth = depthOf(inputs)
  into.fill(0)
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < place.length; i++) {
      for (let k = 0; k < taps; k++) {
        const at = ((Math.floor(o / PANEL) * taps + k) * depth + place[i]!) * PANEL + (o % PANEL)
        into[at] = data[(o * place.length + i) * taps + k]!
      }
    }
  }
}

/** Writes a constant where the kernels read it. */
export function pack({ data, packing }: Constant, into: Float32Array): void {
  if (packing.kind === 'plain') into.set(data)
  else if (packing.kind === 'winograd') winograd(data, packing, into)
  else panels(data, packing, into)
}

/** `[N, C, H, W]` numbers as a plain constant in the layout of images. */
export function pixelOrder(
  data: ArrayLike<number>,
  extent: readonly [number, number, number, number],
): Float32Array<ArrayBuffer> {
  const [n, c, h, w] = extent
  const pixel = padded(c)
  const out = new Float32Array(n * h * w * pixel)
  for (let i = 0; i < sizeOf(extent); i++) {
    const channel = Math.floor(i / (h * w)) % c
    const sample = Math.floor(i / (h * w * c))
    out[(sample * h * w + (i % (h * w))) * pixel + channel] = data[i]!
  }
  return out
}
