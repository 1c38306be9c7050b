/** `ecotope predict`: applies a model that a run made to other rasters. */
import { availableParallelism, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { InputError, type Warning } from '@ecotope/core'
import { devices } from '@ecotope/run'
import { listed } from '../arguments.ts'
import type { Command } from '../command.ts'
import { table } from '../text.ts'
import { budget, leavingNothing } from './run.ts'

export const predictCommand: Command = {
  name: 'predict',
  summary: 'Apply a model that a run made to other rasters with the same bands',
  usage: 'predict MODEL --features FILE,.. --out FOLDER [OPTIONS]',
  options: {
    features: { value: 'FILE,..', multiple: true, text: 'rasters with the bands that the model learnt from' },
    crs: { value: 'CRS', text: 'CRS of rasters that name none' },
    out: { value: 'FOLDER', text: 'where the results go' },
    threads: { value: 'NUMBER', text: 'processors to use (default: all)' },
    memory: { value: 'SIZE', text: 'memory to stay within, such as 2GB (default: half of the machine\u2019s)' },
    device: { value: 'DEVICE', text: `where the network runs: ${devices.join(', ')} (default: cpu)` },
  },
  examples: ['ecotope predict out/mine/model --features c.tif,d.tif --out out/elsewhere'],
  notes: ['Bands are matched by name; features with other bands or units are refused.'],
  run: async (given, context) => {
    const [model, ...rest] = given.positionals
    const features = listed(given.texts('features'))
    const out = given.text('out')
    if (model === undefined || rest.length > 0) throw missing('predict needs one model folder')
    if (features.length === 0) throw missing('predict needs --features FILE,..')
    if (out === undefined) throw missing('predict needs --out FOLDER')
    const { threads = availableParallelism(), memoryBytes = totalmem() / 2, device } = budget(given)
    const crs = given.text('crs')
    const warnings: Warning[] = []
    const folder = resolve(out)
    const published = await leavingNothing(folder, () =>
      context.application.predict({
        model: resolve(model),
        features: features.map((path) => resolve(path)),
        out: folder,
        threads,
        memoryBytes,
        device,
        command: context.command,
        signal: context.signal,
        onProgress: context.display.progress,
        onWarning: (warning) => {
          warnings.push(warning)
          context.display.warn(warning)
        },
        ...(crs === undefined ? {} : { crs }),
      }),
    )
    context.display.clear()
    const rows = [
      ...published.summary.map(([label, text]) => [label, text]),
      ['results', folder],
      ...(published.report === undefined ? [] : [['report', join(folder, published.report)]]),
    ]
    return { text: `${table([], rows).join('\n')}\n`, json: { out: folder, ...published, warnings } }
  },
}

function missing(message: string): InputError {
  return new InputError('MissingArgument', message, {
    hint: 'For example: ecotope predict out/mine/model --features c.tif,d.tif --out out/elsewhere',
  })
}
