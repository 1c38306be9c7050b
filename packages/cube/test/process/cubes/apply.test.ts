/** apply, apply_dimension, reduce_dimension, reduce_spatial and ndvi: compiled or interpreted, with the same results. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FLOAT32 } from '../../../src/model/block.ts'
import { BOOLEAN } from '../../../src/process/cubes/nodes.ts'
import {
  bands,
  byParts,
  callback,
  cube,
  interpreted,
  node,
  other,
  parameter,
  raster,
  read,
  reducer,
  run,
  tagOf,
  times,
} from './support.ts'

const data = () => cube([other('a', 'p', 'q'), other('b', 1, 2, 3)], [1, -2, 3, -4, null, 6])

/** A callback on x that is interpreted, since `inspect` has no kernel. */
const slowly = (process: string, args: object) => ({
  process_graph: {
    look: { process_id: 'inspect', arguments: { data: parameter('x') } },
    only: { process_id: process, arguments: { x: { from_node: 'look' }, ...args }, result: true },
  },
})

describe('apply', () => {
  it('runs on every cell; missing stays missing', async () => {
    const process = callback('absolute', { x: parameter('x') })
    const fast = await node('apply', { data: data(), process })
    expect(fast.kind).toBe('cells')
    expect((await read(fast)).values).toEqual([1, 2, 3, 4, null, 6])
    const slow = await node('apply', { data: data(), process: slowly('absolute', {}) })
    expect(slow.kind).toBe('blocks')
    expect((await read(slow)).values).toEqual([1, 2, 3, 4, null, 6])
    expect(await byParts(slow, 2)).toEqual([1, 2, 3, 4, null, 6])
  })

  it('gives true and false where the callback does', async () => {
    for (const process of [callback('gt', { x: parameter('x'), y: 0 }), slowly('gt', { y: 0 })]) {
      const made = await run('apply', { data: data(), process })
      expect(made.values).toEqual([true, false, true, false, null, true])
      expect(made.schema.packing).toMatchObject(BOOLEAN)
    }
  })

  it.each<[string, object]>([
    ['array_contains', { data: [1, 3], value: parameter('x') }],
    ['any', { data: [{ from_node: 'big' }, { from_node: 'there' }] }],
    ['all', { data: [{ from_node: 'big' }], ignore_nodata: false }],
    ['first', { data: [{ from_node: 'big' }, { from_node: 'there' }] }],
    ['if', { value: { from_node: 'there' }, accept: { from_node: 'big' }, reject: false }],
  ])('knows that %s gives true and false', async (process_id, args) => {
    const process = {
      process_graph: {
        big: { process_id: 'gt', arguments: { x: parameter('x'), y: 2 } },
        there: { process_id: 'is_valid', arguments: { x: parameter('x') } },
        only: { process_id, arguments: args, result: true },
      },
    }
    const made = await node('apply', { data: data(), process })
    expect([made.kind, made.schema.packing]).toEqual(['cells', BOOLEAN])
  })

  it('reads true and false', async () => {
    const truths = cube([other('a', 1, 2, 3)], [true, false, null], { packing: BOOLEAN })
    const process = callback('not', { x: parameter('x') })
    expect((await run('apply', { data: truths, process })).values).toEqual([false, true, null])
    const slow = slowly('not', {})
    expect((await run('apply', { data: truths, process: slow })).values).toEqual([false, true, null])
  })

  it('hands the context on, whatever it is', async () => {
    const plus = callback('add', { x: parameter('x'), y: parameter('context') })
    expect((await run('apply', { data: data(), process: plus, context: 10 })).values).toEqual([11, 8, 13, 6, null, 16])
    const second = {
      process_graph: {
        pick: { process_id: 'array_element', arguments: { data: parameter('context'), index: 1 } },
        add: { process_id: 'add', arguments: { x: parameter('x'), y: { from_node: 'pick' } }, result: true },
      },
    }
    const made = await run('apply', { data: data(), process: second, context: [1, 100] })
    expect(made.values).toEqual([101, 98, 103, 96, null, 106])
  })

  it('refuses texts for cells, saying so', async () => {
    const process = callback('text_concat', { data: [parameter('x'), 'm'] })
    expect(await tagOf(run('apply', { data: data(), process }))).toBe('NotANumber')
  })

  it('computes in float32 what fits in it, else in float64', async () => {
    const process = callback('multiply', { x: parameter('x'), y: 2 })
    const small = cube([other('a', 1)], [3], { packing: { dtype: 'int16', scale: 0.5, offset: 1 } })
    expect((await node('apply', { data: small, process })).schema.packing).toEqual(FLOAT32)
    expect((await node('apply', { data: data(), process })).schema.packing.dtype).toBe('float64')
    expect((await run('apply', { data: small, process })).values).toEqual([6])
  })
})

