import { InputError } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { constant, input } from '../../src/apply.ts'
import { evaluate, importOnnx, type Shape, type Tensor, trace } from '../../src/index.ts'
import type { AttributeData, NodeData, TensorData } from '../../src/onnx/decode.ts'
import { Call, type Item, isKnown, known, type Surroundings } from '../../src/onnx/item.ts'
import { isParameter, moduleOf, pathsOf, usesOf } from '../../src/onnx/names.ts'
import { isKnownOp, rules } from '../../src/onnx/rules/index.ts'
import { Writer } from '../../src/onnx/writer.ts'

type Given = number | string | readonly number[] | { readonly float: number }

function attributeOf(name: string, given: Given): AttributeData {
  const empty = { name, integer: 0, float: 0, text: '', integers: [], floats: [], texts: [], reference: '' }
  const base = { ...empty, tensor: undefined, graph: undefined }
  if (typeof given === 'number') return { ...base, integer: given }
  if (typeof given === 'string') return { ...base, text: given, texts: [given] }
  return 'float' in given ? { ...base, float: given.float } : { ...base, integers: [...given] }
}

function node(op: string, inputs: string[], attributes: Readonly<Record<string, Given>> = {}, name = 'n'): NodeData {
  const list = Object.entries(attributes).map(([key, given]) => [key, attributeOf(key, given)] as const)
  return { name, module: '', op, domain: '', inputs, outputs: ['y'], attributes: new Map(list) }
}

const around: Surroundings = { opset: 18, training: false, update: () => {}, readOnce: new Set(), run: () => [] }

function call(op: string, items: readonly (Item | undefined)[], attributes: Readonly<Record<string, Given>> = {}) {
  if (!isKnownOp(op)) throw new Error(op)
  const names = items.map((item, i) => (item === undefined ? '' : `x${i}`))
  const results = rules[op](new Call(node(op, names, attributes), items, around))
  return (Array.isArray(results) ? results : [results]) as readonly Item[]
}

const t = (...shape: number[]): Tensor => input('t', { shape })
const integers = (...data: number[]): Item => known('int', [data.length], data)
const numbers = (item: Item | undefined): number[] => (item !== undefined && isKnown(item) ? Array.from(item.data) : [])

describe('what is known stays known', () => {
  test('the shape arithmetic of an enlargement is done while importing', () => {
    const [shape] = call('Shape', [t(2, 3, 5, 7)])
    const [two] = call('Slice', [shape, integers(2), integers(4)])
    const [doubled] = call('Mul', [two, integers(2)])
    const [halved] = call('Div', [doubled, integers(4)])
    const [joined] = call('Concat', [call('Slice', [shape, integers(0), integers(2)])[0], halved], { axis: 0 })
    expect(numbers(joined)).toEqual([2, 3, 2, 3])
    expect(joined!.shape).toEqual([4])
  })

  test('integers are divided towards zero and keep their kind', () => {
    expect(numbers(call('Div', [integers(7, -7), integers(2)])[0])).toEqual([3, -3])
    const [cast] = call('Cast', [integers(3)], { to: 1 })
    expect(isKnown(cast!) && cast.kind).toBe('float')
  })

  test('lists without elements pass through slices and joins', () => {
    const [none] = call('Slice', [integers(1, 2), integers(0), integers(0)])
    expect(none!.shape).toEqual([0])
    expect(numbers(call('Concat', [none, integers(5)], { axis: 0 })[0])).toEqual([5])
  })

  test('integers of the data stay integers', () => {
    const tokens = input('tokens', { shape: [3], dtype: 'int32' })
    const [next] = call('Add', [tokens, integers(1)])
    expect((next as Tensor).dtype).toBe('int32')
    const [mask] = call('Less', [tokens, integers(2)])
    expect((mask as Tensor).dtype).toBe('bool')
  })

  test('indices of the data count from the end where they are negative', () => {
    const tokens = input('tokens', { shape: [2], dtype: 'int32' })
    const program = trace(
      (_, { at }) => {
        const [y] = call('Gather', [constant([10, 20, 30]), at!], { axis: 0 })
        return { y: y as Tensor }
      },
      { parameters: {}, inputs: { at: { shape: [2], dtype: 'int32' } } },
    )
    expect(tokens.dtype).toBe('int32')
    expect(Array.from(evaluate(program, { at: [-1, 1] }).y!.data)).toEqual([30, 20])
  })
})

