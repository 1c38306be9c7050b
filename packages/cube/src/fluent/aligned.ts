/** Whether cells of two cubes lie upon each other: arithmetic aligns nothing, and takes no cell that stands alone. */
import { InputError } from '@ecotope/core'
import { gridText } from '../collection/lattice.ts'
import { gridEquals } from '../grid.ts'
import type { Dimension } from '../model/dimension.ts'
import type { CubeSchema } from '../model/node.ts'
import { gridAxis, indicesIn } from '../process/cubes/labels.ts'
import { summary } from './choosing.ts'

const HINTS: Readonly<Partial<Record<Dimension['type'], string>>> = {
  bands: 'compute with one band of each, such as a.band("B08").subtract(b.band("B04"))',
  temporal: 'cut both to the same dates first, or take one of them with isel or sel, which stands for all',
  spatial: 'cut both with the same filterBbox, or bring one to the other with resampleLike',
}

/**
 * Throws InputError `DifferentGrids`, `DifferentLabels` where dimensions that both have are not the same. Dimensions
 * that one of them lacks are no difference: its cells stand for all.
 */
export function requireAligned(first: CubeSchema, second: CubeSchema): void {
  const [a, b] = [first.grid, second.grid]
  const hasGrids = a !== undefined && b !== undefined
  if (hasGrids && !gridEquals(a, b)) {
    throw new InputError('DifferentGrids', `the cubes lie on different grids: ${gridText(a)}, ${gridText(b)}`, {
      hint: 'bring one to the other: a.resampleLike(b, "bilinear"), or cut both with the same filterBbox',
      data: { grids: [gridText(a), gridText(b)] },
    })
  }
  for (const dimension of first.dims) {
    const other = second.dims.find(({ name }) => name === dimension.name)
    if (other === undefined || (hasGrids && gridAxis(dimension) !== undefined)) continue
    if (other.labels.length === dimension.labels.length && !indicesIn(dimension, other).includes(-1)) continue
    const [one, two] = [dimension, other].map(({ labels }) => summary(labels))
    throw new InputError('DifferentLabels', `the cubes have different labels along ${dimension.name}: ${one}; ${two}`, {
      hint: HINTS[dimension.type] ?? 'choose the same labels of both first',
      data: { dimension: dimension.name },
    })
  }
}
