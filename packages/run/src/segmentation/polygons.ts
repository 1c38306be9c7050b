/** `ecotope:vectorise_classes`: regions of the map as polygons. */
import { join } from 'node:path'
import { openRaster, polygonise, wholeWindow, writeGeoJson } from '@ecotope/cube'
import { CLASS_FILE } from './belief-map.ts'
import { NO_LABEL } from './labels.ts'
import { optional, process, required, resultOf, spec } from './specs.ts'
import type { PreparedValue } from './types.ts'

export const POLYGONS_FILE = 'polygons.geojson'

interface VectoriseArguments {
  readonly samples: unknown
  readonly map: unknown
  readonly min_area: number
}

export const vectoriseClasses = process<VectoriseArguments, { polygons: number }>({
  version: '1',
  seeded: false,
  spec: spec(
    'vectorise_classes',
    'Turn the class map into polygons',
    'Regions of one class (pixels that share an edge) as polygons in longitude and latitude; background and regions below the smallest area are left out.',
    [
      required('samples', 'What prepare_samples gave.'),
      required('map', 'What ml_predict_probabilities gave.'),
      optional('min_area', 'Smallest area of a polygon, square metres.', { type: 'number', minimum: 0 }, 0),
    ],
    'polygons.geojson and how many there are.',
  ),
  run: async (args, context) => {
    const { classes, background } = resultOf<PreparedValue>(context.step(args.samples))
    const map = await openRaster(join(context.step(args.map).directory, CLASS_FILE))
    try {
      const codes = Uint8Array.from((await map.readRaw(wholeWindow(map.grid), [0], context)) as Uint8Array)
      if (background === 'class')
        for (let i = 0; i < codes.length; i++) if (codes[i] === classes[0]!.code) codes[i] = NO_LABEL
      const names = new Map(classes.map(({ code, name }) => [code, name]))
      const features = polygonise(codes, map.grid, {
        minAreaSquareMetres: args.min_area,
        ignore: NO_LABEL,
        name: (value) => names.get(value) ?? String(value),
      })
      await writeGeoJson(join(context.directory, POLYGONS_FILE), features, context)
      return { polygons: features.features.length }
    } finally {
      await map.close()
    }
  },
})