describe('random numbers', () => {
  /** A node named by its result, which the key comes from. */
  const drawn = (
    op: 'RandomNormalLike' | 'RandomUniform',
    result: string,
    items: readonly Item[],
    given = {},
  ): Tensor => {
    const named = {
      ...node(
        op,
        items.map((_, i) => `x${i}`),
        given,
      ),
      outputs: [result],
    }
    return rules[op](new Call(named, items, around)) as Tensor
  }
  const numbersOf = (y: Tensor): number[] => {
    return Array.from(
      evaluate(
        trace(() => ({ y }), { parameters: {}, inputs: {} }),
        {},
      ).y!.data,
    )
  }

  test('have the shape, the mean and the scale of the node, and differ from node to node', () => {
    const noise = { scale: { float: 0.5 }, mean: { float: 3 } }
    const [a, b] = ['a', 'b'].map((name) => numbersOf(drawn('RandomNormalLike', name, [t(40, 25)], noise)))
    const mean = a!.reduce((sum, v) => sum + v, 0) / 1000
    const deviation = Math.sqrt(a!.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 1000)
    expect(Math.abs(mean - 3)).toBeLessThan(0.1)
    expect(Math.abs(deviation - 0.5)).toBeLessThan(0.05)
    expect(a).not.toEqual(b)
    expect(numbersOf(drawn('RandomNormalLike', 'a', [t(40, 25)], noise))).toEqual(a)
  })

  test('of a given shape lie between the limits', () => {
    const y = drawn('RandomUniform', 'a', [], { shape: [30, 2], low: { float: -2 }, high: { float: -1 } })
    expect(y.shape).toEqual([30, 2])
    expect(numbersOf(y).every((v) => v >= -2 && v < -1)).toBe(true)
    expect(() => drawn('RandomUniform', 'a', [], { shape: [2], dtype: 7 })).toThrow(/no floats/)
  })
})

describe('what a rule refuses, by operator and node', () => {
  const lstm = [t(4, 1, 3), constant(0, [1, 20, 3]), constant(0, [1, 20, 5])]
  test.each<[string, () => unknown, RegExp]>([
    [
      'a shape of the data',
      () => call('Reshape', [t(2, 3), input('s', { shape: [1], dtype: 'int32' })]),
      /depends on the data/,
    ],
    [
      'a reshape that does not fit',
      () => call('Reshape', [t(2, 3), integers(4)]),
      /\[2, 3\] does not reshape to \[4\]/,
    ],
    ['an axis beyond', () => call('Softmax', [t(2, 3)], { axis: 2 }), /axis 2 is not one of the 2 axes/],
    ['a condition of the data', () => call('If', [t()]), /condition depends on the data/],
    ['an empty slice', () => call('Slice', [t(4), integers(3), integers(2)]), /the slice is empty/],
    ['a padding mode', () => call('Pad', [t(4), integers(1, 1)], { mode: 'mirror' }), /mode mirror/],
    [
      'a resize mode',
      () => call('Resize', [t(4), undefined, undefined, integers(8)], { mode: 'lanczos' }),
      /mode lanczos/,
    ],
    ['antialiasing', () => call('Resize', [t(4), undefined, undefined, integers(2)], { antialias: 1 }), /antialias/],
    [
      'a coordinate mode',
      () =>
        call('Resize', [t(4), undefined, undefined, integers(2)], {
          coordinate_transformation_mode: 'tf_crop_and_resize',
        }),
      /coordinate_transformation_mode tf_crop_and_resize/,
    ],
    ['four spatial axes', () => call('Conv', [t(1, 1, 2, 2, 2, 2), t(1, 1, 1, 1, 1, 1)]), /4 spatial axes/],
    ['an output shape', () => call('ConvTranspose', [t(1, 1, 4), t(1, 1, 2)], { output_shape: [9] }), /output_shape/],
    ['a pool without a kernel', () => call('MaxPool', [t(1, 1, 4)]), /kernel_shape is missing/],
    ['a missing operand', () => call('Add', [t(2), undefined]), /operand 1 is missing/],
    ['other activations', () => call('LSTM', lstm, { activations: 'Relu' }), /activations Relu/],
    ['batch first', () => call('LSTM', lstm, { layout: 1 }), /layout = 1 is not supported, only 0/],
    ['lengths that differ', () => call('LSTM', [...lstm, undefined, integers(3)]), /sequences of different lengths/],
    [
      'a reduction of scatter',
      () => call('ScatterND', [t(3, 2), known('int', [1, 1], [0]), t(1, 2)], { reduction: 'mul' }),
      /reduction mul/,
    ],
    ['a grid of another rank', () => call('GridSample', [t(1, 1, 4, 4), t(1, 2, 2, 3)]), /a grid of 3 coordinates/],
    ['a cubic grid', () => call('GridSample', [t(1, 1, 4, 4), t(1, 2, 2, 2)], { mode: 'cubic' }), /mode cubic/],
    [
      'a loss of another reduction',
      () => call('NegativeLogLikelihoodLoss', [t(2, 3), integers(0, 1)], { reduction: 'max' }),
      /reduction max/,
    ],
    ['an index outside', () => call('Gather', [t(3), integers(1, 5)]), /an index is outside an axis of 3/],
    ['a huge constant', () => call('ConstantOfShape', [integers(2 ** 20, 2 ** 20)]), /a constant of shape/],
    [
      'an endless range',
      () => call('Range', [known('int', [], [0]), known('int', [], [1e12]), known('int', [], [1])]),
      /a range of/,
    ],
  ])('%s', (_, fn, pattern) => {
    expect(fn).toThrow(pattern)
    expect(fn).toThrow(/\(node n, opset 18\)/)
    expect(fn).toThrow(InputError)
  })
})

