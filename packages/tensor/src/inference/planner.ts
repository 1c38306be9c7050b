/** The state of planning: values of nodes as images that are read lazily, steps, and buffers. Rules are in `rules/`. */
import { InputError } from '@ecotope/core'
import type { Tensor } from '../primitive.ts'
import type { Float64Dense } from '../reference/array.ts'
import { type Shape, sizeOf } from '../shape.ts'
import { applied, broadcastTo, type Expression, formulaOf, read, weightOf } from './formula.ts'
import { productRows, rowGeometry, SEGMENT, winogradGeometry } from './geometry.ts'
import { type Extent, extentOf, imageIn, numbersOf, padded, sameView, Unsupported, type View } from './layout.ts'
import type { Buffer, Constant, Plan, Source, Step, StepKinds } from './steps.ts'
import { blockNumbers } from './wasm/moments.ts'
import { packedNumbers, pixelOrder } from './weights.ts'

/** Channels of an image by range, each evaluated when it is read. */
export interface Part {
  readonly channels: number
  readonly expression: Expression
}

export type Value =
  | { readonly kind: 'constant'; readonly array: Float64Dense }
  | { readonly kind: 'image'; readonly shape: Shape; readonly extent: Extent; readonly parts: readonly Part[] }

export type Image = Extract<Value, { kind: 'image' }>

/** An expression that reads more, or calculates more, becomes an image of its own. */
const MOST_LEAVES = 8
const MOST_OPERATIONS = 64

type Measurable = 'winograd' | 'gathered' | 'spread'

export class Planner {
  readonly steps: Step[] = []
  readonly buffers: Buffer[] = []
  readonly #uses: ReadonlyMap<Tensor, number>
  /** The step that wrote a buffer. */
  readonly #writers = new Map<number, number>()
  /** Buffers of constants by their numbers, and by how these are packed. */
  readonly #constants = new Map<Float32Array, Map<string, number>>()
  readonly #rounded = new Map<Float64Array, Float32Array<ArrayBuffer>>()
  #scope = ''

  constructor(uses: ReadonlyMap<Tensor, number>) {
    this.#uses = uses
  }

  plan(): Plan {
    return { steps: this.steps, buffers: this.buffers }
  }

  /** What is planned next belongs to this node. */
  enter(node: Tensor): void {
    this.#scope = node.scope === '' ? node.op : `${node.op} (from ${node.scope})`
  }

  buffer(numbers: number, constant?: Constant): number {
    return this.buffers.push(constant === undefined ? { numbers } : { numbers, constant }) - 1
  }

  /** A constant; numbers that are packed the same way twice, as by networks that share weights, are held once. */
  constant(constant: Constant): number {
    const packing = JSON.stringify(constant.packing)
    const held = this.#constants.get(constant.data) ?? new Map<string, number>()
    this.#constants.set(constant.data, held)
    const at = held.get(packing) ?? this.buffer(packedNumbers(constant), constant)
    held.set(packing, at)
    return at
  }

  /** Weights in float32: the same array for the same numbers. */
  rounded(weights: Float64Array): Float32Array<ArrayBuffer> {
    const made = this.#rounded.get(weights) ?? new Float32Array(weights)
    this.#rounded.set(weights, made)
    return made
  }

  plain(data: Float32Array<ArrayBuffer>): number {
    return this.constant({ data, packing: { kind: 'plain' } })
  }

  /** One number per channel, filled up with zeros. */
  perChannel(values: ArrayLike<number> | undefined, channels: number): number {
    const data = new Float32Array(padded(channels))
    if (values !== undefined) data.set(Float32Array.from(values))
    return this.plain(data)
  }

  newImage(extent: Extent): View {
    return imageIn(this.buffer(numbersOf(extent)), extent)
  }

