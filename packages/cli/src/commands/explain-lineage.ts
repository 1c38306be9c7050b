/** `ecotope explain-lineage`: from which inputs, by which steps and parameters a result was made. */
import { InputError } from '@ecotope/core'
import { explainLineage, readLineage } from '@ecotope/run'
import type { Command } from '../command.ts'

export const explainLineageCommand: Command = {
  name: 'explain-lineage',
  summary: 'Tell from which inputs, by which steps and parameters a result was made',
  usage: 'explain-lineage RESULT [OPTIONS]',
  options: {},
  examples: ['ecotope explain-lineage out/mine/class.tif', 'ecotope explain-lineage out/mine'],
  notes: ['RESULT is a file that a run wrote, or its folder. Also says whether the file has been changed since.'],
  run: async (given) => {
    const [path, ...rest] = given.positionals
    if (path === undefined || rest.length > 0)
      throw new InputError('MissingArgument', 'explain-lineage needs one result', {
        hint: 'For example: ecotope explain-lineage out/mine/class.tif',
      })
    return { text: await explainLineage(path), json: (await readLineage(path)).document }
  },
}
