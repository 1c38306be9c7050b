/** Cubes that fit the budget are held in memory; larger ones stay on disk and are read window by window. */
import { type BandCube, memoryCube, wholeWindow } from '@ecotope/cube'

const BYTES = 4

export async function cached(cube: BandCube, budgetBytes: number): Promise<BandCube> {
  const size = cube.bands.length * cube.grid.width * cube.grid.height * BYTES
  if (size > budgetBytes) return cube
  return memoryCube(await cube.read(wholeWindow(cube.grid)), cube.bands, cube.grid, cube.label)
}
