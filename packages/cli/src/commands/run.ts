/** `ecotope run`: runs a recipe on files, with a plan before, progress meanwhile and a summary after. */
import { rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { InputError, type Warning } from '@ecotope/core'
import {
  type Device,
  devices,
  loadRecipe,
  type Parameters,
  type Published,
  planRecipe,
  type Recipe,
  type Run,
  type RunOptions,
  type RunPlan,
  resolveParameters,
  runRecipe,
} from '@ecotope/run'
import { type Given, listed, memorySize, type OptionTable, oneOf, pairs, threadCount } from '../arguments.ts'
import type { Answer, Command, CommandContext } from '../command.ts'
import { bytes, duration, table } from '../text.ts'

/** Options of their own for the parameters that nearly every recipe has. */
const parameterOptions = {
  features: { value: 'FILE,..', multiple: true, text: 'rasters to learn from, separated by commas' },
  labels: { value: 'FILE', text: 'polygons of what was mapped by hand' },
  'label-property': { value: 'NAME', text: 'property of the polygons that names their class' },
  crs: { value: 'CRS', text: 'CRS of rasters that name none, such as EPSG:32632' },
  split: { value: 'SPLIT', text: 'how test pixels are set aside, such as blocks:128:checkerboard' },
  seed: { value: 'NUMBER', text: 'seed of everything random (default: the recipe\u2019s)' },
} as const satisfies OptionTable

const parameterOf: Record<keyof typeof parameterOptions, string> = {
  features: 'features',
  labels: 'labels',
  'label-property': 'labelProperty',
  crs: 'crs',
  split: 'split',
  seed: 'seed',
}

export const runCommand: Command = {
  name: 'run',
  keepsWork: true,
  summary: 'Run a recipe: learn from rasters and polygons, map, judge the map, report',
  usage: 'run RECIPE [--features FILE,.. --labels FILE] [--param NAME=VALUE ...] --out FOLDER [OPTIONS]',
  options: {
    ...parameterOptions,
    param: { value: 'NAME=VALUE', multiple: true, text: 'any parameter of the recipe; see ecotope explain RECIPE' },
    out: { value: 'FOLDER', text: 'where the results go (default: out/ and the name of the recipe)' },
    threads: { value: 'NUMBER', text: 'processors to use (default: all)' },
    memory: { value: 'SIZE', text: 'memory to stay within, such as 2GB (default: half of the machine\u2019s)' },
    device: { value: 'DEVICE', text: `where networks run: ${devices.join(', ')} (default: cpu)` },
    'dry-run': { text: 'only print the plan: steps, memory, an estimate of time' },
  },
  examples: [
    'ecotope run recipes/segmentation --features dem.tif,bands.tif --labels scars.geojson --out out/mine',
    'ecotope run recipes/segmentation --features a.tif --labels p.gpkg --label-property class --param epochs=60 --dry-run',
  ],
  notes: [
    'Ctrl-C stops cleanly; the same command goes on from the last finished step or epoch. A changed parameter',
    'computes again only what depends on it. The steps are kept in FOLDER/.ecotope, which may be deleted.',
  ],
  run: async (given, context) => {
    const path = recipePath(given)
    const recipe = await loadRecipe(path)
    const parameters = resolveParameters(recipe, givenParameters(recipe, given))
    const out = resolve(given.text('out') ?? join('out', recipe.id))
    const warnings: Warning[] = []
    const options: RunOptions = {
      processes: context.application.processes,
      store: join(out, '.ecotope'),
      signal: context.signal,
      onProgress: context.display.progress,
      onStep: context.display.step,
      onWarning: (warning) => {
        warnings.push(warning)
        context.display.warn(warning)
      },
      ...budget(given),
      ...(typeof parameters.seed === 'number' ? { seed: parameters.seed } : {}),
    }
    if (given.has('dry-run')) return describePlan(recipe, out, await planRecipe(recipe, parameters, options))
    return leavingNothing(out, () => runAndPublish(recipe, parameters, out, options, context, warnings))
  },
}

/** The recipe and, after it, parameters without `--param` in front. */
function recipePath(given: Given): string {
  const [path, ...rest] = given.positionals
  const stray = rest.find((text) => !/^\w+=/.test(text))
  if (path !== undefined && stray === undefined) return path
  throw new InputError(
    'MissingArgument',
    path === undefined ? 'run needs a recipe' : `run takes one recipe; "${stray}" is one too many`,
    {
      hint:
        path === undefined
          ? 'For example: ecotope run recipes/segmentation --features a.tif --labels p.geojson --out out/mine'
          : 'Separate several rasters by commas, without spaces.',
    },
  )
}

function givenParameters(recipe: Recipe, given: Given): Record<string, unknown> {
  const values: Record<string, unknown> = pairs([...given.texts('param'), ...given.positionals.slice(1)])
  for (const [option, name] of Object.entries(parameterOf)) {
    if (!given.has(option)) continue
    if (!recipe.parameters.some((parameter) => parameter.name === name))
      throw new InputError(
        'UnknownParameter',
        `recipe ${recipe.id} has no parameter ${name}, so --${option} has no meaning`,
        {
          hint: `See: ecotope explain ${recipe.directory}`,
          data: { option, parameter: name },
        },
      )
    if (name in values)
      throw new InputError('BadOption', `${name} is given twice: by --${option} and by --param`, { data: { option } })
    values[name] = option === 'features' ? listed(given.texts(option)) : given.text(option)
  }
  return values
}

export function budget(given: Given): { threads?: number; memoryBytes?: number; device?: Device } {
  const threads = threadCount(given.text('threads'))
  const memoryBytes = memorySize(given.text('memory'))
  const device = oneOf('device', given.text('device'), devices)
  return {
    ...(threads === undefined ? {} : { threads }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(device === undefined ? {} : { device }),
  }
}

/** Removes the folders that a refused run made, where they are empty again. */
export async function leavingNothing<T>(out: string, work: () => Promise<T>): Promise<T> {
  const made: string[] = []
  for (let folder = out; (await stat(folder).catch(() => undefined)) === undefined; folder = dirname(folder))
    made.push(folder)
  try {
    return await work()
  } catch (error) {
    for (const folder of made) await rmdir(folder).catch(() => {})
    throw error
  }
}

async function runAndPublish(
  recipe: Recipe,
  parameters: Parameters,
  out: string,
  options: RunOptions,
  context: CommandContext,
  warnings: readonly Warning[],
): Promise<Answer> {
  const started = performance.now()
  const run = await runRecipe(recipe, parameters, options)
  const { signal, onWarning = () => {} } = options
  const published = await context.application.publish(run, out, {
    command: context.command,
    onProgress: context.display.progress,
    onWarning,
    ...(signal === undefined ? {} : { signal }),
  })
  context.display.clear()
  const seconds = (performance.now() - started) / 1000
  return { text: describeRun(run, published, out, seconds), json: runJson(run, published, out, seconds, warnings) }
}

function describeRun(run: Run, published: Published, out: string, seconds: number): string {
  const reused = run.steps.filter((step) => step.reused).length
  const kept = reused === 0 ? '' : `, ${reused} of ${run.steps.length} steps were already there`
  const rows = [
    ...published.summary.map(([label, text]) => [label, text]),
    ['results', out],
    ...(published.report === undefined ? [] : [['report', join(out, published.report)]]),
  ]
  return `${[`${run.recipe.id}: done in ${duration(seconds)}${kept}`, '', ...table([], rows, '  ')].join('\n')}\n`
}

function runJson(run: Run, published: Published, out: string, seconds: number, warnings: readonly Warning[]): unknown {
  return {
    recipe: run.recipe.id,
    out,
    seconds,
    seed: run.seed,
    steps: run.steps.map(({ node, process, address, reused, seconds: took }) => ({
      node,
      process,
      address,
      reused,
      seconds: took,
    })),
    files: published.files,
    ...(published.report === undefined ? {} : { report: join(out, published.report) }),
    ...(published.metrics === undefined ? {} : { metrics: published.metrics }),
    warnings,
  }
}

function describePlan(recipe: Recipe, out: string, plan: RunPlan): Answer {
  const rows = plan.steps.map((step) => [
    step.node,
    step.reused ? 'already there' : 'to do',
    step.reused || step.estimate.seconds === undefined ? '' : `about ${duration(step.estimate.seconds)}`,
    step.reused || step.estimate.memoryBytes === undefined ? '' : bytes(step.estimate.memoryBytes),
    step.description,
  ])
  const open = plan.steps.filter((step) => !step.reused).length
  const total =
    open === 0
      ? 'Everything is already there.'
      : `${open} of ${plan.steps.length} steps to do${plan.seconds === undefined ? '' : `, about ${duration(plan.seconds)}`}${
          plan.memoryBytes === undefined ? '' : `, up to ${bytes(plan.memoryBytes)} of memory`
        }. Nothing was run.`
  const files = plan.files.map((file) => [file.path, bytes(file.bytes)])
  const lines = [
    `Plan of ${recipe.id}, results to ${out}`,
    '',
    ...table(['step', 'state', 'time', 'memory', 'what'], rows, '  '),
    '',
    ...(files.length === 0 ? [] : ['Input files', ...table([], files, '  '), '']),
    total,
  ]
  return { text: `${lines.join('\n')}\n`, json: { recipe: recipe.id, out, dryRun: true, ...plan } }
}
