/** Cases of processes on pixels and their neighbours, beyond the examples of their specifications. */
import { type Row, throws as T } from './openeo-case.ts'
import { cube, N, S, Tm, X, xy, xyt, Y } from './openeo-made-cubes.ts'

export const pixelCases: readonly Row[] = [
  [
    'mask',
    {
      data: xy,
      mask: cube({ x: X, y: Y }, [
        [0, 1],
        [0, 1],
        [2, 0],
      ]),
    },
    cube({ x: X, y: Y }, [
      [1, N],
      [3, N],
      [N, 6],
    ]),
  ],
  [
    'mask',
    {
      data: xy,
      mask: cube({ x: X, y: Y }, [
        [false, true],
        [false, true],
        [true, false],
      ]),
      replacement: -9,
    },
    cube({ x: X, y: Y }, [
      [1, -9],
      [3, -9],
      [-9, 6],
    ]),
  ],
  [
    'mask',
    {
      data: xy,
      mask: cube({ x: X, y: Y }, [
        [N, 1],
        [0, N],
        [0, 0],
      ]),
    },
    cube({ x: X, y: Y }, [
      [1, N],
      [3, N],
      [5, 6],
    ]),
  ],
  [
    'mask',
    {
      data: xyt,
      mask: cube({ x: X, y: Y }, [
        [0, 1],
        [0, 0],
        [0, 0],
      ]),
    },
    cube({ x: X, y: Y, t: xyt.dimensions.t }, [
      [
        [1, 2, 3],
        [N, N, N],
      ],
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
    'mask',
    {
      data: cube({ x: X, t: Tm('2020-01-01T00:00:00Z', '2020-02-01T00:00:00Z') }, [
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      mask: cube({ x: X, t: Tm('2020-02-01', '2020-01-01') }, [
        [1, 0],
        [1, 0],
        [0, 0],
      ]),
    },
    cube({ x: X, t: Tm('2020-01-01T00:00:00Z', '2020-02-01T00:00:00Z') }, [
      [1, N],
      [3, N],
      [5, 6],
    ]),
  ],
  ['mask', { data: xy, mask: xyt }, T('IncompatibleDataCubes')],
  [
    'mask',
    {
      data: xyt,
      mask: cube({ x: X, y: Y, t: Tm('2020-01-01T00:00:00Z') }, [
        [[1], [1]],
        [[1], [1]],
        [[1], [1]],
      ]),
    },
    T('IncompatibleDataCubes'),
  ],
  [
    'apply_kernel',
    {
      data: cube({ x: X, y: Y }, [
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      kernel: [
        [0, 0, 0],
        [0, 2, 0],
        [0, 0, 0],
      ],
      factor: 0.5,
    },
    cube({ x: X, y: Y }, [
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
  ],
  [
    'apply_kernel',
    {
      data: cube({ x: X, y: Y }, [
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      kernel: [
        [1, 1],
        [1, 1],
      ],
    },
    T('KernelDimensionsUneven'),
  ],
  [
    'apply_kernel',
    {
      data: cube({ y: Y, x: X }, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
      kernel: [[1, 1, 1]],
    },
    cube({ y: Y, x: X }, [
      [3, 6, 5],
      [9, 15, 11],
    ]),
  ],
  [
    'apply_kernel',
    {
      data: cube({ y: Y, x: X }, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
      kernel: [[1, 1, 1]],
      border: 'replicate',
    },
    cube({ y: Y, x: X }, [
      [4, 6, 8],
      [13, 15, 17],
    ]),
  ],
  [
    'apply_kernel',
    {
      data: cube({ y: Y, x: X }, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
      kernel: [[1, 1, 1]],
      border: 'wrap',
    },
    cube({ y: Y, x: X }, [
      [6, 6, 6],
      [15, 15, 15],
    ]),
  ],
  [
    'apply_kernel',
    {
      data: cube({ y: Y, x: X }, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
      kernel: [[1, 1, 1]],
      border: 'reflect_pixel',
    },
    cube({ y: Y, x: X }, [
      [5, 6, 7],
      [14, 15, 16],
    ]),
  ],
  [
    'apply_kernel',
    {
      data: cube({ y: Y, x: X }, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
      kernel: [[1, 1, 1]],
      border: 'reflect',
    },
    cube({ y: Y, x: X }, [
      [4, 6, 8],
      [13, 15, 17],
    ]),
  ],
  [
    'apply_kernel',
    {
      data: cube({ y: Y, x: X }, [
        [1, N, 3],
        [4, 5, 6],
      ]),
      kernel: [[1, 1, 1]],
      replace_invalid: 10,
    },
    cube({ y: Y, x: X }, [
      [11, 14, 13],
      [9, 15, 11],
    ]),
  ],
  [
    'apply_kernel',
    {
      data: cube({ y: Y, x: X }, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
      kernel: [[1, 0, 0]],
    },
    cube({ y: Y, x: X }, [
      [0, 1, 2],
      [0, 4, 5],
    ]),
  ],
  [
    'apply_kernel',
    {
      data: cube({ y: Y, x: X }, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
      kernel: [[1], [2], [3]],
    },
    cube({ y: Y, x: X }, [
      [14, 19, 24],
      [9, 12, 15],
    ]),
  ],
  [
    'resample_spatial',
    {
      data: cube({ y: Y, x: X }, [
        [1, 2, 3],
        [4, 5, 6],
      ]),
      resolution: 5,
    },
    cube(
      {
        y: S('y', [5757497.5, 5757492.5, 5757487.5, 5757482.5]),
        x: S('x', [404832.5, 404837.5, 404842.5, 404847.5, 404852.5, 404857.5]),
      },
      [
        [1, 1, 2, 2, 3, 3],
        [1, 1, 2, 2, 3, 3],
        [4, 4, 5, 5, 6, 6],
        [4, 4, 5, 5, 6, 6],
      ],
    ),
  ],
  [
    'resample_spatial',
    {
      data: cube({ y: Y, x: S('x', [404835, 404845]) }, [
        [1, 2],
        [4, 5],
      ]),
      resolution: 20,
      method: 'average',
    },
    cube({ y: S('y', [5757490]), x: S('x', [404840]) }, [[3]]),
  ],
]
