/** Polygons that others made: labels burnt again give the class rasters they came from; every layer on hand is read. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRaster } from '../../src/raster.ts'
import { polygonAreaSquareMetres } from '../../src/vector/area.ts'
import { polygonise } from '../../src/vector/polygonise.ts'
import { rasterise } from '../../src/vector/rasterise.ts'
import { readPolygons } from '../../src/vector/read.ts'
import { transformFeatures } from '../../src/vector/transform.ts'
import { dataFolder, hasData } from '../data.ts'

const CLASSES = ['shadow', 'snow', 'water', 'clear', 'cloud']

describe.skipIf(!hasData('cloud_segmentation'))('reference polygons', () => {
  it.each(['sentinel2', 'landsat5'])('%s: class polygons in degrees become the class raster again', async (sensor) => {
    const folder = join(dataFolder, 'cloud_segmentation')
    const raster = await openRaster(join(folder, `${sensor}_reference.tif`))
    try {
      const { grid } = raster
      const classes = await raster.readRaw({ column: 0, row: 0, width: grid.width, height: grid.height })
      const { features, warnings } = await readPolygons(join(folder, `${sensor}_labels.geojson`))
      expect(warnings).toEqual([])
      const there = transformFeatures(features, grid.crs)
      const burnt = rasterise(there, grid, { value: (f) => CLASSES.indexOf(String(f.properties.class)), fill: 255 })
      expect(burnt.filter((value, i) => value !== classes[i]).length).toBe(0)
      // And back: the outlines of the raster have the areas of the polygons, class by class.
      const outlines = polygonise(Uint8Array.from(classes), grid, { ignore: 255, name: (value) => CLASSES[value]! })
      for (const name of ['shadow', 'snow', 'clear', 'cloud']) {
        const sum = (list: typeof there): number =>
          list.features
            .filter((f) => f.properties.class === name)
            .reduce((total, f) => total + polygonAreaSquareMetres(f.geometry, list.crs), 0)
        expect(sum(outlines) / sum(there)).toBeCloseTo(1, 4)
      }
    } finally {
      await raster.close()
    }
  })

  it.each([
    ['eolearn_testeopatch/example_data/import-gpkg-test.gpkg', 193, 'EPSG:2154'],
    ['eolearn_testeopatch/example_data/TestEOPatch/vector_timeless/LULC.gpkg', 88, 'EPSG:32633'],
    ['eolearn_testeopatch/example_data/svn_border.geojson', 1, 'EPSG:32633'],
    [
      'spamlab_landslides/Relict_landslides_CNN_kmeans/Cicatrizes_nova_area_inteira_CRS32723.geojson',
      276,
      'EPSG:32723',
    ],
    ['causal4migrations_somalia/datacube_creation/Admin2_Map_UNDP.geojson', 74, 'EPSG:4326'],
  ])('%s', async (path, count, code) => {
    const { features } = await readPolygons(join(dataFolder, path))
    expect(features.features).toHaveLength(count)
    expect(features.crs.code).toBe(code)
  })
})
