/** apply_neighborhood, apply_polygon and apply_kernel: windows, halos, what callbacks may return. */
import { describe, expect, it } from 'vitest'
import { separated } from '../../../src/process/cubes/kernel.ts'
import type { Value } from '../../../src/process/row.ts'
import {
  byParts,
  callback,
  cube,
  features,
  node,
  other,
  parameter,
  polygon,
  raster,
  read,
  reducer,
  run,
  tagOf,
  times,
} from './support.ts'

const px = (dimension: string, value: number | string | null) => ({ dimension, value, unit: 'px' })

/** A callback on a cube: one cube process on its parameter data. */
const onCube = (process: string, args: object) => callback(process, { data: parameter('data'), ...args })

/** Every value less the mean of its window. */
const centred = {
  process_graph: {
    column: { process_id: 'reduce_spatial', arguments: { data: parameter('data'), reducer: reducer('mean') } },
    only: {
      process_id: 'merge_cubes',
      arguments: {
        cube1: parameter('data'),
        cube2: { from_node: 'column' },
        overlap_resolver: callback('subtract', { x: parameter('x'), y: parameter('y') }),
      },
      result: true,
    },
  },
}

describe('apply_neighborhood', () => {
  it('runs the callback on windows, the last ones cut at the border', async () => {
    const data = raster(5, 3, (i) => i)
    const made = await node('apply_neighborhood', { data, process: centred, size: [px('x', 2), px('y', 2)] })
    const windowMean = (x: number, y: number): number => {
      const [x0, y0] = [x - (x % 2), y - (y % 2)]
      const cells = [0, 1]
        .flatMap((j) => [0, 1].map((i) => [x0 + i, y0 + j] as const))
        .filter(([i, j]) => i < 5 && j < 3)
      return cells.reduce((sum, [i, j]) => sum + j * 5 + i, 0) / cells.length
    }
    const expected = Array.from({ length: 15 }, (_, i) => i - windowMean(i % 5, Math.floor(i / 5)))
    expect((await read(made)).values).toEqual(expected)
    expect(await byParts(made, 4)).toEqual(expected)
  })

  it('shows the overlap to the callback, missing beyond the border, and ignores what it makes of it', async () => {
    const data = raster(4, 1, [1, 2, 4, 8])
    const made = await node('apply_neighborhood', {
      data: raster(4, 2, [1, 2, 4, 8, 10, 20, 40, 80]),
      process: onCube('apply_kernel', { kernel: [[1, 1, 1]] }),
      size: [px('x', 2), px('y', 2)],
      overlap: [px('x', 1)],
    })
    expect((await read(made)).values).toEqual([3, 7, 14, 12, 30, 70, 140, 120])
    const count = callback('array_apply', {
      data: parameter('data'),
      process: callback('is_nodata', { x: parameter('x') }),
    })
    const seen = await run('apply_neighborhood', {
      data,
      process: count,
      size: [px('x', 4), px('y', 1)],
      overlap: [px('x', 2)],
    })
    expect(seen.values).toEqual([false, false, false, false])
  })

  it('gives windows of one row as labelled arrays, and takes arrays back', async () => {
    const data = cube(
      [times('2020-01-01', '2020-01-02', '2020-01-03'), ...raster(2, 1, [0, 0]).node.schema.dims],
      [3, 1, 1, 2, 2, 3],
    )
    const made = await node('apply_neighborhood', {
      data,
      process: callback('sort', { data: parameter('data') }),
      size: [px('x', 1), px('y', 1)],
    })
    expect((await read(made)).values).toEqual([1, 1, 2, 2, 3, 3])
    expect(await byParts(made, 1)).toEqual([1, 1, 2, 2, 3, 3])
  })

  it('cuts time by durations, with overlap', async () => {
    const labels = ['2020-01-01', '2020-01-20', '2020-02-01', '2020-02-28', '2020-03-05']
    const data = cube([times(...labels), ...raster(1, 1, [0]).node.schema.dims], [1, 2, 4, 8, 16])
    const process = callback('cumsum', { data: parameter('data') })
    const size = [{ dimension: 't', value: 'P1M' }, px('x', 1), px('y', 1)]
    expect((await run('apply_neighborhood', { data, process, size })).values).toEqual([1, 3, 4, 12, 16])
    const overlap = [{ dimension: 't', value: 'P10D' }]
    // February 28th is within ten days of March 5th, so March starts from its sum.
    expect((await run('apply_neighborhood', { data, process, size, overlap })).values).toEqual([1, 3, 4, 12, 24])
    const wrong = node('apply_neighborhood', { data, process, size: [{ dimension: 't', value: 'monthly' }] })
    expect(await tagOf(wrong)).toBe('BadDuration')
  })

  it('takes sizes in metres', async () => {
    const data = raster(4, 2, [1, 2, 3, 4, 1, 2, 3, 4])
    const size = [
      { dimension: 'x', value: 20, unit: 'm' },
      { dimension: 'y', value: 20 },
    ]
    const made = await run('apply_neighborhood', { data, process: centred, size })
    expect(made.values).toEqual([-0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5])
  })

  it.each([
    ['DimensionNotAvailable', centred, [px('q', 1)]],
    [
      'DataCubePropertiesImmutable',
      onCube('reduce_dimension', { reducer: reducer('mean'), dimension: 'x' }),
      [px('x', 2)],
    ],
    ['DataCubePropertiesImmutable', onCube('rename_dimension', { source: 'x', target: 'z' }), [px('x', 2)]],
  ])('throws %s', async (tag, process, size) => {
    const data = raster(4, 2, (i) => i)
    expect(await tagOf(run('apply_neighborhood', { data, process, size: size as unknown as Value }))).toBe(tag)
  })
})

