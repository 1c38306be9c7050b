/** What the tests share: oracles, cubes in memory, small networks with fixed numbers. */
import { readFileSync } from 'node:fs'
import type { BandCube, Crs, Grid } from '@ecotope/cube'
import { memoryCube } from '@ecotope/cube'
import { layoutOf, type ParameterTree } from '@ecotope/tensor'
import { hashed } from '../../../oracles/tensor/unet.ts'
import type { LabelledCube, NetworkSpec } from '../src/index.ts'

/** Reads what oracles/model/make.py wrote with PyTorch in float64. */
export function oracle<T>(name: string): T {
  const url = new URL(`../../../oracles/model/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as T
}

const crs: Crs = { name: 'test', proj4: '+proj=utm +zone=32 +datum=WGS84', unit: 'metre', isGeographic: false }

export const gridOfSize = (width: number, height: number): Grid => ({
  crs,
  affine: [1, 0, 0, 0, -1, height],
  width,
  height,
})

/** One band per plane, values by row and column. */
export function cubeOf(
  width: number,
  height: number,
  ...planes: readonly ((row: number, column: number) => number)[]
): BandCube {
  const data = new Float32Array(planes.length * width * height)
  planes.forEach((plane, b) => {
    for (let i = 0; i < width * height; i++) {
      data[b * width * height + i] = plane(Math.floor(i / width), i % width)
    }
  })
  const bands = planes.map((_, b) => ({ name: `band${b}` }))
  return memoryCube(data, bands, gridOfSize(width, height))
}

export function labelledCube(
  width: number,
  height: number,
  label: (row: number, column: number) => number,
  ...planes: readonly ((row: number, column: number) => number)[]
): LabelledCube {
  let classes = 0
  const labels = cubeOf(width, height, (row, column) => {
    const k = label(row, column)
    classes = Number.isNaN(k) ? classes : Math.max(classes, k + 1)
    return k
  })
  return {
    features: cubeOf(width, height, ...planes),
    labels,
    classes: Array.from({ length: classes }, (_, k) => `class ${k}`),
    origin: { row: 0, column: 0 },
  }
}

/** The numbers that the PyTorch oracle gives a network of the same layout. */
export function oracleParameters(tree: ParameterTree): Float32Array<ArrayBuffer> {
  const { leaves, size } = layoutOf(tree)
  const flat = new Float32Array(size)
  for (const { path, shape, offset, size: n } of leaves) {
    const fanIn = path.endsWith('up.weight') ? shape[0]! : shape.slice(1).reduce((a, b) => a * b, 1)
    const spread = shape.length === 4 ? Math.sqrt(6 / fanIn) : 0.2
    const centre = path.endsWith('norm.scale') ? 1 : 0
    const values = hashed(n, 1000 + offset)
    for (let i = 0; i < n; i++) flat[offset + i] = values[i]! * spread + centre
  }
  return flat
}

export const small = (changes: Partial<NetworkSpec> = {}): NetworkSpec => ({
  architecture: 'unet',
  bands: 2,
  classes: 2,
  width: 4,
  depth: 3,
  norm: 'channel',
  activation: 'relu',
  ...changes,
})

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!)
    if (!(difference <= worst)) worst = difference
  }
  return worst
}
