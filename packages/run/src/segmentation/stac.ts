/** The model as a STAC 1.1 item with the Machine Learning Model extension 1.5. */
import { crsEquals, type Grid, gridBounds, parseCrs, transformBounds } from '@ecotope/cube'
import type { SavedModel } from './model-file.ts'
import type { ExportedModel } from './onnx.ts'
import type { FitValue } from './types.ts'

const MLM = 'https://stac-extensions.github.io/mlm/v1.5.0/schema.json'
const WGS84 = 'EPSG:4326'

export function stacItem(saved: SavedModel, fit: FitValue, grid: Grid, onnx: ExportedModel) {
  const lonLat = parseCrs(WGS84)
  const bounds = gridBounds(grid)
  const [west, south, east, north] = crsEquals(grid.crs, lonLat) ? bounds : transformBounds(bounds, grid.crs, lonLat)
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ]
  return {
    type: 'Feature',
    stac_version: '1.1.0',
    stac_extensions: [MLM],
    id: `${saved.network.architecture}-${saved.bands.length}-bands-${saved.classes.length}-classes`,
    bbox: [west, south, east, north],
    geometry: { type: 'Polygon', coordinates: [ring] },
    properties: {
      datetime: null,
      start_datetime: '1970-01-01T00:00:00Z',
      end_datetime: '9999-12-31T23:59:59Z',
      description: `Ensemble of ${fit.members.length} networks, temperature ${saved.calibration.temperature.toFixed(3)}`,
      'mlm:name': 'Ecotope segmentation',
      'mlm:architecture': saved.network.architecture === 'unet' ? 'U-Net' : 'Attention Res-U-Net',
      'mlm:tasks': ['semantic-segmentation'],
      'mlm:framework': 'ONNX',
      'mlm:total_parameters': fit.parameters * fit.members.length,
      'mlm:pretrained': true,
      'mlm:input': [input(saved, onnx)],
      'mlm:output': [output(saved, onnx)],
    },
    links: [],
    assets: {
      model: {
        href: './model.onnx',
        type: 'application/octet-stream; application=onnx',
        roles: ['mlm:model'],
        'mlm:artifact_type': 'onnx',
      },
      weights: {
        href: './model.json',
        type: 'application/json',
        roles: ['mlm:source_code'],
        title: 'Settings for ecotope predict',
      },
    },
  }
}

function input(saved: SavedModel, onnx: ExportedModel) {
  const { centre, scale } = saved.normalisation
  return {
    name: 'x',
    bands: saved.bands.map((band) => band.name),
    input: { shape: onnx.inputShape, dim_order: ['batch', 'bands', 'height', 'width'], data_type: 'float32' },
    description: 'Physical values (scale and offset applied). Normalisation is inside the graph.',
    value_scaling: null,
    'ecotope:normalisation': centre.map((mean, i) => ({ type: 'z-score', mean, stddev: scale[i] })),
  }
}

function output(saved: SavedModel, onnx: ExportedModel) {
  return {
    name: 'probability',
    tasks: ['semantic-segmentation'],
    result: { shape: onnx.outputShape, dim_order: ['batch', 'classes', 'height', 'width'], data_type: 'float32' },
    'classification:classes': saved.classes.map(({ name, code }) => ({ value: code, name })),
  }
}
