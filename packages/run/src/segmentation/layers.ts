/** The layers that a user brings, and those derived from them, before anything is aligned. */
import { InputError, type OnWarning } from '@ecotope/core'
import {
  aspect,
  type BandCube,
  type BandIndexName,
  bandIndex,
  bandIndices,
  type Crs,
  curvature,
  hillshade,
  openRaster,
  parseCrs,
  type Raster,
  slope,
} from '@ecotope/cube'

/** Terrain layers by name; each is computed on the elevation model's own grid. */
const terrain: Record<string, (dem: BandCube) => BandCube> = {
  slope: (dem) => slope(dem),
  aspect: (dem) => aspect(dem, { as: 'components' }),
  curvature: (dem) => curvature(dem),
  hillshade: (dem) => hillshade(dem),
}

export const derivedNames = (): string[] => [...Object.keys(terrain), ...Object.keys(bandIndices)]

export interface OpenLayers {
  readonly rasters: readonly Raster[]
  /** The rasters and what is derived from them, in this order. */
  readonly cubes: readonly BandCube[]
  close(): Promise<void>
}

/** Opens rasters and adds derived layers. Errors name the file or the layer. */
export async function openLayers(
  paths: readonly string[],
  derive: readonly string[],
  crsText: string | null,
  onWarning?: OnWarning,
): Promise<OpenLayers> {
  const crs: Crs | undefined = crsText === null ? undefined : parseCrs(crsText)
  const rasters: Raster[] = []
  const close = async (): Promise<void> => {
    await Promise.all(rasters.map((raster) => raster.close()))
  }
  try {
    for (const path of paths) rasters.push(await openFeature(path, crs, onWarning))
    return { rasters, cubes: [...rasters, ...derive.map((name) => derivedLayer(name, rasters))], close }
  } catch (cause) {
    await close()
    throw cause
  }
}

/** Opens a raster. The user's CRS is for rasters that have none; where a raster has one, that one is believed. */
export async function openFeature(path: string, crs: Crs | undefined, onWarning?: OnWarning): Promise<Raster> {
  try {
    return await openRaster(path)
  } catch (cause) {
    if (!(cause instanceof InputError && cause.tag === 'NoCrs') || crs === undefined) throw cause
    onWarning?.({ tag: 'CrsGiven', message: `${path} has no CRS; taken as ${crs.code ?? crs.name}` })
    return openRaster(path, { crs })
  }
}

function derivedLayer(name: string, rasters: readonly Raster[]): BandCube {
  const compute = terrain[name]
  if (compute !== undefined) return compute(elevationOf(name, rasters))
  if (!(name in bandIndices)) {
    throw new InputError('UnknownLayer', `there is no derived layer '${name}'`, {
      hint: `choose among ${derivedNames().join(', ')}`,
      data: { layer: name },
    })
  }
  let failure: unknown
  for (const raster of rasters) {
    try {
      return bandIndex(raster, name as BandIndexName)
    } catch (cause) {
      failure = cause
    }
  }
  throw failure
}

function elevationOf(layer: string, rasters: readonly Raster[]): BandCube {
  const dem = rasters.find((raster) => raster.bands.length === 1 && raster.bands[0]?.role === 'dem')
  const single = rasters.filter((raster) => raster.bands.length === 1)
  const found = dem ?? (single.length === 1 ? single[0] : undefined)
  if (found !== undefined) return found
  throw new InputError(
    'NoElevation',
    `'${layer}' needs an elevation model, and none of the rasters is known to be one`,
    {
      hint: "give a raster of one band whose name or description says 'dem' or 'elevation'",
      data: { rasters: rasters.map((raster) => raster.path) },
    },
  )
}
