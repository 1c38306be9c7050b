/** Reductions that share a loop give what they give alone, and read their elements once. */
import { describe, expect, it } from 'vitest'
import { call } from '../../src/cells/build.ts'
import type { Cell, Reducer } from '../../src/cells/cell.ts'
import { compileProgram } from '../../src/cells/compile/program.ts'
import { contains, siblingsIn } from '../../src/cells/compile/siblings.ts'
import { interpretValues } from '../../src/cells/interpret.ts'
import { kernelOf } from '../../src/cells/kernel.ts'
import { FLOAT32, FLOAT64 } from '../../src/model/block.ts'
import { block, schema, whole } from './make.ts'

const T = 7
const cube = schema({ t: T, y: 3, x: 17 }, { dtype: 'uint16', nodata: 3, scale: 0.5, offset: -1 })
const data = block(
  cube,
  Array.from({ length: T * 3 * 17 }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 8) % 11),
)
const input: Cell = { kind: 'input', input: 0 }
const root = call('sqrt', input)

const over = (reducer: Reducer, of: Cell = root, rest: Partial<Extract<Cell, { kind: 'reduce' }>> = {}) =>
  ({ kind: 'reduce', reducer, dim: 't', length: T, of, ...rest }) as Extract<Cell, { kind: 'reduce' }>

function expectSame(cell: Cell, output = schema({ y: 3, x: 17 }, FLOAT64)): void {
  const { data: values } = kernelOf(cell, [{ schema: cube }], { schema: output }).run(whole(output), [data])
  for (const [i, value] of interpretValues(cell, [cube], output, whole(output), [data]).entries()) {
    if (Number.isFinite(value)) expect(Math.abs(values[i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)))
    else expect(values[i]).toBe(value)
  }
}

describe('shared loops', () => {
  const pairs: [Reducer, Reducer][] = [
    ['max', 'min'],
    ['mean', 'sd'],
    ['median', 'mean'],
    ['first', 'last'],
    ['count', 'countValid'],
    ['any', 'all'],
    ['sum', 'product'],
    ['variance', 'quantile'],
  ]
  it.each(pairs)('%s and %s', (a, b) => {
    for (const ignoreNodata of [true, false]) {
      expectSame(call('subtract', over(a, root, { ignoreNodata }), over(b)))
      expectSame(call('subtract', over(a, root, { ignoreNodata }), over(b)), schema({ x: 17, y: 3 }, FLOAT32))
    }
  })

  it('of groups, in the same and in other groups', () => {
    const output = schema({ t: 3, y: 3, x: 17 }, FLOAT64)
    const groups = [[0, 1, 2], [], [3, 5, 6]]
    const alike = groups.map((group) => [...group])
    const cell = call('divide', over('sum', root, { groups }), over('max', root, { groups: alike }))
    expectSame(cell, output)
    expectSame(call('add', over('mean', root, { groups }), over('mean', root, { groups: [[1], [2, 3], [0]] })), output)
  })

  it('where one needs the other', () => {
    const mean = over('mean')
    const spread = over('sum', call('absolute', call('subtract', root, mean)))
    expectSame(call('divide', spread, mean))
    expectSame(call('add', mean, call('divide', over('max', call('subtract', root, mean)), over('sd'))))
    // Both ways round: each is found from the other.
    expectSame(call('add', over('max', call('subtract', root, over('min'))), call('add', over('min'), over('max'))))
  })

  it('at different depths: along y the deviation does not depend on x', () => {
    const alongY = over('mean', { ...over('max'), dim: 'y', length: 3 } as Cell)
    expectSame(
      call('subtract', { kind: 'reduce', reducer: 'mean', dim: 'y', length: 3, of: root }, alongY),
      schema({ t: T, x: 17 }, FLOAT64),
    )
  })

  it('reads the elements once', () => {
    const output = schema({ y: 3, x: 17 }, FLOAT32)
    const bytes = (cell: Cell) => compileProgram(cell, [cube], output).bytes.length
    const [apart, both] = [bytes(over('max')) + bytes(over('min')), bytes(call('subtract', over('max'), over('min')))]
    expect(both).toBeLessThan(apart * 0.75)
  })
})

describe('who is whose sibling', () => {
  it('reductions over the same elements in one scope', () => {
    const [max, min, mean] = [over('max'), over('min'), over('mean')]
    const found = siblingsIn(call('add', call('add', max, min), mean))
    expect(found.get(max)).toEqual([min, mean])
  })

  it('not of another dimension, length or group, not where one holds the other, not in another scope', () => {
    const max = over('max')
    const others: Cell[] = [
      { ...over('min'), dim: 'y' },
      { ...over('min'), length: 3 },
      over('min', root, { groups: [[0]] }),
      over('sum', call('subtract', root, max)),
      { kind: 'at', dim: 'z', index: 0, of: over('min') },
    ]
    for (const other of others) expect(siblingsIn(call('add', max, other)).get(max)).toEqual([])
  })

  it('contains follows every part', () => {
    const inner = over('max')
    expect(contains(call('add', input, over('sum', call('sqrt', inner))), inner)).toBe(true)
    expect(contains(call('add', input, input), inner)).toBe(false)
  })
})
