/** The inputs that a file declares: extents that it fixes, and names for those that it leaves open. */

import { InputError } from '@ecotope/core'
import type { DType, Tensor, TensorSpec } from '../primitive.ts'
import { type Shape, showShape } from '../shape.ts'
import { elementOf } from './data.ts'
import type { ValueData } from './decode.ts'
import { dtypes } from './item.ts'

/** Numbers for extents by their names, or whole shapes by inputs. */
export type GivenShapes = Readonly<Record<string, number | Shape>>

const NEED_SHAPES = 'Pass `shapes` with a number for each, such as { batch: 8 }.'

export interface Declared {
  readonly name: string
  readonly dtype: DType
  /** Numbers, or names of extents that the file leaves open. Undefined: any rank. */
  readonly dims: readonly (number | string)[] | undefined
}

export function declaredOf({ name, type, dims }: ValueData, shapes: GivenShapes = {}): Declared {
  const { kind } = elementOf(type, `the input ${name}`)
  const whole = shapes[name]
  if (typeof whole === 'object') return { name, dtype: dtypes[kind], dims: whole }
  const named = dims?.map((extent, axis) => {
    const key = extent === null || extent === 0 ? `${name}.${axis}` : extent
    if (typeof key === 'number') return key
    const given = shapes[key]
    return typeof given === 'number' ? given : key
  })
  return { name, dtype: dtypes[kind], dims: named }
}

export function specOf({ name, dtype, dims }: Declared): TensorSpec {
  const open = dims?.filter((extent) => typeof extent === 'string')
  if (dims === undefined || open === undefined || open.length > 0) {
    const what = dims === undefined ? 'its whole shape' : open!.join(', ')
    throw new InputError('OpenExtents', `the input ${name} of the ONNX file leaves open ${what}`, {
      hint: dims === undefined ? `Pass \`shapes: { ${name}: [...] }\`.` : NEED_SHAPES,
      data: { input: name, open },
    })
  }
  return { shape: dims as Shape, dtype }
}

/** Extents that the file fixes must be met: its reshapes may hold them, and other ones would mix samples unseen. */
export function checkGiven({ name, dtype, dims }: Declared, given: Tensor | undefined): Tensor {
  if (given === undefined) {
    throw new InputError('UnknownName', `the ONNX network needs an input ${name}`, { data: { name } })
  }
  const fits = dims === undefined || (dims.length === given.shape.length && dims.every(fitsAt(given.shape)))
  if (!fits || given.dtype !== dtype) {
    const wanted = `${dtype} [${dims?.join(', ') ?? '...'}]`
    throw new InputError(
      'ShapeMismatch',
      `the input ${name} is ${wanted}, not ${given.dtype} ${showShape(given.shape)}`,
      {
        hint: 'Export with dynamic axes; or, if no reshape holds the extents, pass `shapes` with the whole shape.',
        data: { name, expected: dims, actual: given.shape },
      },
    )
  }
  return given
}

const fitsAt =
  (shape: Shape) =>
  (extent: number | string, axis: number): boolean =>
    typeof extent === 'string' || extent === shape[axis]