  emit<K extends keyof StepKinds>(kind: K, step: StepKinds[K]): void {
    const at = this.steps.push({ kind, name: this.#scope, ...step } as unknown as Step) - 1
    if ('to' in step) this.#writers.set((step.to as View).buffer, at)
  }

  /** A stored image as the value of a node. */
  stored(view: View, shape: Shape): Image {
    return { kind: 'image', shape, extent: view.extent, parts: [{ channels: view.extent.c, expression: read(view) }] }
  }

  /** Writes an image to memory, unless it is there as it is. */
  view(image: Image): View {
    const [only, second] = image.parts
    if (second === undefined && only!.expression.kind === 'read' && only!.expression.view.strides.c === 1) {
      return only!.expression.view
    }
    const to = this.newImage(image.extent)
    this.emit('map', { from: this.aligned(image), to })
    return to
  }

  /** An image to be read by a convolution, whose weights take gaps between its parts into account. */
  source({ extent, parts }: Image): Source {
    return {
      extent,
      parts: parts.map(({ channels, expression }) => ({ channels, formula: formulaOf(expression) })),
    }
  }

  /** An image to be read by what needs its channels side by side. */
  aligned(image: Image): Source {
    if (image.parts.slice(0, -1).some(({ channels }) => channels % 4 !== 0)) {
      throw new Unsupported('joins at a channel that no multiple of four precedes, but in front of convolutions')
    }
    return this.source(image)
  }

  /** An image as one expression. */
  expression(image: Image): Expression {
    return image.parts.length === 1 ? image.parts[0]!.expression : read(this.view(image))
  }

  /** An operand of an elementwise node, repeated to the node's extent. */
  operand(value: Value, shape: Shape, extent: Extent): Expression {
    if (value.kind === 'image') {
      if (value.shape.length !== shape.length) throw new Unsupported('broadcasting over images of fewer axes')
      return broadcastTo(this.expression(value), extent)
    }
    const { array } = value
    if (array.data.length === 1) return { kind: 'number', value: array.data[0]! }
    const full = [...new Array<number>(shape.length - array.shape.length).fill(1), ...array.shape]
    return broadcastTo(read(this.constantImage(array.data, extentOf(full)!)), extent)
  }

  constantImage(data: ArrayLike<number>, extent: Extent): View {
    const { n, c, h, w } = extent
    return imageIn(this.plain(pixelOrder(data, [n, c, h, w])), extent)
  }

  /** The value of an elementwise node: kept as an expression where reading it again is cheap. */
  elementwise(node: Tensor, expression: Expression): Image {
    const extent = imageExtent(node.shape)
    const image: Image = { kind: 'image', shape: node.shape, extent, parts: [{ channels: extent.c, expression }] }
    const { images, leaves, operations } = weightOf(expression)
    const heavy = leaves > MOST_LEAVES || operations > MOST_OPERATIONS
    const shared = (this.#uses.get(node) ?? 0) > 1 && images > 1
    if (node.dtype === 'bool' || !(heavy || shared)) return image
    return this.stored(this.view(image), node.shape)
  }

  /** A buffer with the partial moments of an image: left by the step that wrote it where that can, else by one more. */
  momentsOf(image: Image): number {
    const [only, second] = image.parts
    const { extent } = image
    if (second === undefined && only!.expression.kind === 'read') {
      const { view } = only!.expression
      const at = this.#writers.get(view.buffer)
      const step = at === undefined ? undefined : this.steps[at]!
      if (step !== undefined && isMeasurable(step) && sameView(step.to, view)) {
        const moments = step.moments ?? this.buffer(extent.n * blocksOf(step) * blockNumbers(extent.c))
        this.steps[at!] = { ...step, moments }
        return moments
      }
    }
    const { segments } = rowGeometry(extent, SEGMENT)
    const moments = this.buffer(extent.n * extent.h * segments * blockNumbers(extent.c))
    this.emit('moments', { from: this.aligned(image), moments })
    return moments
  }

  /** x factor + summand for each sample and channel, and perhaps what is positive of it. */
  normalised(image: Image, factor: View, summand: View, positive: boolean): Expression {
    const along = (view: View): Expression => broadcastTo(read(view), image.extent)
    const y = applied('affine', [this.expression(image), along(factor), along(summand)])
    return positive ? applied('relu', [y]) : y
  }
}

const measurable: ReadonlySet<string> = new Set<Measurable>(['winograd', 'gathered', 'spread'])

function isMeasurable(step: Step): step is Extract<Step, { kind: Measurable }> {
  return measurable.has(step.kind)
}

/** Blocks of moments per sample. */
function blocksOf(step: Extract<Step, { kind: Measurable }>): number {
  if (step.kind === 'winograd') {
    const { strips, blocks } = winogradGeometry(step)
    return strips * blocks
  }
  const { segments, rows } = productRows(step)
  return rows * segments
}

export function imageExtent(shape: Shape): Extent {
  const extent = extentOf(shape)
  if (extent === undefined) throw new Unsupported(`arrays of ${shape.length} axes`)
  return extent
}

export function asImage(planner: Planner, value: Value): Image {
  if (value.kind === 'image') return value
  const { shape, data } = value.array
  if (sizeOf(shape) === 0) throw new InputError('ShapeMismatch', 'an empty array')
  return planner.stored(planner.constantImage(data, imageExtent(shape)), shape)
}
