/** `ecotope cause`: finds, quantifies and benchmarks cause and effect in time series. */
import { CancelledError, InputError, nearest } from '@ecotope/core'
import type { Given } from '../../arguments.ts'
import type { Answer, Command, CommandContext } from '../../command.ts'
import { benchmark, benchmarkRows } from './benchmark.ts'
import { discover, discoverRows } from './discover.ts'
import { effect, effectRows } from './effect.ts'
import { inputRows, type OptionRows } from './options.ts'

interface Verb {
  readonly run: (given: Given, paths: readonly string[], context: CommandContext) => Promise<Answer>
  /** Names of the options that it takes. */
  readonly options: readonly string[]
}

const VERBS: Readonly<Record<string, Verb>> = {
  discover: { run: discover, options: Object.keys(discoverRows) },
  effect: {
    run: effect,
    options: [...Object.keys({ ...effectRows, ...inputRows }), 'bootstrap', 'block-length', 'seed', 'json'],
  },
  benchmark: { run: benchmark, options: [...Object.keys(benchmarkRows), 'tau-max', 'alpha', 'threads', 'seed'] },
}

const rows: OptionRows = {
  ...discoverRows,
  ...effectRows,
  ...benchmarkRows,
}

export const causeCommand: Command = {
  name: 'cause',
  summary: 'Find and quantify cause and effect in time series',
  usage:
    'cause discover SERIES.csv ... | effect SERIES.csv --graph GRAPH.json --from A@-1 --to B@0 | benchmark [OPTIONS]',
  options: Object.fromEntries(
    Object.entries(rows).map(([name, { value, text, multiple, short }]) => [
      name,
      { text, ...(value !== undefined && { value }), ...(multiple && { multiple }), ...(short && { short }) },
    ]),
  ),
  examples: [
    'ecotope cause discover series.csv --tau-max 8 --pc-alpha none --alpha 0.01 --json graph.json --svg graph.svg',
    'ecotope cause discover series.csv --method pcmci+ --tau-max 3 --bootstrap 100 --json graph.json',
    'ecotope cause discover a.csv b.csv c.csv --method jpcmci+ --context elevation.csv --tau-max 2',
    'ecotope cause effect series.csv --graph graph.json --from nino34@-2 --to rain@0 --mediated',
    'ecotope cause benchmark --nodes 10 --length 500 --kind nonlinear --repeat 100',
  ],
  notes: [
    'A series is a CSV or Parquet table with a row per time step and a column per variable; empty cells and NaN are missing.',
    'A graph is read as: [i][j][tau] is the link from variable i, tau steps ago, to variable j.',
    'Which method for which data: docs/which-method-when.md.',
  ],
  run: async (given, context) => {
    const [verb = '', ...paths] = given.positionals
    const found = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
    if (found === undefined)
      throw new InputError('MissingArgument', 'cause needs discover, effect or benchmark', {
        hint: 'For example: ecotope cause discover series.csv --tau-max 5 --svg graph.svg',
      })
    checkOptions(verb, found, given)
    return found.run(given, paths, context).catch((cause: unknown) => {
      throw cause instanceof CancelledError ? new CancelledError('as you asked; nothing is written') : cause
    })
  },
}

/** An option of another verb would be ignored, and look as if it had been taken into account. */
function checkOptions(verb: string, { options }: Verb, given: Given): void {
  const foreign = Object.keys(rows).find((name) => given.has(name) && !options.includes(name))
  if (foreign === undefined) return
  const near = nearest(foreign, options)
  throw new InputError('BadOption', `${verb} takes no --${foreign}`, {
    ...(near !== undefined && { hint: `Did you mean --${near}?` }),
    data: { option: foreign },
  })
}
