/** `ecotope inspect`: what rasters and polygons hold, how they lie to each other, and what may go wrong. */
import { InputError } from '@ecotope/core'
import {
  type InspectedCube,
  type InspectedPolygons,
  type InspectedRaster,
  type Inspection,
  inspect,
  wrap,
} from '@ecotope/run'
import type { Command } from '../command.ts'
import { bytes, figure, table } from '../text.ts'

export const inspectCommand: Command = {
  name: 'inspect',
  summary: 'Show grids, CRS, units, statistics, overlaps and problems of rasters, cubes and polygons',
  usage: 'inspect FILE ... [OPTIONS]',
  options: {
    crs: { value: 'CRS', text: 'CRS of rasters that name none, such as EPSG:32632' },
    fast: { text: 'read no pixels: no statistics' },
  },
  examples: [
    'ecotope inspect dem.tif bands.tif scars.geojson',
    "ecotope inspect 's2/*.tif' --fast",
    'ecotope inspect bands.tif --json',
  ],
  notes: [
    'Reads GeoTIFF and COG; GeoJSON, GeoPackage and FlatGeobuf. Large files are streamed. Of Zarr, NetCDF and STAC the',
    'layers are shown by their metadata.',
  ],
  run: async (given, { display, signal, width }) => {
    if (given.positionals.length === 0)
      throw new InputError('MissingArgument', 'inspect needs at least one file', {
        hint: 'For example: ecotope inspect dem.tif scars.geojson',
      })
    const crs = given.text('crs')
    const inspection = await inspect(given.positionals, {
      signal,
      onProgress: display.progress,
      statistics: !given.has('fast'),
      ...(crs === undefined ? {} : { crs }),
    })
    display.clear()
    return { text: `${describe(inspection, width).join('\n')}\n`, json: inspection }
  },
}

function describe(inspection: Inspection, width: number): string[] {
  const lines = inspection.inputs.flatMap((input) => [...describeInput(input, width), ''])
  if (inspection.overlaps.length > 0) {
    const share = (value: number) => `${(100 * value).toFixed(0)} %`
    const rows = inspection.overlaps.map((one) => [
      one.first,
      one.second,
      share(one.shareOfFirst),
      share(one.shareOfSecond),
    ])
    lines.push('Overlaps', ...table(['first', 'second', 'of first', 'of second'], rows, '  '), '')
  }
  if (inspection.problems.length === 0) return [...lines, 'No problems found.']
  lines.push('Problems')
  for (const { severity, path, message } of inspection.problems) {
    const [first = '', ...rest] = wrap(`${severity}: ${path}: ${message}`, Math.max(40, width - 4))
    lines.push(`  ${first}`, ...rest.map((line) => `    ${line}`))
  }
  return lines
}

function describeInput(input: Inspection['inputs'][number], width: number): string[] {
  if (input.kind === 'cube') return describeCube(input)
  return input.kind === 'raster' ? describeRaster(input) : describePolygons(input, width)
}

/** A line for each layer. */
function describeCube(cube: InspectedCube): string[] {
  const headings = ['layer', 'unit', 'type', 'nodata', 'pixels', 'size', 'CRS', 'dates']
  const rows = cube.layers.map((layer) => [
    layer.name,
    layer.unit ?? '',
    layer.dtype,
    layer.nodata === undefined ? '–' : String(layer.nodata),
    `${layer.width} x ${layer.height}${layer.grids > 1 ? `, ${layer.grids} tiles` : ''}`,
    layer.resolution.map(figure).join(' x '),
    layer.crs.split(' ')[0]!,
    datesOf(layer.times),
  ])
  return [cube.path, ...table(headings, rows, '  ')]
}

function datesOf({ count, first, last }: InspectedCube['layers'][number]['times']): string {
  const day = (label = ''): string => label.replace(/T00:00:00Z$/, '')
  return count === 0 ? 'none' : count === 1 ? day(first) : `${count}, ${day(first)} to ${day(last)}`
}

function describeRaster(raster: InspectedRaster): string[] {
  const [west, south, east, north] = raster.bounds
  const degrees = raster.boundsDegrees?.map((value) => value.toFixed(4)).join(', ')
  const hasStatistics = raster.bands.some((band) => band.count > 0)
  const headings = ['band', 'unit', 'nodata', 'min', 'max', 'mean', 'std', '2 %', '50 %', '98 %', 'valid']
  const rows = raster.bands.map((band) => [
    band.name,
    band.unit ?? '',
    band.nodata === undefined ? '–' : String(band.nodata),
    ...(hasStatistics
      ? [
          ...[band.min, band.max, band.mean, band.std].map(figure),
          ...[0, 2, 4].map((i) => figure(band.percentiles[i])),
          `${((100 * band.valid) / band.count).toFixed(1)} %`,
        ]
      : []),
  ])
  return [
    raster.path,
    `  ${raster.width} x ${raster.height} pixels of ${raster.resolution.map(figure).join(' x ')} ${unitOf(raster.unit)}, ${raster.bands.length} ${raster.bands.length === 1 ? 'band' : 'bands'}, ${raster.dtype}`,
    `  ${raster.crs ?? 'no CRS'}`,
    `  west ${figure(west)}, south ${figure(south)}, east ${figure(east)}, north ${figure(north)}${degrees === undefined ? '' : ` (degrees: ${degrees})`}`,
    `  ${raster.compression}, ${raster.layout}, ${raster.overviews} overviews, ${bytes(raster.bytes)}`,
    ...table(headings.slice(0, rows[0]?.length ?? 0), rows, '  '),
  ]
}

const unitOf = (unit: string): string => (unit === 'metre' ? 'm' : unit)

function describePolygons(polygons: InspectedPolygons, width: number): string[] {
  const lines = [
    polygons.path,
    `  ${polygons.count} polygons, ${figure(polygons.hectares)} ha`,
    `  ${polygons.crs}`,
    `  west, south, east, north: ${polygons.bounds.map((value) => String(Number(value.toPrecision(8)))).join(', ')}`,
  ]
  for (const { name, types, distinct, values } of polygons.properties) {
    const shown = values?.map(({ value, count, hectares }) => `${value} (${count}, ${figure(hectares)} ha)`)
    const more = values !== undefined && values.length < distinct ? ', ...' : ''
    const text = shown === undefined ? `${distinct} different values` : `${shown.join(', ')}${more}`
    const [first = '', ...rest] = wrap(`${name} (${types.join(', ')}): ${text}`, Math.max(40, width - 6))
    lines.push(`  ${first}`, ...rest.map((line) => `      ${line}`))
  }
  return lines
}
