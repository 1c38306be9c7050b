/** Putting cubes together: bands by name, cubes in memory, layers aligned to one grid. All lazy. */
import { InputError, nearest as nearestWord } from '@ecotope/core'
import { gridEquals } from './grid.ts'
import type { Band, BandCube, Grid, Window } from './types.ts'
import { type Resampling, warp } from './warp/warp.ts'

export interface StackOptions {
  /** One for all, or one per cube; `bilinear` by default. */
  readonly resampling?: Resampling | readonly Resampling[]
  readonly tolerance?: number
}

/**
 * All bands of all cubes on one grid, in order. A cube that is on the grid already is not resampled. Band names that
 * occur twice get `_2`, `_3`, ...
 */
export function stack(cubes: readonly BandCube[], grid: Grid, options: StackOptions = {}): BandCube {
  const parts = cubes.map((cube, i) => {
    if (gridEquals(cube.grid, grid)) return cube
    const { resampling } = options
    const chosen = typeof resampling === 'string' ? resampling : resampling?.[i]
    const tolerance = options.tolerance === undefined ? {} : { tolerance: options.tolerance }
    return warp(cube, grid, { resampling: chosen ?? 'bilinear', ...tolerance })
  })
  const bands = uniqueNames(parts.flatMap((part) => part.bands))
  return {
    dims: ['bands', 'y', 'x'],
    bands,
    grid,
    label: `stack(${parts.map((part) => part.label).join(', ')})`,
    read: async (window, work) => {
      const size = window.width * window.height
      const out = new Float32Array(bands.length * size)
      let at = 0
      // One after the other: each part already keeps all threads busy, and memory stays that of one part.
      for (const part of parts) {
        out.set(await part.read(window, work), at)
        at += part.bands.length * size
      }
      return out
    },
  }
}

function uniqueNames(bands: readonly Band[]): Band[] {
  const used = new Set<string>()
  return bands.map((band) => {
    let name = band.name
    for (let n = 2; used.has(name); n++) name = `${band.name}_${n}`
    used.add(name)
    return name === band.name ? band : { ...band, name }
  })
}

/** The named bands in the order of the names. Throws `InputError('NoBand')`. */
export function selectBands(cube: BandCube, names: readonly string[]): BandCube {
  const indices = names.map((name) => {
    const index = cube.bands.findIndex((band) => band.name === name)
    if (index >= 0) return index
    const known = cube.bands.map((band) => band.name)
    const near = nearestWord(name, known)
    throw new InputError('NoBand', `${cube.label} has no band "${name}"`, {
      hint: near === undefined ? `its bands are ${known.join(', ')}` : `did you mean "${near}"?`,
      data: { name, bands: known },
    })
  })
  return {
    dims: cube.dims,
    bands: indices.map((i) => cube.bands[i]!),
    grid: cube.grid,
    label: `${cube.label}[${names.join(', ')}]`,
    read: async (window, work) => {
      const all = await cube.read(window, work)
      const size = window.width * window.height
      const out = new Float32Array(indices.length * size)
      for (const [to, from] of indices.entries()) out.set(all.subarray(from * size, (from + 1) * size), to * size)
      return out
    },
  }
}

/** A cube over an array of shape `[bands, grid.height, grid.width]`, which must not change afterwards; NaN is missing. */
export function memoryCube(data: Float32Array, bands: readonly Band[], grid: Grid, label = 'memory'): BandCube {
  const size = grid.width * grid.height
  if (data.length !== bands.length * size) {
    throw new InputError(
      'BadShape',
      `${data.length} values do not fill ${bands.length} bands of ${grid.width} x ${grid.height}`,
    )
  }
  return {
    dims: ['bands', 'y', 'x'],
    bands,
    grid,
    label,
    read: (window) => Promise.resolve(crop(data, bands.length, grid, window)),
  }
}

function crop(data: Float32Array, bands: number, grid: Grid, window: Window): Float32Array<ArrayBuffer> {
  const out = new Float32Array(bands * window.width * window.height).fill(Number.NaN)
  const left = Math.max(0, window.column)
  const right = Math.min(grid.width, window.column + window.width)
  if (left >= right) return out
  for (let b = 0; b < bands; b++) {
    for (let r = 0; r < window.height; r++) {
      const row = window.row + r
      if (row < 0 || row >= grid.height) continue
      const from = (b * grid.height + row) * grid.width
      const to = (b * window.height + r) * window.width + (left - window.column)
      out.set(data.subarray(from + left, from + right), to)
    }
  }
  return out
}
