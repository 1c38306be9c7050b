/** `ecotope score`: how well a map of classes agrees with a reference raster. */
import { InputError } from '@ecotope/core'
import { type ClassNames, type ScoreResult, score } from '@ecotope/run'
import { type Given, wholeNumber } from '../arguments.ts'
import type { Command } from '../command.ts'
import { table } from '../text.ts'

export const scoreCommand: Command = {
  name: 'score',
  summary: 'Score a map of classes against a reference raster: kappa, accuracy, F1 per class',
  usage: 'score --reference FILE --prediction FILE [OPTIONS]',
  options: {
    reference: { value: 'FILE', text: 'raster of true classes' },
    prediction: { value: 'FILE', text: 'raster of mapped classes' },
    'reference-names': { value: 'VALUE=NAME,..', text: 'names of the reference values, where the file has none' },
    'prediction-names': { value: 'VALUE=NAME,..', text: 'names of the mapped values, where the file has none' },
    resample: { text: 'bring the prediction to the grid of the reference (nearest pixel)' },
    block: { value: 'PIXELS', text: 'side of the blocks (default 128)' },
    checkerboard: { value: 'PART', text: 'only the test or the train blocks: test where block row + column is odd' },
    crs: { value: 'CRS', text: 'CRS of rasters that name none' },
  },
  examples: [
    'ecotope score --reference ref.tif --prediction out/mine/class.tif',
    'ecotope score --reference ref.tif --prediction out/mine/class.tif --block 128 --checkerboard test --json',
  ],
  notes: [
    'Pixels that are nodata in either raster are left out. Classes are matched by name where both rasters name',
    'them (class.tif of a run does), else by value.',
  ],
  run: async (given, { display, signal }) => {
    const block = wholeNumber('block', given.text('block'), 1)
    const crs = given.text('crs')
    const referenceNames = namesFrom(given, 'reference-names')
    const predictionNames = namesFrom(given, 'prediction-names')
    const checkerboard = partOf(given.text('checkerboard'))
    const result = await score({
      reference: needed(given, 'reference'),
      prediction: needed(given, 'prediction'),
      resample: given.has('resample'),
      signal,
      onProgress: display.progress,
      onWarning: display.warn,
      ...(block === undefined ? {} : { block }),
      ...(checkerboard === undefined ? {} : { checkerboard }),
      ...(referenceNames === undefined ? {} : { referenceNames }),
      ...(predictionNames === undefined ? {} : { predictionNames }),
      ...(crs === undefined ? {} : { crs }),
    })
    display.clear()
    return { text: `${describe(result).join('\n')}\n`, json: result }
  },
}

function needed(given: Given, name: string): string {
  const text = given.text(name)
  if (text !== undefined) return text
  throw new InputError('MissingOption', `score needs --${name} FILE`, {
    hint: 'For example: ecotope score --reference ref.tif --prediction out/mine/class.tif',
  })
}

function partOf(text: string | undefined): 'test' | 'train' | undefined {
  if (text === undefined || text === 'test' || text === 'train') return text
  throw new InputError('BadOption', `--checkerboard ${text} is neither test nor train`)
}

function namesFrom(given: Given, option: string): ClassNames | undefined {
  const text = given.text(option)
  if (text === undefined) return undefined
  const entries = text.split(',').map((pair): [number, string] => {
    const match = /^\s*(-?\d+)\s*=\s*(.+?)\s*$/.exec(pair)
    if (match !== null) return [Number(match[1]), match[2]!]
    throw new InputError('BadOption', `--${option} has "${pair}", which is not of the form VALUE=NAME`, {
      hint: `Write it as --${option} 0=shadow,1=snow.`,
    })
  })
  return new Map(entries)
}

function describe(result: ScoreResult): string[] {
  const three = (value: number) => value.toFixed(3)
  const interval = result.kappaInterval
  const range =
    interval === undefined ? '' : `  (95 % interval over blocks: ${three(interval.lower)} to ${three(interval.upper)})`
  const rows = result.classes.map((one) => [
    one.name,
    ...[one.precision, one.recall, one.f1, one.iou].map(three),
    String(one.support),
  ])
  return [
    ...table(
      [],
      [
        ["Cohen's kappa", `${three(result.kappa)}${range}`],
        ['overall accuracy', three(result.overallAccuracy)],
        ['mean F1', three(result.meanF1)],
        ['pixels compared', String(result.count)],
      ],
    ),
    '',
    ...table(['class', 'precision', 'recall', 'F1', 'IoU', 'pixels'], rows),
    '',
    'Confusion (rows: reference, columns: prediction)',
    ...table(
      ['', ...result.classes.map(({ name }) => name)],
      result.confusion.map((row, i) => [result.classes[i]!.name, ...row.map(String)]),
      '  ',
    ),
  ]
}