describe('reduce_dimension', () => {
  it.each(['sum', 'mean', 'max', 'min', 'count', 'median', 'sd', 'first', 'last', 'product', 'variance'])(
    '%s is the same compiled and interpreted',
    async (process) => {
      const values = fc.array(fc.option(fc.integer({ min: -9, max: 9 }), { freq: 3 }), { minLength: 12, maxLength: 12 })
      await fc.assert(
        fc.asyncProperty(values, fc.constantFrom('t', 'k'), async (list, dimension) => {
          const made = cube([times('2020-01-01', '2020-01-02', '2020-01-03'), other('k', 1, 2, 3, 4)], list)
          const fast = await run('reduce_dimension', { data: made, reducer: reducer(process), dimension })
          const slow = await run('reduce_dimension', { data: made, reducer: interpreted(process), dimension })
          expect(fast.names).toEqual(slow.names)
          fast.values.forEach((value, i) => {
            const wanted = slow.values[i]!
            if (typeof value === 'number' && typeof wanted === 'number') expect(value).toBeCloseTo(wanted as number, 10)
            else expect(value).toEqual(wanted)
          })
        }),
        { numRuns: 8 },
      )
    },
  )

  it('drops the dimension and knows labels', async () => {
    const made = cube([bands('red', 'nir'), other('k', 1, 2)], [1, 2, 30, 40])
    const process = reducer('array_element', { label: 'nir' })
    expect(await run('reduce_dimension', { data: made, reducer: process, dimension: 'bands' })).toMatchObject({
      names: ['k'],
      values: [30, 40],
    })
    const missing = node('reduce_dimension', { data: made, reducer: process, dimension: 'band' })
    expect(await tagOf(missing)).toBe('DimensionNotAvailable')
  })

  it('reduces true and false', async () => {
    const truths = cube([other('a', 1, 2), other('b', 1, 2)], [true, false, false, false], { packing: BOOLEAN })
    const made = await run('reduce_dimension', { data: truths, reducer: reducer('any'), dimension: 'a' })
    expect(made.values).toEqual([true, false])
    const all = await run('reduce_dimension', { data: truths, reducer: interpreted('all'), dimension: 'a' })
    expect(all.values).toEqual([false, false])
  })
})

