/** Errors while tracing tell the operation, the shapes, the layer and the line of user code. */

import { InputError } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { add, conv2d, gradients, log, matmul, scope, sliceAxis, sum, type Tensor, trace } from '../src/index.ts'
import { userLine } from '../src/source.ts'

function errorOf(fn: () => unknown): InputError {
  try {
    fn()
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
  throw new Error('nothing was raised')
}

const program = (fn: (x: Tensor) => Tensor): InputError =>
  errorOf(() => trace((_, { x }) => ({ y: fn(x) }), { parameters: {}, inputs: { x: { shape: [2, 3, 8, 8] } } }))

describe('an error while tracing', () => {
  test('names operation, shapes, layer path and line', () => {
    const error = program((x) => scope('encoder', () => scope('1', () => add(x, sliceAxis(x, 2, 0, 3)))))
    expect(error.tag).toBe('ShapeMismatch')
    expect(error.message).toMatch(
      /^add in encoder\.1: shapes \[2, 3, 8, 8\] and \[2, 3, 3, 8\] do not broadcast \(errors\.test\.ts:\d+\)$/,
    )
    expect(error.data).toMatchObject({ layer: 'encoder.1', a: [2, 3, 8, 8], b: [2, 3, 3, 8] })
    expect(error.data.line).toMatch(/test\/errors\.test\.ts:\d+$/)
  })

  test('names the line of the outermost call into the package, not of its inner helpers', () => {
    const error = program((x) => conv2d(x, sliceAxis(x, 1, 0, 2)))
    expect(error.message).toMatch(/^conv: .*channels.*\(errors\.test\.ts:\d+\)$/)
  })

  test('keeps what was checked before a node was made', () => {
    const error = program((x) => scope('head', () => sum(x, 7)))
    expect(error.tag).toBe('AxisOutOfRange')
    expect(error.message).toMatch(/^sum: axis 7 is not one of the 4 axes in head \(errors\.test\.ts:\d+\)$/)
  })

  test('is told once, however many layers it passes', () => {
    const error = program((x) => scope('a', () => scope('b', () => matmul(x, sliceAxis(x, 2, 0, 3)))))
    expect(error.message.match(/errors\.test\.ts/g)).toHaveLength(1)
    expect(error.message.match(/a\.b/g)).toHaveLength(1)
  })
})

describe('what is no tensor', () => {
  test('is named by operation, operand, layer and line', () => {
    const error = errorOf(() =>
      trace((_, inputs) => ({ y: scope('head', () => add(inputs.x!, inputs.misspelt!)) }), {
        parameters: {},
        inputs: { x: { shape: [2] } } as Record<string, { shape: number[] }>,
      }),
    )
    expect(error.tag).toBe('NotATensor')
    expect(error.message).toMatch(/^add in head: operand 1 is undefined, not a tensor \(errors\.test\.ts:\d+\)$/)
    expect(error.hint).toMatch(/spelling/)
    expect(errorOf(() => add(1, undefined as never)).message).toMatch(/^add: operand 1 is undefined/)
  })

  test('is refused as an output', () => {
    const error = errorOf(() => trace(() => ({ y: 3 as never }), { parameters: {}, inputs: {} }))
    expect(error.message).toBe('the output y is not a tensor')
  })
})

test('nodes of a gradient belong to the layer and the line of the nodes they come from', () => {
  let line: string | undefined
  const { outputs } = trace(
    (_, { x }) => {
      const y = scope('entropy', () => log(x))
      line = userLine(y.source)
      return { g: gradients(sum(y), [x])[0]! }
    },
    { parameters: {}, inputs: { x: { shape: [3] } } },
  )
  expect(outputs.g).toMatchObject({ op: 'div', scope: 'entropy' })
  expect(userLine(outputs.g!.source)).toBe(line)
  expect(line).toMatch(/errors\.test\.ts:\d+$/)
})

describe('userLine', () => {
  const cases = [
    ['    at fn (file:///home/me/net.ts:41:7)', '/home/me/net.ts:41'],
    ['    at /home/me/net.ts:41:7', '/home/me/net.ts:41'],
    ['    at async main (/home/me/a%20b.ts:3:1)', '/home/me/a b.ts:3'],
    ['    at https://example.org/app.js?v=2:10:2', 'https://example.org/app.js:10'],
    ['    at node:internal/modules/run_main:1:2', undefined],
    ['    at f (/home/me/node_modules/x/index.js:1:2)', undefined],
  ] as const
  test.each(cases)('%s', (stack, expected) => {
    expect(userLine({ stack: `Error\n${stack}` })).toBe(expected)
  })
})
