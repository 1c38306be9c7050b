/** What cubes hold that are no single raster: Zarr, NetCDF, NumPy, folders, catalogues. Reads metadata only. */
import {
  type Bounds,
  crsEquals,
  formatOf,
  gridBounds,
  gridResolution,
  isStac,
  isUrl,
  type LayerSet,
  openCollection,
  parseCrs,
  transformBounds,
} from '@ecotope/cube'

export interface InspectedLayer {
  readonly name: string
  readonly role?: string
  readonly unit?: string
  readonly dtype: string
  readonly nodata?: number
  readonly scale: number
  readonly offset: number
  readonly width: number
  readonly height: number
  /** Units of the CRS. */
  readonly resolution: readonly [x: number, y: number]
  readonly crs: string
  readonly bounds: Bounds
  /** West, south, east, north in degrees. */
  readonly boundsDegrees: Bounds
  /** Grids of its images: more than one for tiles. */
  readonly grids: number
  readonly images: number
  /** Number of dates, the first and the last. */
  readonly times: { readonly count: number; readonly first?: string; readonly last?: string }
}

export interface InspectedCube {
  readonly kind: 'cube'
  readonly path: string
  readonly layers: readonly InspectedLayer[]
  readonly warnings: readonly { readonly tag: string; readonly message: string }[]
}

/** Whether a path is a store, a file of arrays or a catalogue; rasters and polygons of one file are looked at in full. */
export async function isCubePath(path: string): Promise<boolean> {
  if (isUrl(path)) return true
  const format = await formatOf(path).catch(() => undefined)
  if (format !== undefined) return format.open !== undefined && format.format !== 'GTiff'
  return (await isStac(path, '.').catch(() => undefined)) !== undefined
}

/** Opens a cube by its metadata and describes its layers. Throws what `openCollection` throws. */
export async function inspectCube(path: string, crs?: string): Promise<InspectedCube> {
  const set = await openCollection({ paths: path, ...(crs === undefined ? {} : { crs }) }, { folder: '.' })
  try {
    return { kind: 'cube', path, layers: set.layers.map(layerOf), warnings: set.warnings }
  } finally {
    await set.close()
  }
}

function layerOf(layer: LayerSet['layers'][number]): InspectedLayer {
  const { band, grids, pieces, times, name } = layer
  const grid = grids[0]!
  const { packing } = pieces[0]!
  const lonLat = parseCrs('OGC:CRS84')
  const bounds = gridBounds(grid)
  const [first, last] = [times[0], times.at(-1)]
  return {
    name,
    ...(band.role === undefined ? {} : { role: band.role }),
    ...(band.unit === undefined ? {} : { unit: band.unit }),
    dtype: packing.dtype,
    ...(packing.nodata === undefined ? {} : { nodata: packing.nodata }),
    scale: packing.scale,
    offset: packing.offset,
    width: grid.width,
    height: grid.height,
    resolution: gridResolution(grid),
    crs: grid.crs.code === undefined ? grid.crs.name : `${grid.crs.code} (${grid.crs.name})`,
    bounds,
    boundsDegrees: crsEquals(grid.crs, lonLat) ? bounds : transformBounds(bounds, grid.crs, lonLat),
    grids: grids.length,
    images: pieces.length,
    times: {
      count: times.length,
      ...(first === undefined ? {} : { first }),
      ...(last === undefined ? {} : { last }),
    },
  }
}
