import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { apply, input } from '../src/apply.ts'
import {
  add,
  addAll,
  and,
  cast,
  concat,
  constant,
  constantInit,
  conv2d,
  convTranspose2d,
  expand,
  gradients,
  greater,
  groupNorm,
  matmul,
  max,
  maxPool2,
  meanPool2,
  not,
  pad,
  parameter,
  reshape,
  reverse,
  scope,
  slice,
  sliceAxis,
  softmax,
  split,
  sum,
  type Tensor,
  transpose,
  up2,
  upsample2,
  where,
} from '../src/index.ts'
import { broadcastShapes, normaliseAxes, reducedShape, stridesOf } from '../src/shape.ts'

const t = (...shape: number[]): Tensor => input('t', { shape })
const bool = greater(t(2, 3), 0)

describe('what primitives refuse, by name', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['add', () => add(t(2, 3), t(2, 4)), /add: shapes \[2, 3\] and \[2, 4\] do not broadcast/],
    ['add of bool', () => add(bool, 1), /add: needs numbers, not bool/],
    ['and', () => and(bool, t(2, 3)), /and: needs bool, not float32/],
    ['where', () => where(t(2), 1, 2), /condition must be bool/],
    ['reshape', () => reshape(t(2, 3), [4]), /\[2, 3\] does not reshape to \[4\]/],
    ['transpose', () => transpose(t(2, 3), [1, 1]), /does not permute/],
    ['slice', () => sliceAxis(t(2, 3), 1, 1, 5), /1 to 5 is not inside axis 1 of \[2, 3\]/],
    ['pad', () => pad(t(2), [-1], [0]), /must not be negative/],
    ['concat', () => concat([t(2, 3), t(3, 3)], 1), /\[3, 3\] does not join \[2, 3\] on axis 1/],
    ['empty concat', () => concat([], 0), /nothing to join/],
    ['empty sum', () => addAll([]), /nothing to add/],
    ['expand', () => expand(t(2, 3), [3, 3]), /do not broadcast/],
    ['matmul', () => matmul(t(2, 3), t(2, 3)), /inner extents 3 and 2/],
    ['matmul of a vector', () => matmul(t(3), t(3, 2)), /needs matrices/],
    ['conv channels', () => conv2d(t(1, 3, 8, 8), t(4, 2, 3, 3)), /the input has 3 channels, the weight expects 2/],
    ['conv rank', () => conv2d(t(3, 8, 8), t(4, 3, 3, 3)), /must be \[N, C, H, W\], not \[3, 8, 8\]/],
    ['conv bias', () => conv2d(t(1, 3, 8, 8), t(4, 3, 3, 3), { bias: t(3) }), /the bias must be \[4\]/],
    [
      'conv extent',
      () => conv2d(t(1, 3, 2, 2), t(4, 3, 5, 5), { padding: 'valid' }),
      /kernel 5 x 5 does not fit into 2 x 2/,
    ],
    ['up2', () => up2(t(1, 3, 2, 2), t(3, 4, 3, 3)), /weight must be \[C, O, 2, 2\]/],
    ['odd pool', () => apply('maxPool2', [t(1, 1, 3, 4)], {}), /needs even extents, not 3 x 4/],
    ['groups', () => groupNorm(t(1, 6, 2, 2), t(6), t(6), { groups: 4 }), /6 channels do not divide into 4 groups/],
    ['no groups', () => groupNorm(t(1, 6, 2, 2), t(6), t(6), { groups: 0 }), /positive integer/],
    ['group scale', () => groupNorm(t(1, 6, 2, 2), t(5), t(6), { groups: 2 }), /the scale must be \[6\]/],
    ['axis', () => sum(t(2, 3), 2), /axis 2 is not one of the 2 axes/],
    ['constant', () => constant([1, 2, 3], [2]), /3 numbers do not fill \[2\]/],
    ['shape', () => input('x', { shape: [0, 2] }), /positive integers/],
    ['gradient of a vector', () => gradients(t(3), []), /must be a scalar/],
    ['a reshape that leaves a rest', () => reshape(t(3), [-1, 2]), /\[3\] does not reshape to \[-1, 2\]/],
    ['two open extents', () => reshape(t(4), [-1, -1]), /\[4\] does not reshape to \[-1, -1\]/],
    ['negative extents', () => reshape(t(6), [-2, -3]), /extents are positive integers, not \[-2, -3\]/],
    ['a fraction of an extent', () => expand(t(1), [1.5]), /extents are positive integers, not \[1\.5\]/],
    ['no extent', () => expand(t(1), [0]), /extents are positive integers, not \[0\]/],
    ['a part of a permutation', () => transpose(t(2, 3), [0]), /\[0\] does not permute the axes of \[2, 3\]/],
    ['an axis beyond', () => transpose(t(2, 3), [0, 5]), /\[0, 5\] does not permute/],
    ['a slice of one axis of two', () => slice(t(4, 3), [0], [2]), /\[0\] to \[2\] is not one place for each axis/],
    ['a slice of three axes of one', () => slice(t(4), [0, 0], [2, 1]), /is not one place for each axis of \[4\]/],
    ['a slice between elements', () => slice(t(4), [0.5], [1.5]), /0\.5 to 1\.5 is not inside axis 0/],
    [
      'pad of one axis of two',
      () => pad(t(4, 3), [1], [1]),
      /\[1\] and \[1\] are not one count for each axis of \[4, 3\]/,
    ],
    ['pad by a half', () => pad(t(4), [0.5], [0]), /whole/],
    ['parts that leave a rest', () => split(t(4), 0, [1, 2]), /split: sizes \[1, 2\] do not add up to axis 0 of \[4\]/],
    ['concat of one beyond its axes', () => concat([t(4)], 3), /axis 3 is not one of the 1 axes/],
    ['parameter', () => parameter([0, 3], constantInit(1)), /positive integers, not \[0, 3\]/],
    [
      'element type',
      () => input('x', { shape: [2], dtype: 'float64' as 'float32' }),
      /float32, int32, bool, not float64/,
    ],
    [
      'channels of a transposed convolution',
      () => convTranspose2d(t(1, 3, 4, 4), t(4, 2, 3, 3)),
      /the input \[1, 3, 4, 4\] has 3 channels, the weight \[4, 2, 3, 3\] expects 4/,
    ],
    [
      'bias of a transposed convolution',
      () => convTranspose2d(t(1, 3, 4, 4), t(3, 2, 3, 3), { bias: t(1) }),
      /convTranspose: the bias must be \[2\], not \[1\]/,
    ],
    ['pool of one pixel', () => maxPool2(t(1, 1, 1, 4)), /maxPool2: needs images .* not \[1, 1, 1, 4\]/],
  ])('%s', (_, fn, message) => {
    expect(fn).toThrow(message)
    expect(fn).toThrow(InputError)
  })

  test('the message names the layer, also after an error inside a scope', () => {
    const inner = () => scope('encoder.0', () => scope('first', () => add(t(2), t(3))))
    expect(inner).toThrow(/add in encoder\.0\.first/)
    expect(() => add(t(2), t(3))).toThrow(/^add: /)
  })
})