describe('names', () => {
  const tensor = (name: string, dims: number[], type = 1): TensorData => {
    const parts = { raw: undefined, floats: [], doubles: [], integers: [], external: new Map(), isExternal: false }
    return { name, dims, type, ...parts }
  }

  test('of modules, from the names of nodes', () => {
    expect(moduleOf(node('Conv', [], {}, '/layers/layers.0/a/a.0/Conv'))).toBe('layers.0.a.0')
    expect(moduleOf(node('Conv', [], {}, '/Conv'))).toBe('')
    expect(moduleOf(node('Conv', [], {}, 'node_conv_3'))).toBe('')
    expect(moduleOf({ ...node('Conv', []), module: 'a.b' })).toBe('a.b')
  })

  test('of parameters are unique, and no path lies in another', () => {
    const uses = usesOf([
      node('MatMul', ['x', 'onnx::MatMul_7'], {}, '/head/MatMul'),
      node('MatMul', ['x', 'onnx::MatMul_9'], {}, '/head/MatMul_1'),
      node('Add', ['x', 'a.b']),
      node('Add', ['x', 'a']),
      node('Add', ['x', 'a.b.c']),
    ])
    const paths = [...pathsOf(['onnx::MatMul_7', 'onnx::MatMul_9', 'a.b', 'a', 'a.b.c', '...'], uses).values()]
    expect(paths).toEqual(['head.weight', 'head.weight_2', 'a.b', 'a_2', 'a_b_c', 'value'])
    expect(new Set(paths).size).toBe(paths.length)
    for (const path of paths) expect(paths.some((other) => other.startsWith(`${path}.`))).toBe(false)
  })

  test('parameters are numbers that are calculated with, not settings and lone numbers', () => {
    const uses = usesOf([
      node('Conv', ['x', 'conv.weight']),
      node('Resize', ['x', '', 'scales']),
      node('Mul', ['x', 'head.scale']),
      node('Mul', ['x', 'val_3']),
      node('Gather', ['table', 'ids']),
    ])
    const says = (name: string, dims: number[], type = 1, producer = 'pytorch'): boolean =>
      isParameter(tensor(name, dims, type), uses, producer)
    expect(says('conv.weight', [2, 2, 3, 3])).toBe(true)
    expect(says('scales', [4])).toBe(false)
    expect(says('head.scale', [])).toBe(true)
    expect(says('val_3', [])).toBe(false)
    expect(says('val_3', [4])).toBe(true)
    expect(says('ids', [4], 7)).toBe(false)
    expect(says('_c12', [4], 1, 'ecotope')).toBe(false)
    expect(says('a.weight', [4], 1, 'ecotope')).toBe(true)
  })
})

describe('files by hand', () => {
  /** A model of one node with float inputs of any shape. */
  function model(op: string, inputs: Readonly<Record<string, Shape>>, domain = ''): Uint8Array {
    const w = new Writer()
    w.message(7, () => {
      w.message(1, () => {
        for (const name of Object.keys(inputs)) w.string(1, name)
        w.string(2, 'y')
        w.string(4, op)
        if (domain !== '') w.string(7, domain)
      })
      const value = (field: number, name: string, shape: Shape): void =>
        w.message(field, () => {
          w.string(1, name)
          w.message(2, () => {
            w.message(1, () => {
              w.integer(1, 1)
              w.message(2, () => {
                for (const extent of shape) w.message(1, () => w.integer(1, extent))
              })
            })
          })
        })
      for (const [name, shape] of Object.entries(inputs)) value(11, name, shape)
      value(12, 'y', [])
    })
    w.message(8, () => {
      w.string(1, '')
      w.integer(2, 18)
    })
    return w.bytes.slice()
  }

  test('an operator of two inputs becomes a function of two tensors', () => {
    const { apply, inputs, parameters } = importOnnx(model('Sub', { a: [2], b: [2] }))
    const program = trace((p, named) => apply(p, named), { parameters, inputs })
    expect(Array.from(evaluate(program, { a: [5, 6], b: [1, 2] }).y!.data)).toEqual([4, 4])
  })

  test('operators of other domains are named with them', () => {
    expect(() => importOnnx(model('FusedConv', { a: [2] }, 'com.microsoft'))).toThrow(
      /com\.microsoft\.FusedConv \(node of y/,
    )
  })

  test('a value that no node gives is named', () => {
    const w = new Writer()
    w.message(7, () => {
      w.message(1, () => {
        w.string(1, 'ghost')
        w.string(2, 'y')
        w.string(4, 'Neg')
      })
      w.message(12, () => w.string(1, 'y'))
    })
    w.message(8, () => w.integer(2, 18))
    const { apply } = importOnnx(w.bytes)
    expect(() => apply({}, {})).toThrow(/reads ghost, which no node before it gives/)
  })
})
