/** ONNX's Resize: each axis by a matrix of the weights with which outputs read inputs. */

import { mixAxis } from '../../ops/resize.ts'
import { upsample2 } from '../../ops/spatial.ts'
import { range } from '../../shape.ts'
import type { Call, Item, Rule } from '../item.ts'

interface Axis {
  readonly input: number
  readonly output: number
  readonly scale: number
}

/** Where output `o` reads the input, in cells. */
type Coordinate = (o: number, axis: Axis) => number

const halfPixel: Coordinate = (o, { scale }) => (o + 0.5) / scale - 0.5

const coordinates: Readonly<Record<string, Coordinate>> = {
  half_pixel: halfPixel,
  pytorch_half_pixel: (o, axis) => (axis.output > 1 ? halfPixel(o, axis) : 0),
  align_corners: (o, { input, output }) => (output === 1 ? 0 : (o * (input - 1)) / (output - 1)),
  asymmetric: (o, { scale }) => o / scale,
  half_pixel_symmetric: (o, axis) => {
    const shrunk = axis.output / (axis.scale * axis.input)
    return (axis.input / 2) * (1 - shrunk) + halfPixel(o, axis)
  },
}

const roundings: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
}

/** Cells (which may lie outside) with their weights. */
type Taps = (x: number) => readonly (readonly [cell: number, weight: number])[]

const linear: Taps = (x) => {
  const low = Math.floor(x)
  return [
    [low, 1 - (x - low)],
    [low + 1, x - low],
  ]
}

/** Cubic convolution (Keys 1981, equation 4, with its parameter a). */
const cubic =
  (a: number): Taps =>
  (x) => {
    const low = Math.floor(x)
    const weight = (t: number): number =>
      t <= 1 ? (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1 : a * t ** 3 - 5 * a * t ** 2 + 8 * a * t - 4 * a
    return [-1, 0, 1, 2].map((k) => [low + k, weight(Math.abs(x - low - k))] as const)
  }

function tapsOf(c: Call): Taps {
  const mode = c.text('mode', 'nearest')
  if (mode === 'linear') return linear
  if (mode === 'cubic') return cubic(c.float('cubic_coeff_a', -0.75))
  const name = c.text('nearest_mode', 'round_prefer_floor')
  const rounding = roundings[name]
  if (mode !== 'nearest' || rounding === undefined) throw c.fail(`mode ${mode}, nearest_mode ${name}`)
  return (x) => [[rounding(x), 1]]
}

/** `[output, input]`: row o holds the weights of output o. Cells outside count as the nearest inside, or not. */
function weights(c: Call, axis: Axis): Float64Array {
  const { input, output } = axis
  const name = c.text('coordinate_transformation_mode', 'half_pixel')
  const coordinate = coordinates[name]
  if (coordinate === undefined) throw c.fail(`coordinate_transformation_mode ${name}`)
  const taps = tapsOf(c)
  const excludes = c.integer('exclude_outside', 0) === 1
  const matrix = new Float64Array(input * output)
  for (let o = 0; o < output; o++) {
    const found = taps(coordinate(o, axis)).filter(([cell]) => !excludes || (cell >= 0 && cell < input))
    const total = excludes ? found.reduce((sum, [, weight]) => sum + weight, 0) : 1
    for (const [cell, weight] of found) {
      matrix[o * input + Math.min(Math.max(cell, 0), input - 1)]! += weight / total
    }
  }
  return matrix
}

function axesOf(c: Call): Map<number, Axis> {
  const rank = c.rank(0)
  const axes = c.integers('axes')?.map((axis) => c.front(axis, rank)) ?? range(0, rank)
  const byScale = c.has(2) && c.values(2).length > 0
  if (!byScale && c.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') throw c.fail('keep_aspect_ratio_policy')
  const values = c.values(byScale ? 2 : 3)
  return new Map(
    axes.map((axis, i) => {
      const input = c.shape(0)[axis]!
      const output = byScale ? Math.floor(input * values[i]!) : values[i]!
      return [axis, { input, output, scale: byScale ? values[i]! : output / input }]
    }),
  )
}

const repeats = (matrix: Float64Array, { input, output }: Axis): boolean =>
  output === 2 * input && range(0, output).every((o) => matrix[o * input + Math.floor(o / 2)] === 1)

const same = ({ input, output, scale }: Axis): boolean => input === output && scale === 1

function resize(c: Call): Item {
  if (c.integer('antialias', 0) === 1) throw c.fail('antialias')
  const x = c.tensor(0)
  const moving = [...axesOf(c)].filter(([, axis]) => !same(axis))
  const matrices = moving.map(([at, axis]) => ({ at, axis, matrix: weights(c, axis) }))
  const doubles = matrices.every(({ axis, matrix }) => repeats(matrix, axis))
  if (x.shape.length === 4 && doubles && matrices.map(({ at }) => at).join() === '2,3') return upsample2(x)
  return matrices.reduce((y, { at, axis, matrix }) => mixAxis(y, at, matrix, axis.output), x)
}

export const resizeRules = { Resize: resize } as const satisfies Readonly<Record<string, Rule>>
