/** Cases of processes on cubes along time, beyond the examples of their specifications. */
import { type Row, throws as T } from './openeo-case.ts'
import { cube, N, red, Tm, X, xy, xyt, Y } from './openeo-made-cubes.ts'

export const temporalCases: readonly Row[] = [
  [
    'aggregate_temporal',
    {
      data: xyt,
      intervals: [
        ['2020-01-01', '2020-02-01'],
        ['2020-02-01', '2020-03-01'],
      ],
      reducer: red('sum'),
    },
    cube({ x: X, y: Y, t: Tm('2020-01-01', '2020-02-01') }, [
      [
        [3, 3],
        [9, 6],
      ],
      [
        [7, 9],
        [N, N],
      ],
      [
        [2, 2],
        [-1, 4],
      ],
    ]),
  ],
  [
    'aggregate_temporal',
    {
      data: xyt,
      intervals: [
        ['2020-01-01', '2020-02-01'],
        ['2020-01-01', '2020-03-01'],
      ],
      reducer: red('sum'),
    },
    T('DistinctDimensionLabelsRequired'),
  ],
  [
    'aggregate_temporal',
    {
      data: xyt,
      intervals: [
        ['2020-01-01', '2020-02-01'],
        ['2020-01-01', '2020-03-01'],
      ],
      labels: ['a', 'b'],
      reducer: red('max'),
    },
    cube({ x: X, y: Y, t: Tm('a', 'b') }, [
      [
        [2, 3],
        [5, 6],
      ],
      [
        [7, 9],
        [N, N],
      ],
      [
        [1, 2],
        [0, 4],
      ],
    ]),
  ],
  ['aggregate_temporal', { data: xyt, intervals: [['2020-01-01', '2020-01-01']], reducer: red('max') }, T(true)],
  [
    'aggregate_temporal',
    { data: xyt, intervals: [['2020-02-01', '2020-01-01']], reducer: red('max') },
    T('TemporalExtentEmpty'),
  ],
  [
    'aggregate_temporal',
    { data: xyt, dimension: 'x', intervals: [['2020-01-01', '2020-02-01']], reducer: red('max') },
    T('DimensionNotAvailable'),
  ],
  [
    'aggregate_temporal',
    { data: xyt, dimension: 'q', intervals: [['2020-01-01', '2020-02-01']], reducer: red('max') },
    T('DimensionNotAvailable'),
  ],
  [
    'aggregate_temporal',
    { data: xy, intervals: [['2020-01-01', '2020-02-01']], reducer: red('max') },
    T('DimensionNotAvailable'),
  ],
  [
    'aggregate_temporal',
    { data: xyt, intervals: [['2019-01-01', '2019-02-01']], reducer: red('count') },
    cube({ x: X, y: Y, t: Tm('2019-01-01') }, [
      [[0], [0]],
      [[0], [0]],
      [[0], [0]],
    ]),
  ],
  [
    'aggregate_temporal',
    {
      data: xyt,
      intervals: [
        ['00:00:00Z', '06:00:00Z'],
        ['12:00:00Z', '18:00:00Z'],
      ],
      reducer: red('max'),
    },
    cube({ x: X, y: Y, t: Tm('00:00:00Z', '12:00:00Z') }, [
      [
        [3, N],
        [6, N],
      ],
      [
        [9, N],
        [N, N],
      ],
      [
        [2, N],
        [4, N],
      ],
    ]),
  ],
  [
    'aggregate_temporal',
    { data: xyt, intervals: [['2020-01-01', null]], reducer: red('max') },
    cube({ x: X, y: Y, t: Tm('2020-01-01') }, [
      [[3], [6]],
      [[9], [N]],
      [[2], [4]],
    ]),
  ],
  [
    'filter_temporal',
    { data: xyt, extent: ['2020-01-01', '2020-02-01'] },
    cube({ x: X, y: Y, t: Tm('2020-01-01T00:00:00Z', '2020-01-15T00:00:00Z') }, [
      [
        [1, 2],
        [4, 5],
      ],
      [
        [7, N],
        [N, N],
      ],
      [
        [1, 1],
        [0, -1],
      ],
    ]),
  ],
  ['filter_temporal', { data: xyt, extent: ['2020-02-01', '2020-01-01'] }, T('TemporalExtentEmpty')],
  ['filter_temporal', { data: xyt, extent: ['2020-02-01', '2020-02-01'] }, T('TemporalExtentEmpty')],
  [
    'filter_temporal',
    { data: xyt, extent: [null, '2020-01-02'], dimension: 't' },
    cube({ x: X, y: Y, t: Tm('2020-01-01T00:00:00Z') }, [
      [[1], [4]],
      [[7], [N]],
      [[1], [0]],
    ]),
  ],
  [
    'filter_temporal',
    { data: xyt, extent: ['2020-01-15T00:00:00+00:00', null], dimension: null },
    cube({ x: X, y: Y, t: Tm('2020-01-15T00:00:00Z', '2020-02-01T00:00:00Z') }, [
      [
        [2, 3],
        [5, 6],
      ],
      [
        [N, 9],
        [N, N],
      ],
      [
        [1, 2],
        [-1, 4],
      ],
    ]),
  ],
  [
    'filter_temporal',
    { data: xyt, extent: ['2021-01-15', null] },
    cube({ x: X, y: Y, t: Tm() }, [
      [[], []],
      [[], []],
      [[], []],
    ]),
  ],
  ['filter_temporal', { data: xyt, extent: ['2021-01-15', null], dimension: 'zz' }, T('DimensionNotAvailable')],
  ['filter_temporal', { data: xy, extent: ['2021-01-15', null] }, T(true)],
  [
    'anomaly',
    {
      data: cube({ t: Tm('1981-01', '1981-02') }, [1, 2]),
      normals: cube({ t: Tm('01', '02') }, [0.5, 0.5]),
      period: 'month',
    },
    cube({ t: Tm('1981-01', '1981-02') }, [0.5, 1.5]),
  ],
]
