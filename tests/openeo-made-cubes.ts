/** Small cubes and callbacks as openEO's test files write them, for the cases beside. */
export const N = null
export const P = (from_parameter: string) => ({ from_parameter })
export const one = (process_id: string, args: object) => ({
  process_graph: { a: { process_id, arguments: args, result: true } },
})
export const red = (process_id: string, more: object = {}) => one(process_id, { data: P('data'), ...more })
export const S = (axis: string, values: readonly number[]) => ({
  type: 'spatial',
  axis,
  values,
  reference_system: 'EPSG:25832',
})
export const X = S('x', [404835, 404845, 404855])
export const Y = S('y', [5757495, 5757485])
export const Tm = (...values: string[]) => ({ type: 'temporal', values })
export const B = (...values: string[]) => ({ type: 'bands', values })
export const cube = <Dimensions extends object>(dimensions: Dimensions, data: unknown) => ({
  type: 'datacube',
  data,
  nodata: [NaN],
  order: Object.keys(dimensions),
  dimensions,
})
export const xy = cube({ x: X, y: Y }, [
  [1, 2],
  [3, N],
  [5, 6],
])
export const xyt = cube({ x: X, y: Y, t: Tm('2020-01-01T00:00:00Z', '2020-01-15T00:00:00Z', '2020-02-01T00:00:00Z') }, [
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
  [
    [7, N, 9],
    [N, N, N],
  ],
  [
    [1, 1, 2],
    [0, -1, 4],
  ],
])
export const b = cube({ x: X, bands: B('red', 'nir', 'B02') }, [
  [1, 3, 5],
  [2, 2, N],
  [0, 0, 1],
])
