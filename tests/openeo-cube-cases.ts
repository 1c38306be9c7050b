/**
 * Cases of processes on cubes beyond the examples of their specifications: cells without data, borders, intervals of
 * time, orders of bands, the errors that are named. Rows are written as openEO's own test files write them.
 */
import { type Row, throws as T } from './openeo-case.ts'
import { B, b, cube, N, one, P, red, S, Tm, X, xy, xyt, Y } from './openeo-made-cubes.ts'

export const cubeCases: readonly Row[] = [
  ['apply', { data: xy, process: one('absolute', { x: P('x') }) }, xy],
  [
    'apply',
    { data: xy, process: one('add', { x: P('x'), y: P('context') }), context: 2 },
    cube({ x: X, y: Y }, [
      [3, 4],
      [5, N],
      [7, 8],
    ]),
  ],
  [
    'apply',
    { data: xy, process: one('is_nodata', { x: P('x') }) },
    cube({ x: X, y: Y }, [
      [false, false],
      [false, true],
      [false, false],
    ]),
  ],
  [
    'apply',
    { data: xy, process: one('gt', { x: P('x'), y: 2 }) },
    cube({ x: X, y: Y }, [
      [false, false],
      [true, N],
      [true, true],
    ]),
  ],
  [
    'apply',
    { data: xy, process: one('linear_scale_range', { x: P('x'), inputMin: 0, inputMax: 10 }) },
    cube({ x: X, y: Y }, [
      [0.1, 0.2],
      [0.3, N],
      [0.5, 0.6],
    ]),
  ],
  [
    'apply',
    {
      data: cube({ x: X, y: Y }, [
        [1, 2],
        [3, 0],
        [5, 6],
      ]),
      process: one('divide', { x: 1, y: P('x') }),
    },
    cube({ x: X, y: Y }, [
      [1, 0.5],
      [1 / 3, Infinity],
      [0.2, 1 / 6],
    ]),
  ],
  [
    'reduce_dimension',
    { data: xyt, dimension: 't', reducer: red('mean') },
    cube({ x: X, y: Y }, [
      [2, 5],
      [8, N],
      [4 / 3, 1],
    ]),
  ],
  [
    'reduce_dimension',
    { data: xyt, dimension: 't', reducer: red('mean', { ignore_nodata: false }) },
    cube({ x: X, y: Y }, [
      [2, 5],
      [N, N],
      [4 / 3, 1],
    ]),
  ],
  [
    'reduce_dimension',
    { data: xyt, dimension: 'x', reducer: red('max') },
    cube({ y: Y, t: xyt.dimensions.t }, [
      [7, 2, 9],
      [4, 5, 6],
    ]),
  ],
  ['reduce_dimension', { data: xyt, dimension: 'foo', reducer: red('max') }, T('DimensionNotAvailable')],
  [
    'reduce_dimension',
    { data: xyt, dimension: 't', reducer: red('array_element', { index: 9 }) },
    T('ArrayElementNotAvailable'),
  ],
  ['apply', { data: xy, process: one('clip', { x: P('x'), min: 2, max: 1 }) }, T('MinMaxSwapped')],
  [
    'reduce_dimension',
    { data: xyt, dimension: 't', reducer: red('count') },
    cube({ x: X, y: Y }, [
      [3, 3],
      [2, 0],
      [3, 3],
    ]),
  ],
  [
    'reduce_dimension',
    { data: xyt, dimension: 't', reducer: red('first', { ignore_nodata: false }) },
    cube({ x: X, y: Y }, [
      [1, 4],
      [7, N],
      [1, 0],
    ]),
  ],
  [
    'reduce_dimension',
    { data: xyt, dimension: 't', reducer: red('sd') },
    cube({ x: X, y: Y }, [
      [1, 1],
      [Math.SQRT2, N],
      [Math.sqrt(1 / 3), Math.sqrt(7)],
    ]),
  ],
  [
    'reduce_dimension',
    { data: xyt, dimension: 't', reducer: red('array_element', { label: '2020-01-15T00:00:00Z' }) },
    cube({ x: X, y: Y }, [
      [2, 5],
      [N, N],
      [1, -1],
    ]),
  ],
  [
    'reduce_dimension',
    {
      data: b,
      dimension: 'bands',
      reducer: {
        process_graph: {
          n: { process_id: 'array_element', arguments: { data: P('data'), label: 'nir' } },
          r: { process_id: 'array_element', arguments: { data: P('data'), index: 0 } },
          d: {
            process_id: 'normalized_difference',
            arguments: { x: { from_node: 'n' }, y: { from_node: 'r' } },
            result: true,
          },
        },
      },
    },
    cube({ x: X }, [0.5, 0, N]),
  ],
  [
    'merge_cubes',
    {
      cube1: cube({ x: X, y: Y }, xy.data),
      cube2: cube({ x: X, rows: Y }, xy.data),
      overlap_resolver: one('max', { data: [P('x'), P('y')] }),
    },
    T('IncompatibleDataCubes'),
  ],
  ['filter_bands', { data: b, bands: ['nir'] }, cube({ x: X, bands: B('nir') }, [[3], [2], [0]])],
  [
    'filter_bands',
    { data: b, bands: ['B02', 'red'] },
    cube({ x: X, bands: B('B02', 'red') }, [
      [5, 1],
      [N, 2],
      [1, 0],
    ]),
  ],
  ['filter_bands', { data: b }, T('BandFilterParameterMissing')],
  ['filter_bands', { data: b, bands: [], wavelengths: [] }, T('BandFilterParameterMissing')],
  ['filter_bands', { data: xy, bands: ['a'] }, T('DimensionMissing')],
  [
    'filter_labels',
    { data: b, dimension: 'bands', condition: one('text_begins', { data: P('value'), pattern: 'B' }) },
    cube({ x: X, bands: B('B02') }, [[5], [N], [1]]),
  ],
  [
    'filter_labels',
    { data: xyt, dimension: 'x', condition: one('gt', { x: P('value'), y: 404840 }) },
    cube({ x: S('x', [404845, 404855]), y: Y, t: xyt.dimensions.t }, [
      [
        [7, N, 9],
        [N, N, N],
      ],
      [
        [1, 1, 2],
        [0, -1, 4],
      ],
    ]),
  ],
  [
    'filter_labels',
    { data: b, dimension: 'q', condition: one('eq', { x: P('value'), y: 1 }) },
    T('DimensionNotAvailable'),
  ],
  [
    'filter_labels',
    { data: b, dimension: 'bands', condition: one('eq', { x: P('value'), y: P('context') }), context: 'nir' },
    cube({ x: X, bands: B('nir') }, [[3], [2], [0]]),
  ],
  [
    'filter_labels',
    {
      data: xyt,
      dimension: 't',
      condition: one('date_between', { x: P('value'), min: '2020-01-10', max: '2020-02-01', exclude_max: true }),
    },
    cube({ x: X, y: Y, t: Tm('2020-01-15T00:00:00Z') }, [
      [[2], [5]],
      [[N], [N]],
      [[1], [-1]],
    ]),
  ],
  [
    'ndvi',
    {
      data: cube({ y: Y, x: X, bands: B('red', 'nir') }, [
        [
          [1, 3],
          [2, 2],
          [0, 0],
        ],
        [
          [1, 1],
          [N, 2],
          [0, 1],
        ],
      ]),
    },
    cube({ y: Y, x: X }, [
      [0.5, 0, N],
      [0, N, 1],
    ]),
  ],
  [
    'ndvi',
    {
      data: cube({ y: Y, x: X, bands: B('B04', 'B08') }, [
        [
          [1, 3],
          [2, 2],
          [0, 0],
        ],
        [
          [1, 1],
          [N, 2],
          [0, 1],
        ],
      ]),
    },
    T('NirBandAmbiguous'),
  ],
  [
    'ndvi',
    {
      data: cube({ y: Y, x: X, bands: B('B04', 'B08') }, [
        [
          [1, 3],
          [2, 2],
          [0, 0],
        ],
        [
          [1, 1],
          [N, 2],
          [0, 1],
        ],
      ]),
      nir: 'B08',
      red: 'B04',
      target_band: 'v',
    },
    cube({ y: Y, x: X, bands: B('B04', 'B08', 'v') }, [
      [
        [1, 3, 0.5],
        [2, 2, 0],
        [0, 0, N],
      ],
      [
        [1, 1, 0],
        [N, 2, N],
        [0, 1, 1],
      ],
    ]),
  ],
  ['ndvi', { data: cube({ y: Y, x: X, bands: B('B04', 'nir') }, null) }, T('RedBandAmbiguous')],
  ['ndvi', { data: cube({ y: Y, x: X, bands: B('red', 'nir') }, null), target_band: 'red' }, T('BandExists')],
  ['ndvi', { data: xy }, T('DimensionAmbiguous')],
  [
    'rename_dimension',
    { data: xyt, source: 't', target: 'time' },
    cube({ x: X, y: Y, time: xyt.dimensions.t }, xyt.data),
  ],
  ['rename_dimension', { data: xyt, source: 'q', target: 'time' }, T('DimensionNotAvailable')],
  ['rename_dimension', { data: xyt, source: 't', target: 'x' }, T('DimensionExists')],
  ['rename_dimension', { data: xyt, source: 't', target: 't' }, T('DimensionExists')],
  [
    'trim_cube',
    {
      data: cube({ x: X, t: Tm('2020-01-01', '2020-01-02', '2020-01-03') }, [
        [N, N, N],
        [N, 1, N],
        [N, N, 2],
      ]),
    },
    cube({ x: S('x', [404845, 404855]), t: Tm('2020-01-02', '2020-01-03') }, [
      [1, N],
      [N, 2],
    ]),
  ],
  [
    'flatten_dimensions',
    {
      data: cube({ x: X, bands: B('a', 'b') }, [
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      dimensions: ['x', 'bands'],
      target_dimension: 'f',
    },
    cube(
      { f: { type: 'other', values: ['404835~a', '404835~b', '404845~a', '404845~b', '404855~a', '404855~b'] } },
      [1, 2, 3, 4, 5, 6],
    ),
  ],
  [
    'flatten_dimensions',
    {
      data: cube({ x: X, bands: B('a', 'b') }, [
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      dimensions: ['bands', 'x'],
      target_dimension: 'f',
      label_separator: '-',
    },
    cube(
      { f: { type: 'other', values: ['a-404835', 'a-404845', 'a-404855', 'b-404835', 'b-404845', 'b-404855'] } },
      [1, 3, 5, 2, 4, 6],
    ),
  ],
  ['flatten_dimensions', { data: xyt, dimensions: ['x', 'q'], target_dimension: 'f' }, T('DimensionNotAvailable')],
  ['flatten_dimensions', { data: xyt, dimensions: ['x', 'y'], target_dimension: 't' }, T('TargetDimensionExists')],
]
