/** `ecotope graph`: runs, checks and explains openEO process graphs. */
import { InputError, type Warning } from '@ecotope/core'
import {
  explainGraphFile,
  explainText,
  type GraphRun,
  type GraphRunOptions,
  graphProblems,
  type LoadedProgram,
  loadProgram,
  parameterValues,
  runGraphFile,
} from '@ecotope/run'
import { type Given, memorySize, oneOf, pairs, threadCount } from '../arguments.ts'
import type { Answer, Command, CommandContext } from '../command.ts'
import { bytes, duration, table } from '../text.ts'

const EXAMPLE = 'For example: ecotope graph run ndvi.json --param input=s2/*.tif --out ndvi.zarr'

type Verb = (loaded: LoadedProgram, given: Given, context: CommandContext) => Promise<Answer>

const verbs = ['run', 'validate', 'explain'] as const
const VERBS: Readonly<Record<(typeof verbs)[number], Verb>> = { run, validate, explain }

export const graphCommand: Command = {
  name: 'graph',
  summary: 'Run, validate or explain an openEO process graph',
  usage: 'graph run|validate|explain GRAPH.json [--param NAME=VALUE ...] [--out FILE] [OPTIONS]',
  options: {
    param: { value: 'NAME=VALUE', multiple: true, text: 'a parameter of the graph; VALUE may be JSON' },
    out: {
      value: 'FILE',
      short: 'o',
      text: 'where the result goes: .tif, .zarr, .nc, .npy, .json, .csv, .parquet, .geojson, .png, .svg',
    },
    format: { value: 'NAME', text: 'format of the result, where the extension does not tell' },
    memory: { value: 'SIZE', text: 'memory to stay within, such as 1GB (default: 512 MB)' },
    threads: { value: 'NUMBER', text: 'processors to use (default: all)' },
    'on-error': {
      value: 'skip|fail',
      text: 'what to do about damaged chunks: stop (default), or leave their cells missing',
    },
    'dry-run': { text: 'only check the graph and print the plan' },
  },
  examples: [
    'ecotope graph validate ndvi.json',
    'ecotope graph explain ndvi.json --param input=s2/*.tif --memory 1GB',
    'ecotope graph run ndvi.json --param input=s2/*.tif --out ndvi.zarr --memory 1GB',
  ],
  notes: [
    'Relative paths start at the working folder. Ctrl-C stops cleanly, and a killed run leaves the old result; to .tif',
    'and .zarr the same command goes on where it stopped, to other formats it starts anew. Beside the result lies a STAC',
    'item with the graph (ndvi.tif.stac.json). A graph that gives no cube but a value prints it.',
  ],
  run: async (given, context) => {
    const [verb = '', path, ...rest] = given.positionals
    const found = verbs.find((name) => name === verb)
    if (found === undefined || path === undefined || rest.length > 0) {
      const what = found === undefined ? 'run, validate or explain' : 'one process graph'
      throw new InputError('MissingArgument', `graph needs ${what}: graph ${found ?? 'run'} GRAPH.json`, {
        hint: EXAMPLE,
      })
    }
    return VERBS[found](await loadProgram(path), given, context)
  },
}

function optionsOf(
  loaded: LoadedProgram,
  given: Given,
  { signal, display }: CommandContext,
  warnings: Warning[],
): GraphRunOptions {
  const threads = threadCount(given.text('threads'))
  const memoryBytes = memorySize(given.text('memory'))
  const onError = oneOf('on-error', given.text('on-error'), ['skip', 'fail'] as const)
  const out = given.text('out')
  const format = given.text('format')
  return {
    parameters: parameterValues(loaded.program, pairs(given.texts('param'))),
    signal,
    onProgress: display.progress,
    onWarning: (warning) => {
      warnings.push(warning)
      display.warn(warning)
    },
    onInspect: ({ level, message, data }) =>
      display.say(`${level}: ${message}${message === '' ? '' : ' '}${shown(data)}`),
    ...(threads === undefined ? {} : { threads }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(onError === undefined ? {} : { onError }),
    ...(out === undefined ? {} : { out }),
    ...(format === undefined ? {} : { format }),
    ...(given.has('dry-run') ? { dryRun: true } : {}),
  }
}

/** What `inspect` shows, on one line of bearable length. */
function shown(data: unknown): string {
  const isCube = typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'cube'
  const text = isCube ? 'a data cube' : (JSON.stringify(data) ?? '')
  return text.length > 300 ? `${text.slice(0, 299)}…` : text
}

async function run(loaded: LoadedProgram, given: Given, context: CommandContext): Promise<Answer> {
  const warnings: Warning[] = []
  const result = await runGraphFile(loaded, optionsOf(loaded, given, context, warnings))
  context.display.clear()
  if (result.kind === 'plan')
    return { text: `${explainText(result.plan)}\nNothing was run.\n`, json: { dryRun: true, ...result.plan } }
  return { text: describe(result), json: jsonOf(result, warnings) }
}

type Done = Exclude<GraphRun, { readonly kind: 'plan' }>

function describe(result: Done): string {
  if (result.kind === 'value') {
    return result.path === undefined
      ? `${JSON.stringify(result.value, null, 2)}\n`
      : `${result.path}: done in ${duration(result.seconds)}\n`
  }
  if (result.kind === 'picture') return `${result.path}: done in ${duration(result.seconds)}\n`
  const { saved, item, path, seconds } = result
  const rows = [
    ['tasks', `${saved.tasks}${saved.resumed === 0 ? '' : `, ${saved.resumed} of them done by an earlier run`}`],
    ['memory', `${bytes(saved.plan.totalBytes)} planned of ${bytes(saved.plan.budgetBytes)}`],
    ...(item === undefined ? [] : [['STAC item', item]]),
    ...(saved.failed.length === 0
      ? []
      : [['missing', `${saved.failed.length} chunks could not be read; they are listed in ${path}.failed.json`]]),
  ]
  return `${[`${path}: done in ${duration(seconds)}`, '', ...table([], rows, '  ')].join('\n')}\n`
}

function jsonOf(result: Done, warnings: readonly Warning[]): unknown {
  const { kind, seconds } = result
  if (kind === 'value')
    return { kind, value: result.value, ...(result.path === undefined ? {} : { path: result.path }), seconds, warnings }
  if (kind === 'picture') return { kind, path: result.path, seconds, warnings }
  const { saved, item, path } = result
  return {
    kind,
    path,
    ...(item === undefined ? {} : { item }),
    tasks: saved.tasks,
    resumed: saved.resumed,
    failed: saved.failed,
    plan: saved.plan,
    seconds,
    warnings,
  }
}

function validate(loaded: LoadedProgram, given: Given): Promise<Answer> {
  const names = Object.keys(pairs(given.texts('param')))
  const problems = graphProblems(loaded.program, names)
  const count = Object.keys(loaded.program.graph).length
  if (problems.length > 0) {
    const [first] = problems
    const more = problems.slice(1).map(({ message }) => message)
    throw new InputError(first!.tag, [first!.message, ...more].join('; '), {
      ...(first!.hint === undefined ? {} : { hint: first!.hint }),
      data: { problems },
    })
  }
  return Promise.resolve({
    text: `${loaded.path}: valid, ${count} ${count === 1 ? 'node' : 'nodes'}\n`,
    json: { valid: true, nodes: count },
  })
}

async function explain(loaded: LoadedProgram, given: Given, context: CommandContext): Promise<Answer> {
  const plan = await explainGraphFile(loaded, optionsOf(loaded, given, context, []))
  return { text: `${explainText(plan)}\n`, json: plan }
}
