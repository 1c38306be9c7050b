/** `ecotope view`: a picture of a raster, a cube, a folder of files or a catalogue. */
import { InputError } from '@ecotope/core'
import { namePattern, RAMPS, type RampName, type ViewFileOptions, viewFile } from '@ecotope/run'
import { type Given, listed, oneOf, wholeNumber } from '../arguments.ts'
import type { Command } from '../command.ts'

export const viewCommand: Command = {
  name: 'view',
  summary: 'Draw a raster, a cube, features, files of several dates or a STAC catalogue as PNG or SVG',
  usage: 'view PATH ... [--band NAME[,NAME,NAME]] [--time DATE] [-o FILE.png|FILE.svg] [OPTIONS]',
  options: {
    band: {
      value: 'NAME,..',
      multiple: true,
      text: 'one band, or three for red, green and blue; of features a property',
    },
    time: {
      value: 'DATE,..',
      multiple: true,
      text: 'dates or their beginning, such as 2020-06 (default: all, up to 12)',
    },
    dates: { value: 'PATTERN', text: 'where names of files have the date, such as (\\d{8})' },
    range: { value: 'LOW,HIGH', text: 'ends of the scale (default: percentiles 2 and 98)' },
    ramp: { value: 'NAME', text: `colours: ${RAMPS.join(', ')}` },
    title: { value: 'TEXT', text: 'title of the picture (default: the name of the input)' },
    size: { value: 'PIXELS', text: 'longest side of a panel' },
    out: { value: 'FILE', short: 'o', text: 'where the picture goes (default: NAME.png in the working folder)' },
    crs: { value: 'CRS', text: 'CRS of rasters that name none' },
  },
  examples: ['ecotope view ndvi.zarr', "ecotope view 's2/*.tif' --dates '(\\d{8})' --band B04 -o b04.svg"],
  notes: ['Large rasters are read from their overviews, or thinned; a picture never reads a whole large cube.'],
  run: async (given, { display, signal }) => {
    const [path, ...more] = given.positionals
    if (path === undefined) {
      throw new InputError('MissingArgument', 'view needs a path, an address or a pattern', {
        hint: "For example: ecotope view ndvi.zarr -o ndvi.png. Put patterns in quotes: 's2/*.tif'.",
      })
    }
    const viewed = await viewFile(more.length === 0 ? path : [path, ...more], {
      ...optionsOf(given),
      signal,
      onProgress: display.progress,
      onWarning: display.warn,
    })
    display.clear()
    const { width, height, bands } = viewed
    return { text: `${viewed.path}: ${bands.join(', ')}, ${Math.round(width)} x ${Math.round(height)}\n`, json: viewed }
  },
}

function optionsOf(given: Given): ViewFileOptions {
  const bands = listed(given.texts('band'))
  const times = listed(given.texts('time'))
  const [dates, crs, out, title] = ['dates', 'crs', 'out', 'title'].map((name) => given.text(name))
  const size = wholeNumber('size', given.text('size'), 16)
  const range = rangeOf(given.text('range'))
  const ramp: RampName | undefined = oneOf('ramp', given.text('ramp'), RAMPS)
  return {
    ...(out === undefined ? {} : { out }),
    ...(bands.length === 0 ? {} : { bands }),
    request: {
      ...(dates === undefined ? {} : { time: namePattern(dates) }),
      ...(crs === undefined ? {} : { crs }),
    },
    plot: {
      ...(times.length === 0 ? {} : { time: times }),
      ...(size === undefined ? {} : { size }),
      ...(range === undefined ? {} : { range }),
      ...(ramp === undefined ? {} : { ramp }),
      ...(title === undefined ? {} : { title }),
    },
  }
}

function rangeOf(text: string | undefined): [number, number] | undefined {
  if (text === undefined) return undefined
  const [low, high, ...rest] = text.split(',').map(Number)
  if (low !== undefined && high !== undefined && rest.length === 0 && low < high) return [low, high]
  throw new InputError('BadOption', `--range ${text} is not of the form LOW,HIGH`, {
    hint: 'write it as --range=-0.2,0.9',
    data: { option: 'range', value: text },
  })
}