describe('apply_dimension', () => {
  const series = () => cube([times('2020-01-01', '2020-01-02', '2020-01-03'), other('k', 1, 2)], [3, 1, 2, null, 1, 5])

  it('keeps labels where the number of values stays', async () => {
    const made = await run('apply_dimension', { data: series(), process: reducer('cumsum'), dimension: 't' })
    expect(made).toMatchObject({ names: ['t', 'k'], labels: { t: ['2020-01-01', '2020-01-02', '2020-01-03'] } })
    expect(made.values).toEqual([3, 1, 5, null, 6, 6])
  })

  it('keeps the grid where x keeps its labels', async () => {
    const extremes = callback('extrema', { data: parameter('data') })
    const made = await node('apply_dimension', { data: raster(2, 1, [3, 1]), process: extremes, dimension: 'x' })
    expect(made.schema.grid).toMatchObject({ width: 2, height: 1 })
    expect((await read(made)).values).toEqual([1, 3])
  })

  it('enumerates labels where the number changes, and keeps type and name', async () => {
    const made = await run('apply_dimension', { data: series(), process: reducer('extrema'), dimension: 't' })
    expect(made.labels.t).toEqual([0, 1])
    expect(made.schema.dims[0]!.type).toBe('temporal')
    expect(made.values).toEqual([1, 1, 3, 5])
  })

  it('puts results in a new dimension in place of the old', async () => {
    const process = reducer('quantiles', { probabilities: [0.5] })
    const made = await run('apply_dimension', { data: series(), process, dimension: 't', target_dimension: 'q' })
    expect(made).toMatchObject({ names: ['q', 'k'], labels: { q: [0] }, values: [2, 3] })
    expect(made.schema.dims[0]!.type).toBe('other')
  })

  it('fills an existing dimension of one label', async () => {
    const single = cube([times('2020-01-01', '2020-01-02'), bands('only'), other('k', 1, 2)], [1, 2, 3, 4])
    for (const process of [reducer('sort'), interpreted('sort')]) {
      const made = await run('apply_dimension', { data: single, process, dimension: 't', target_dimension: 'bands' })
      expect(made.names).toEqual(['bands', 'k'])
      expect(made.values).toEqual([1, 2, 3, 4])
    }
    const wide = node('apply_dimension', {
      data: single,
      process: reducer('sort'),
      dimension: 't',
      target_dimension: 'k',
    })
    expect(await tagOf(wide)).toBe('DimensionLabelCountMismatch')
  })

  it('puts several results side by side', async () => {
    const process = {
      process_graph: {
        low: { process_id: 'min', arguments: { data: parameter('data') } },
        high: { process_id: 'max', arguments: { data: parameter('data') } },
        both: {
          process_id: 'array_create',
          arguments: { data: [{ from_node: 'low' }, { from_node: 'high' }, 0] },
          result: true,
        },
      },
    }
    const made = await node('apply_dimension', { data: series(), process, dimension: 't', target_dimension: 's' })
    expect(await read(made)).toMatchObject({ names: ['s', 'k'], values: [1, 1, 3, 5, 0, 0] })
    expect(await byParts(made, 2)).toEqual([1, 1, 3, 5, 0, 0])
    const single = cube([times('2020-01-01', '2020-01-02'), bands('only')], [1, 2])
    const into = await run('apply_dimension', { data: single, process, dimension: 't', target_dimension: 'bands' })
    expect(into).toMatchObject({ names: ['bands'], values: [1, 2, 0] })
  })

  it('fills up rows of fewer results with missing ones', async () => {
    const keep = (process: string, y: number) =>
      reducer('array_filter', { condition: callback(process, { x: parameter('x'), y }) })
    const sorted = await run('apply_dimension', { data: series(), process: reducer('sort'), dimension: 't' })
    expect(sorted).toMatchObject({ labels: { t: ['2020-01-01', '2020-01-02', '2020-01-03'] } })
    expect(sorted.values).toEqual([1, 1, 2, 5, 3, null])
    // Compiled, there are as many labels as there may be elements.
    const large = await run('apply_dimension', { data: series(), process: keep('gt', 1), dimension: 't' })
    expect(large.values).toEqual([3, 5, 2, null, null, null])
    const all = await run('apply_dimension', { data: series(), process: keep('lt', 2), dimension: 't' })
    expect(all.values).toEqual([1, 1, null, null, null, null])
  })

  it('refuses conditions that give numbers, in kernels too, and takes those that say true of all', async () => {
    const given = (process: string, condition: unknown) => ({
      data: series(),
      process: reducer(process, { condition }),
      dimension: 't',
    })
    const half = callback('divide', { x: parameter('x'), y: 2 })
    expect(await tagOf(run('apply_dimension', given('array_filter', half)))).toBe('ProcessParameterInvalid')
    const counted = { data: series(), reducer: reducer('count', { condition: half }), dimension: 't' }
    expect(await tagOf(run('reduce_dimension', counted))).toBe('ProcessParameterInvalid')
    const known = callback('gte', { x: parameter('index'), y: 1 })
    expect((await run('apply_dimension', given('array_filter', known))).values).toEqual([2, null, 1, 5])
  })

  it('refuses rows that are longer than the one that the callback was tried on', async () => {
    const condition = callback('gt', { x: parameter('x'), y: 2 })
    const process = {
      process_graph: {
        look: { process_id: 'inspect', arguments: { data: parameter('data') } },
        keep: { process_id: 'array_filter', arguments: { data: { from_node: 'look' }, condition }, result: true },
      },
    }
    const more = run('apply_dimension', { data: series(), process, dimension: 'k' })
    expect(await tagOf(more)).toBe('RaggedResult')
  })
})

describe('reduce_spatial', () => {
  it('makes one value of all pixels, in any order of dimensions', async () => {
    const made = raster(3, 2, (i) => (i === 4 ? null : i), [other('k', 0, 1)])
    for (const process of [reducer('mean'), interpreted('mean')]) {
      const all = await run('reduce_spatial', { data: made, reducer: process })
      expect(all).toMatchObject({ names: ['k'], values: [11 / 5, 8.5] })
    }
    const none = node('reduce_spatial', { data: cube([other('k', 1)], [1]), reducer: reducer('mean') })
    expect(await tagOf(none)).toBe('DimensionNotAvailable')
  })
})

describe('ndvi', () => {
  const scene = () => cube([bands('red', 'nir', 'blue'), other('k', 1, 2)], [1, 2, 3, 2, 9, 9])

  it('drops the bands or adds one', async () => {
    expect(await run('ndvi', { data: scene() })).toMatchObject({ names: ['k'], values: [0.5, 0] })
    const added = await node('ndvi', { data: scene(), target_band: 'ndvi' })
    expect(await read(added)).toMatchObject({
      labels: { bands: ['red', 'nir', 'blue', 'ndvi'] },
      values: [1, 2, 3, 2, 9, 9, 0.5, 0],
    })
    expect(await byParts(added, 3)).toEqual([1, 2, 3, 2, 9, 9, 0.5, 0])
  })

  it.each([
    ['NirBandAmbiguous', cube([bands('red')], [1]), {}],
    ['RedBandAmbiguous', cube([bands('nir')], [1]), {}],
    ['RedBandAmbiguous', cube([bands('nir', 'red')], [1, 2]), { red: 'B4' }],
    ['DimensionAmbiguous', cube([other('k', 1)], [1]), {}],
    ['BandExists', cube([bands('nir', 'red')], [1, 2]), { target_band: 'red' }],
  ])('throws %s', async (tag, made, args) => {
    expect(await tagOf(node('ndvi', { data: made, ...args }))).toBe(tag)
  })
})