describe('apply_polygon', () => {
  const left = polygon(400000, 5699970, 400020, 5700000)
  const right = polygon(400020, 5699980, 400040, 5700000)
  const data = () => raster(4, 3, (i) => i, [other('k', 0, 1)])

  it('runs the callback on the pixels of each polygon', async () => {
    const made = await node('apply_polygon', { data: data(), geometries: features(left, right), process: centred })
    const all = await read(made)
    const means = [4.5, 16.5, 4.5, 16.5]
    const plane = (k: number, i: number): Value => {
      const x = i % 4
      if (x >= 2 && i >= 8) return null
      return k * 12 + i - (x < 2 ? means[k]! : means[k]!)
    }
    expect(all.values).toEqual(Array.from({ length: 24 }, (_, i) => plane(Math.floor(i / 12), i % 12)))
    expect(await byParts(made, 5)).toEqual(all.values)
  })

  it('fills what is outside with a value of choice', async () => {
    const process = onCube('apply', { process: callback('add', { x: parameter('x'), y: 100 }) })
    const made = await run('apply_polygon', {
      data: raster(2, 1, [1, 2]),
      geometries: features(polygon(400000, 5699990, 400010, 5700000)),
      process,
      mask_value: -1,
    })
    expect(made.values).toEqual([101, -1])
  })

  it('refuses polygons that share pixels', async () => {
    const geometries = features(left, polygon(400010, 5699970, 400030, 5700000))
    expect(await tagOf(node('apply_polygon', { data: data(), geometries, process: centred }))).toBe('GeometriesOverlap')
    const points = features({ type: 'Point', coordinates: [400005, 5699995] })
    expect(await tagOf(node('apply_polygon', { data: data(), geometries: points, process: centred }))).toBe(
      'NoPolygons',
    )
  })
})

describe('apply_kernel', () => {
  it('takes kernels apart that are a column times a row, and no others', async () => {
    const gauss = [1, 4, 6, 4, 1].map((a) => [1, 4, 6, 4, 1].map((b) => a * b))
    expect(separated(gauss)).toEqual({ column: gauss.map((row) => row[2]! / 36), row: gauss[2] })
    const bump = gauss.map((row, j) => row.map((w, i) => (i === 3 && j === 1 ? w + 1 : w)))
    expect(separated(bump)).toBeUndefined()
    expect(separated([[1, 2, 1]])).toBeUndefined()
    const data = raster(9, 7, (i) => ((i * 31) % 17) - 4)
    const [whole, changed] = await Promise.all(
      [gauss, bump].map((kernel) => run('apply_kernel', { data, kernel, border: 'reflect' })),
    )
    // The changed weight is that of the pixel one to the right and one above.
    const one = await run('apply_kernel', {
      data,
      kernel: [
        [0, 0, 1],
        [0, 0, 0],
        [0, 0, 0],
      ],
      border: 'reflect',
    })
    whole!.values.forEach((value, i) => {
      expect(changed!.values[i] as number).toBeCloseTo((value as number) + (one.values[i] as number), 9)
    })
  })

  it('multiplies each weight with the pixel at its place', async () => {
    const kernel = [
      [0, 0, 0],
      [0, 0, 1],
      [0, 0, 0],
    ]
    const made = await run('apply_kernel', { data: raster(3, 1, [1, 2, 3]), kernel })
    expect(made.values).toEqual([2, 3, 0])
  })

  it('replaces missing and infinite values, and counts true as 1', async () => {
    const data = raster(3, 1, [1, null, Number.POSITIVE_INFINITY])
    expect((await run('apply_kernel', { data, kernel: [[1]], replace_invalid: 7 })).values).toEqual([1, 7, 7])
  })

  it('works where x and y are not the last dimensions', async () => {
    const { dims } = raster(2, 1, [0, 0]).node.schema
    const data = cube([dims[1]!, other('k', 1, 2), dims[0]!], [1, 10, 2, 20])
    const made = await node('apply_kernel', { data, kernel: [[1, 1, 0]] })
    expect((await read(made)).values).toEqual([1, 10, 3, 30])
    expect(await byParts(made, 1)).toEqual([1, 10, 3, 30])
  })

  it.each([[[[1, 1]]], [[[1], [1]]], [[[1, 1, 1], [1]]], [[]]])('refuses the kernel %j', async (kernel) => {
    expect(await tagOf(node('apply_kernel', { data: raster(2, 2, () => 1), kernel: kernel as Value }))).toBe(
      'KernelDimensionsUneven',
    )
  })
})
