/** `ecotope cause benchmark`: methods on made-up series whose causes are known. */
import { InputError } from '@ecotope/core'
import { type BenchmarkFileOptions, benchmarkFiles } from '@ecotope/run'
import { type Given, listed, wholeNumber } from '../../arguments.ts'
import type { Answer, CommandContext } from '../../command.ts'
import { table as textTable } from '../../text.ts'
import { type OptionRows, requestOf, searchRows, whole, word } from './options.ts'

export const benchmarkRows: OptionRows = {
  kind: {
    value: 'NAME',
    text: 'benchmark: linear, nonlinear, chaotic, contemporaneous, hidden, missing or regime (default: linear)',
    to: 'kind',
    read: word,
  },
  nodes: { value: 'NUMBER', text: 'benchmark: variables (default: 5)', to: 'nodes', read: whole(2) },
  length: { value: 'STEPS', text: 'benchmark: time steps (default: 500)', to: 'length', read: whole(20) },
  repeat: { value: 'NUMBER', text: 'benchmark: data sets (default: 20)', to: 'repeat', read: whole(1) },
  autocorrelation: {
    value: 'SHARE',
    text: 'benchmark: largest autocorrelation, below 1 (default: 0.8)',
    to: 'autocorrelation',
    read: (text, name) => {
      const share = Number(text)
      if (text.trim() !== '' && share >= 0 && share < 1) return share
      throw new InputError('BadOption', `--${name} ${text} is not a share from 0 to below 1`)
    },
  },
  methods: {
    value: 'NAME,..',
    multiple: true,
    text: 'benchmark: methods (default: the fast ones)',
    to: 'methods',
    read: word,
  },
  out: {
    value: 'FILE',
    short: 'o',
    text: 'benchmark: where the table goes, .md, .csv or .json',
    to: 'out',
    read: word,
  },
}

export async function benchmark(given: Given, paths: readonly string[], context: CommandContext): Promise<Answer> {
  if (paths.length > 0) throw new InputError('BadOption', `benchmark makes its own series, but ${paths[0]} is given`)
  const request = requestOf(given, benchmarkRows) as unknown as BenchmarkFileOptions
  const [tauMax, alpha, threads, seed] = [
    wholeNumber('tau-max', given.text('tau-max'), 1),
    given.has('alpha') ? (searchRows.alpha!.read(given.text('alpha')!, 'alpha') as number) : undefined,
    wholeNumber('threads', given.text('threads'), 1),
    wholeNumber('seed', given.text('seed'), 0),
  ]
  const { result, table } = await benchmarkFiles({
    ...request,
    ...(given.has('methods') && { methods: listed(given.texts('methods')) }),
    ...(tauMax !== undefined && { tauMax }),
    ...(alpha !== undefined && { alpha }),
    ...(threads !== undefined && { threads }),
    ...(seed !== undefined && { seed }),
    signal: context.signal,
    onProgress: context.display.progress,
    onWarning: context.display.warn,
  })
  context.display.clear()
  const { kind, nodes, length, repeat } = result.settings
  const head = `${repeat} data sets of kind ${kind}: ${nodes} variables, ${length} steps. Means with their standard errors.`
  return { text: `${[head, '', ...textTable(table.headings, table.rows, '  ')].join('\n')}\n`, json: result }
}
