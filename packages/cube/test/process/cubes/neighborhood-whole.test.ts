/** Windows that need not be cut: the same cells as window by window, which `inspect` in the callback asks for. */
import { describe, expect, it } from 'vitest'
import type { CubeNode } from '../../../src/model/node.ts'
import { BOOLEAN } from '../../../src/process/cubes/nodes.ts'
import { byParts, callback, cube, node, other, parameter, raster, read, times } from './support.ts'

type Graph = Readonly<Record<string, object>>

const data = parameter('data')
const x = parameter('x')
const from = (id: string) => ({ from_node: id })
const px = (dimension: string, value: number) => ({ dimension, value, unit: 'px' })
const days = times('2020-01-01', '2020-01-02', '2020-01-05', '2020-01-06', '2020-01-09')
const made = raster(5, 3, (i) => (i % 7 === 0 ? null : (i * 37) % 11), [days])

/** The same graph on what `inspect` hands on. */
const inspected = (graph: Graph): Graph => ({
  look: { process_id: 'inspect', arguments: { data } },
  ...(JSON.parse(JSON.stringify(graph).replace('{"from_parameter":"data"}', '{"from_node":"look"}')) as Graph),
})

const isWindowed = (found: CubeNode): boolean =>
  found.kind === 'blocks' && found.label === 'apply_neighborhood' && found.concat === undefined

async function expectSame(
  graph: Graph,
  size: readonly object[],
  overlap: readonly object[],
  given = made,
): Promise<void> {
  const args = { data: given, size, overlap } as const
  const run = (process_graph: Graph) =>
    node('apply_neighborhood', { ...args, process: { process_graph } } as unknown as Parameters<typeof node>[1])
  const [whole, windows] = [await run(graph), await run(inspected(graph))]
  expect([isWindowed(whole), isWindowed(windows)]).toEqual([false, true])
  const [found, expected] = [await read(whole), await read(windows)]
  expect(found.labels).toEqual(expected.labels)
  expect(found.values.length).toBe(expected.values.length)
  for (const [i, value] of expected.values.entries()) {
    if (typeof value === 'number') expect(found.values[i]).toBeCloseTo(value, 9)
    else expect(found.values[i]).toBe(value)
  }
  expect(await byParts(whole, 4)).toEqual(found.values)
}

const result = (process_id: string, args: object) => ({ process_id, arguments: args, result: true })
const step = (process_id: string, args: object) => ({ process_id, arguments: args })

describe('callbacks that see nothing beside a place', () => {
  const size = [px('x', 2), px('y', 2)]
  const overlap = [px('x', 1), px('y', 1)]

  it('on each cell', () =>
    expectSame({ r: result('apply', { data, process: callback('add', { x, y: 2 }) }) }, size, overlap))

  it('on rows that windows hold whole', () =>
    expectSame(
      { r: result('apply_dimension', { data, dimension: 't', process: callback('cumsum', { data }) }) },
      size,
      overlap,
    ))

  it('one after the other, joined and masked', () =>
    expectSame(
      {
        big: step('apply', { data, process: callback('multiply', { x, y: 3 }) }),
        odd: step('apply', { data: from('big'), process: callback('gt', { x, y: 12 }) }),
        sum: step('merge_cubes', {
          cube1: from('big'),
          cube2: from('big'),
          overlap_resolver: callback('add', { x, y: parameter('y') }),
        }),
        r: result('mask', { data: from('sum'), mask: from('odd'), replacement: -1 }),
      },
      size,
      [],
    ))

  it('and no others: rows that windows cut, kernels, sums over windows', async () => {
    const halved = { r: result('apply_dimension', { data, dimension: 't', process: callback('cumsum', { data }) }) }
    const kernel = { r: result('apply_kernel', { data, kernel: [[1, 1, 1]] }) }
    for (const process_graph of [halved, kernel]) {
      const found = await node('apply_neighborhood', {
        data: made,
        process: { process_graph },
        size: [...size, px('t', 2)],
      } as unknown as Parameters<typeof node>[1])
      expect(isWindowed(found)).toBe(true)
    }
  })
})

describe('windows that are rows', () => {
  const one = [px('x', 1), px('y', 1)]
  const running = { r: result('cumsum', { data }) }
  const centred = {
    m: step('mean', { data }),
    r: result('array_apply', {
      data: parameter('data'),
      context: from('m'),
      process: callback('subtract', { x, y: parameter('context') }),
    }),
  }

  it('of all labels', () => expectSame(running, one, []))
  it('of some, the last shorter', () => expectSame(running, [...one, px('t', 2)], []))
  it('with labels on both sides, missing beyond the first and last', () =>
    expectSame(running, [...one, px('t', 2)], [px('t', 2)]))
  it('of labels by their dates', () => {
    const condition = callback('date_between', { x: parameter('label'), min: '2020-01-02', max: '2020-01-08' })
    return expectSame({ r: result('array_apply', { data, process: condition }) }, [...one, px('t', 2)], [px('t', 1)])
  })
  it('of numbers that cannot be missing, and of truths', async () => {
    const packing = { dtype: 'uint8', scale: 1, offset: 0 } as const
    const numbers = cube([days, other('k', 0, 1)], (i) => i, { packing })
    await expectSame(running, [px('k', 1), px('t', 2)], [px('t', 1)], numbers)
    const truths = cube([days, other('k', 0, 1)], (i) => i % 2, { packing: BOOLEAN })
    const no = { r: result('array_apply', { data, process: callback('not', { x }) }) }
    await expectSame(no, [px('k', 1), px('t', 2)], [px('t', 1)], truths)
  })

  it('but not where rows get shorter, which is refused', async () => {
    const sorted = node('apply_neighborhood', {
      data: made,
      process: { process_graph: { r: result('sort', { data }) } },
      size: one,
    } as unknown as Parameters<typeof node>[1])
    expect(isWindowed(await sorted)).toBe(true)
    await expect(sorted.then(read)).rejects.toMatchObject({ tag: 'DataCubePropertiesImmutable' })
  })

  it('less their mean', () => {
    const found = node('apply_neighborhood', {
      data: made,
      process: { process_graph: centred },
      size: [...one, px('t', 3)],
    } as unknown as Parameters<typeof node>[1])
    return found.then((cubeNode) => expect(isWindowed(cubeNode)).toBe(false))
  })
})
