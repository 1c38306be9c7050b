/** Cubes in memory that remember what was read from them. */
import type { Affine, BandCube, Grid, Window } from '@ecotope/cube'

/** 10 m pixels, north up, unless told otherwise. */
export const memoryGrid = (width: number, height: number, affine: Affine = [10, 0, 0, 0, -10, 0]): Grid => ({
  crs: { code: 'EPSG:32632', name: 'UTM 32N', proj4: '+proj=utm +zone=32', unit: 'metre', isGeographic: false },
  affine,
  width,
  height,
})

export function memoryCubeOf(
  values: Float32Array,
  names: readonly string[],
  grid: Grid,
  roles = false,
): { cube: BandCube; windows: Window[] } {
  const windows: Window[] = []
  const cube: BandCube = {
    dims: ['bands', 'y', 'x'],
    bands: names.map((name) => ({ name, ...(roles ? { role: name } : {}) })),
    grid,
    label: 'memory',
    read: async (window) => {
      windows.push(window)
      const out = new Float32Array(names.length * window.width * window.height)
      for (let at = 0; at < out.length; at++) {
        const [x, y] = [at % window.width, Math.floor(at / window.width) % window.height]
        const band = Math.floor(at / (window.width * window.height))
        out[at] = values[(band * grid.height + window.row + y) * grid.width + window.column + x]!
      }
      return out
    },
  }
  return { cube, windows }
}
