/** The grid that layers are stacked to, from what was asked for. */
import { InputError, nearest } from '@ecotope/core'
import { parseCrs } from '../crs/crs.ts'
import { crsEquals } from '../crs/transform.ts'
import { gridBounds, gridEquals, gridOf, transformBounds } from '../grid.ts'
import type { Bounds, Crs, Grid } from '../types.ts'
import { gridText, joinGrids, lattices } from './lattice.ts'
import { bandAt } from './own-dimensions.ts'
import type { GridRequest, Layer, StackOptions } from './types.ts'

/** The layer of a name, or the first of its variable. Throws `InputError('NoLayer')`. */
export const layerNamed = (layers: readonly Layer[], name: string, what: string): Layer =>
  layersNamed(layers, name, what)[0]!

/** The layer of a name, or those that are a variable of that name at labels of its own dimensions. Throws `InputError('NoLayer')`. */
export function layersNamed(layers: readonly Layer[], name: string, what: string): readonly Layer[] {
  const layer = layers.find((one) => one.name === name) ?? layers.find(({ band }) => band.role === name)
  if (layer !== undefined) return [layer]
  const levels = layers.filter((one) => bandAt(one.name).variable === name)
  if (levels.length > 0) return levels
  const known = layers.map((one) => one.name)
  const near = nearest(name, known)
  throw new InputError('NoLayer', `${what}: there is no layer "${name}"`, {
    hint: near === undefined ? `the layers are ${known.join(', ')}` : `did you mean "${near}"?`,
    data: { name, layers: known },
  })
}

/** Throws `InputError`: `NoLayer`, `DifferentGrids` (nothing is aligned without a word), `BadGrid`. */
export function targetGrid(request: StackOptions['grid'], chosen: readonly Layer[], all: readonly Layer[]): Grid {
  if (request === undefined) return commonGrid(chosen)
  if (typeof request === 'string') return ownGrid(layerNamed(all, request, 'grid'))
  if ('affine' in request) return request
  return requestedGrid(request, chosen)
}

/** What is to be done with layers whose pixels lie on one lattice, but not at one place. */
const TILES =
  'tiles of one band need one name, such as bands: { from: "name", pattern: "^(dem)" } when they are opened; for layers that differ in extent, say which has the grid of the stack (grid: NAME), and a resampling method'

/** The grid that all share. */
function commonGrid(layers: readonly Layer[]): Grid {
  const grids = layers.map(ownGrid)
  const other = grids.findIndex((grid) => !gridEquals(grid, grids[0]!))
  if (other < 0) return grids[0]!
  throw new InputError(
    'DifferentGrids',
    `layers ${layers[0]!.name} and ${layers[other]!.name} lie on different grids`,
    {
      hint:
        lattices(grids).length === 1
          ? TILES
          : `say which grid the stack has, such as grid: "${layers[0]!.name}", and a resampling method`,
      data: { [layers[0]!.name]: gridText(grids[0]!), [layers[other]!.name]: gridText(grids[other]!) },
    },
  )
}

/** A layer's grid: that of its images, tiles joined. */
export function ownGrid(layer: Layer): Grid {
  const [first, ...rest] = layer.grids
  if (rest.length === 0) return first!
  if (lattices(layer.grids).length === 1) return joinGrids(layer.grids)
  throw new InputError('DifferentGrids', `the images of layer ${layer.name} do not lie on one grid`, {
    hint: 'give the grid of the stack: { crs: "EPSG:32632", resolution: 10 }',
    data: { layer: layer.name, grids: layer.grids.map(gridText) },
  })
}

function requestedGrid(request: GridRequest, layers: readonly Layer[]): Grid {
  const crs = crsOf(request.crs, layers)
  const bounds = request.bounds ?? allBounds(layers, crs)
  return gridOf(bounds, crs, request.resolution, { snap: true })
}

function crsOf(given: GridRequest['crs'], layers: readonly Layer[]): Crs {
  if (typeof given === 'object') return given
  if (given !== undefined) return parseCrs(String(given))
  const [first, ...rest] = layers.flatMap(({ grids }) => grids.map(({ crs }) => crs))
  if (rest.every((crs) => crsEquals(crs, first!))) return first!
  throw new InputError('MixedCrs', 'the layers are in several coordinate reference systems', {
    hint: 'say which the stack has: { crs: "EPSG:32632", resolution: 10 }',
    data: { crs: [...new Set([first!, ...rest].map(({ code, name }) => code ?? name))] },
  })
}

function allBounds(layers: readonly Layer[], crs: Crs): Bounds {
  const all = layers.flatMap(({ grids }) => grids.map((grid) => transformBounds(gridBounds(grid), grid.crs, crs)))
  const of = (k: 0 | 1 | 2 | 3, pick: (...values: number[]) => number): number =>
    pick(...all.map((bounds) => bounds[k]))
  return [of(0, Math.min), of(1, Math.min), of(2, Math.max), of(3, Math.max)]
}