describe('what primitives give', () => {
  test.each<[string, Tensor, readonly number[]]>([
    ['conv same', conv2d(t(2, 3, 7, 9), t(4, 3, 3, 5)), [2, 4, 7, 9]],
    ['conv same, stride 2', conv2d(t(2, 3, 7, 8), t(4, 3, 3, 3), { stride: 2 }), [2, 4, 4, 4]],
    ['conv valid', conv2d(t(2, 3, 7, 9), t(4, 3, 3, 3), { padding: 'valid', dilation: 2 }), [2, 4, 3, 5]],
    ['maxPool2 of odd extents', maxPool2(t(1, 2, 5, 7)), [1, 2, 2, 3]],
    ['meanPool2', meanPool2(t(1, 2, 4, 6)), [1, 2, 2, 3]],
    ['up2', up2(t(1, 2, 5, 7), t(2, 3, 2, 2)), [1, 3, 10, 14]],
    ['upsample2', upsample2(t(1, 2, 5, 7)), [1, 2, 10, 14]],
    ['reshape with -1', reshape(t(2, 3, 4), [-1, 6]), [4, 6]],
    ['max', max(t(2, 3, 4), [0, -1]), [3]],
    ['softmax', softmax(t(2, 3), 0), [2, 3]],
    ['slice', slice(t(4, 5), [1, 0], [3, 5]), [2, 5]],
    ['transpose by axes from the end', transpose(t(2, 3, 4), [-1, 0, -2]), [4, 2, 3]],
    ['cast', cast(not(bool), 'float32'), [2, 3]],
  ])('%s', (_, tensor, shape) => {
    expect(tensor.shape).toEqual(shape)
  })

  test('operations that change nothing add no node', () => {
    const x = t(2, 3)
    for (const same of [
      reshape(x, [2, 3]),
      transpose(x, [0, 1]),
      slice(x, [0, 0], [2, 3]),
      pad(x, [0, 0], [0, 0]),
      expand(x, [2, 3]),
      reverse(x, []),
      concat([x], 0),
      sum(x, []),
    ]) {
      expect(same).toBe(x)
    }
  })

  test('split parts cover the axis', () => {
    expect(split(t(2, 6), 1, [1, 2, 3]).map(({ shape }) => shape[1])).toEqual([1, 2, 3])
  })
})

describe('arithmetic on shapes', () => {
  const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 })
  test('broadcasting is symmetric and keeps the shape itself (property)', () => {
    fc.assert(
      fc.property(shape, (a) => {
        const ones = a.map(() => 1)
        expect(broadcastShapes(a, ones, '')).toEqual(a)
        expect(broadcastShapes(ones, a, '')).toEqual(a)
        expect(broadcastShapes(a, a, '')).toEqual(a)
        expect(broadcastShapes(a, [], '')).toEqual(a)
      }),
    )
  })

  test('axes, reductions and strides', () => {
    expect(normaliseAxes([-1, 0, 2], 3, '')).toEqual([0, 2])
    expect(reducedShape([2, 3, 4], [1], true)).toEqual([2, 1, 4])
    expect(reducedShape([2, 3, 4], [0, 2], false)).toEqual([3])
    expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1])
  })
})
