/** Primitives that cut, join and rename images; most only change how they are read. */
import type { Tensor } from '../../primitive.ts'
import type { Shape } from '../../shape.ts'
import { cropped, read, reversed } from '../formula.ts'
import { cropView, type Extent, imageIn, sameExtent, Unsupported } from '../layout.ts'
import { asImage, type Image, imageExtent, type Part, type Planner } from '../planner.ts'
import type { Rule } from './rule.ts'

export const concat: Rule<'concat'> = (planner, node, inputs) => {
  const images = inputs.map((input) => asImage(planner, input))
  const extent = imageExtent(node.shape)
  const { axis } = node.attributes
  if (axis !== 1) return sideBySide(planner, images, node.shape, axis)
  return { kind: 'image', shape: node.shape, extent, parts: images.flatMap(({ parts }): readonly Part[] => parts) }
}

const ORIGIN: Extent = { n: 0, c: 0, h: 0, w: 0 }

/** Which axis of an image an axis of a shape is. */
const axisOf = (axis: number, rank: number): 'n' | 'h' | 'w' => (axis === 0 ? 'n' : axis === rank - 1 ? 'w' : 'h')

/** Joined along samples, rows or columns: each image is written into its part of the result. */
function sideBySide(planner: Planner, images: readonly Image[], shape: Shape, axis: number): Image {
  const along = axisOf(axis, shape.length)
  const to = planner.newImage(imageExtent(shape))
  let at = 0
  for (const image of images) {
    planner.emit('map', { from: planner.aligned(image), to: cropView(to, { ...ORIGIN, [along]: at }, image.extent) })
    at += image.extent[along]
  }
  return planner.stored(to, shape)
}

export const reverse: Rule<'reverse'> = (planner, node, [x]) => {
  const { axes } = node.attributes
  if (axes.includes(1)) throw new Unsupported('channels in reverse order')
  const image = asImage(planner, x!)
  const along = axes.map((axis) => axisOf(axis, image.shape.length))
  const parts = image.parts.map((part) => ({ ...part, expression: reversed(part.expression, along) }))
  return { ...image, parts }
}

/** What a slice of an axis takes of it. */
function slicedStart({ attributes: { axes, starts } }: Tensor<'slice'>, rank: number): Extent {
  const at = (axis: number): number => starts[axes.indexOf(axis)] ?? 0
  return { n: at(0), c: at(1), h: rank === 4 ? at(2) : 0, w: at(rank - 1) * (rank > 2 ? 1 : 0) }
}

export const slice: Rule<'slice'> = (planner, node, [x]) => {
  const image = asImage(planner, x!)
  const extent = imageExtent(node.shape)
  const start = slicedStart(node, image.shape.length)
  const expression = cropped(planner.expression(image), start, extent)
  return { kind: 'image', shape: node.shape, extent, parts: [{ channels: extent.c, expression }] }
}

/** The same numbers in other extents of the same pixels, if they lie one after the other. */
function renamed(planner: Planner, image: Image, extent: Extent): Image['parts'] {
  const view = planner.view(image)
  const plain = imageIn(view.buffer, image.extent).strides
  const dense = (['n', 'h', 'w'] as const).every((axis) => view.strides[axis] === plain[axis])
  const whole = dense ? view : copied(planner, image)
  const { offset, buffer } = whole
  return [{ channels: extent.c, expression: read({ ...imageIn(buffer, extent), offset }) }]
}

function copied(planner: Planner, image: Image): ReturnType<Planner['newImage']> {
  const to = planner.newImage(image.extent)
  planner.emit('map', { from: planner.aligned(image), to })
  return to
}

export const reshape: Rule<'reshape'> = (planner, node, [x]) => {
  const image = asImage(planner, x!)
  const extent = imageExtent(node.shape)
  if (sameExtent(extent, image.extent)) return { ...image, shape: node.shape }
  const { n, c, h, w } = image.extent
  if (extent.n !== n || extent.c !== c || extent.h * extent.w !== h * w) {
    throw new Unsupported(`a change of shape from [${image.shape.join(', ')}] to [${node.shape.join(', ')}]`)
  }
  return { kind: 'image', shape: node.shape, extent, parts: renamed(planner, image, extent) }
}

export const pad: Rule<'pad'> = (planner, node, [x]) => {
  const { before, after, value } = node.attributes
  const image = asImage(planner, x!)
  if ([...before.slice(0, 2), ...after.slice(0, 2)].some((n) => n !== 0)) throw new Unsupported('padded channels')
  const to = planner.newImage(imageExtent(node.shape))
  const [top, left] = node.shape.length === 4 ? [before[2]!, before[3]!] : [0, before[2] ?? 0]
  planner.emit('window', {
    from: planner.aligned(image),
    to,
    reach: { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], before: [top, left] },
    fill: value,
    combine: 'sum',
    weights: undefined,
    bias: undefined,
  })
  return planner.stored(to, node.shape)
}
