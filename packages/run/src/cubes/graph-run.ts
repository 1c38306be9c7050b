/** Runs process graphs: cubes are saved task by task within a budget, other values written as JSON. */
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { basename, dirname } from 'node:path'
import { CancelledError, InputError, VERSION, type WorkOptions } from '@ecotope/core'
import {
  type CubeNode,
  describeOutput,
  type Explanation,
  evaluateProgram,
  explain,
  hasExtension,
  type InspectEntry,
  PLOT_OPTIONS,
  type PlotOptions,
  type ProcessGraph,
  plot,
  processRegistry,
  refuseOptions,
  refuseTarget,
  type Saved,
  saveOrigin,
  sinkFor,
  type Value,
  valueJson,
  writeAside,
} from '@ecotope/cube'
import { makeFolder } from '../surroundings.ts'
import { graphProblems, type LoadedProgram } from './program.ts'
import { cubeOf, type ProgramContext } from './program-cube.ts'

export interface GraphOptions extends WorkOptions {
  readonly parameters?: Readonly<Record<string, Value>>
  /** Bytes that computing may take; default 512 MB. */
  readonly memoryBytes?: number
  /** Default: all processors. */
  readonly threads?: number
}

export interface GraphRunOptions extends GraphOptions {
  /** The output; its extension is its format, unless `format` names one. Without it, values are only returned. */
  readonly out?: string
  readonly format?: string
  /** What is done about cells that cannot be computed; default `fail`. */
  readonly onError?: 'fail' | 'skip'
  readonly dryRun?: boolean
  readonly onInspect?: (entry: InspectEntry) => void
  readonly version?: string
}

export type GraphRun =
  | {
      readonly kind: 'cube'
      readonly path: string
      readonly item?: string
      readonly saved: Saved
      readonly seconds: number
    }
  | { readonly kind: 'picture'; readonly path: string; readonly seconds: number }
  /** `path` where it was written. */
  | { readonly kind: 'value'; readonly value: unknown; readonly path?: string; readonly seconds: number }
  | { readonly kind: 'plan'; readonly plan: Explanation }

const PICTURES = ['.png', '.svg']
const WORKER = new URL('./program-cube.ts', import.meta.url).href

/** Throws `InputError` where the graph, its inputs or the output are at fault; what is done so far stays to go on from. */
export async function runGraphFile(loaded: LoadedProgram, options: GraphRunOptions): Promise<GraphRun> {
  const { out, format, dryRun } = options
  const sink = out === undefined ? undefined : sinkFor(out, format)
  // Else these would come out when all is computed. Stores are folders and see for themselves.
  if (out !== undefined && dryRun !== true && givesPlain(loaded.program)) refuseValue(out)
  if (out !== undefined && sink?.format !== 'Zarr' && dryRun !== true) await refuseTarget(out)
  return runValue(loaded, options).catch((cause: unknown) => {
    throw cause instanceof CancelledError ? new CancelledError(stopped(sink?.resumes ? out : undefined)) : cause
  })
}

/** What a run that was stopped leaves; `kept`: the output of which parts stay. */
const stopped = (kept: string | undefined): string =>
  kept === undefined
    ? 'as you asked; nothing is written, and the same command starts anew'
    : `as you asked; what is done of ${kept} is kept, and the same command goes on where it stopped`

async function runValue(loaded: LoadedProgram, options: GraphRunOptions): Promise<GraphRun> {
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  return withValue(loaded, options, async (value, context) => {
    const node = cubeOf(value)
    if (node === undefined) return writeValue(value, options, seconds)
    if (options.dryRun === true) return { kind: 'plan', plan: planOf(node, options) }
    const { out } = options
    if (out === undefined) {
      throw new InputError('MissingOption', 'the graph gives a cube, so it needs a place to go to', {
        hint: 'add --out ndvi.zarr (or .tif, .nc, .json, .csv, .png)',
      })
    }
    await makeFolder(dirname(out))
    if (hasExtension(out, PICTURES))
      return { kind: 'picture', path: await draw(node, loaded, out, options), seconds: seconds() }
    return { kind: 'cube', ...(await save(node, loaded, context, out, options)), seconds: seconds() }
  })
}

/** The plan of a graph's cube. Throws `InputError('NotACube')`. */
export async function explainGraphFile(loaded: LoadedProgram, options: GraphOptions): Promise<Explanation> {
  return withValue(loaded, options, (value) => {
    const node = cubeOf(value)
    if (node !== undefined) return Promise.resolve(planOf(node, options))
    throw new InputError('NotACube', 'the graph gives no cube, so there is no plan: it is evaluated at once', {
      hint: 'see its value with ecotope graph run',
    })
  })
}

async function withValue<T>(
  { program, folder }: LoadedProgram,
  options: GraphRunOptions,
  use: (value: Value, context: ProgramContext) => Promise<T>,
): Promise<T> {
  const { parameters = {}, signal, onError, onWarning, onInspect } = options
  const [problem] = graphProblems(program, Object.keys(parameters))
  if (problem !== undefined) {
    throw new InputError(problem.tag, problem.message, {
      ...(problem.hint === undefined ? {} : { hint: problem.hint }),
      data: { ...problem.data, node: problem.node },
    })
  }
  const context = { program, parameters, folder, ...(onError === undefined ? {} : { onError }) }
  const evaluation = await evaluateProgram(program, {
    ...context,
    ...(signal === undefined ? {} : { signal }),
    ...(onWarning === undefined ? {} : { onWarning }),
    ...(onInspect === undefined ? {} : { onInspect }),
  })
  try {
    return await use(evaluation.value, context)
  } finally {
    await evaluation.close()
  }
}

function planOf(node: CubeNode, { memoryBytes, threads }: GraphOptions): Explanation {
  return explain(node, {
    workers: threads ?? cpus().length,
    ...(memoryBytes === undefined ? {} : { budgetBytes: memoryBytes }),
  })
}

async function save(
  node: CubeNode,
  loaded: LoadedProgram,
  context: ProgramContext,
  out: string,
  options: GraphRunOptions,
): Promise<{ path: string; item?: string; saved: Saved }> {
  const { memoryBytes, threads, onError, format, signal, onProgress, onWarning } = options
  const sink = sinkFor(out, format)
  const saved = await saveOrigin({ module: WORKER, context }, out, {
    sink,
    formatOptions: saveOptions(loaded.program.graph, sink.format),
    ...(memoryBytes === undefined ? {} : { budgetBytes: memoryBytes }),
    ...(threads === undefined ? {} : { workers: threads }),
    ...(onError === undefined ? {} : { onError }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(onWarning === undefined ? {} : { onWarning }),
  })
  const item = await describeOutput(node, {
    path: out,
    format: sink.format,
    graph: loaded.program.graph,
    software: { Ecotope: options.version ?? VERSION },
  })
  return { path: out, ...(item === undefined ? {} : { item }), saved }
}

/** Options of the graph's `save_result`, where it is for this format. */
function saveOptions(graph: ProcessGraph, format: string): Readonly<Record<string, unknown>> {
  const node = Object.values(graph).find(
    ({ process_id, arguments: args }) =>
      process_id === 'save_result' && String(args.format).toLowerCase() === format.toLowerCase(),
  )
  return (node?.arguments.options ?? {}) as Readonly<Record<string, unknown>>
}

async function draw(
  node: CubeNode,
  { path, program }: LoadedProgram,
  out: string,
  options: GraphRunOptions,
): Promise<string> {
  const format = out.toLowerCase().endsWith('.svg') ? 'SVG' : 'PNG'
  const given = saveOptions(program.graph, format)
  refuseOptions({ format, options: PLOT_OPTIONS }, given)
  const picture = await plot(node, {
    title: program.id ?? basename(path).replace(/\.json$/i, ''),
    ...(given as PlotOptions),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...(options.onError === undefined ? {} : { onError: options.onError }),
    ...(options.onWarning === undefined ? {} : { onWarning: options.onWarning }),
  })
  const content = format === 'SVG' ? picture.svg() : picture.png()
  await writeAside(out, (file) => writeFile(file, content))
  return out
}

/** Throws `InputError('FormatUnsuitable')` where a value cannot be written to a path. */
function refuseValue(out: string): void {
  if (hasExtension(out, ['.json', '.geojson'])) return
  throw new InputError('FormatUnsuitable', `${out}: the graph gives no cube but a value, which is written as JSON`, {
    hint: 'give --out a name that ends in .json, or leave it out to see the value',
    data: { out },
  })
}

const PLAIN = new Set<unknown>(['number', 'integer', 'boolean', 'string', 'array', 'null'])
/** What hands its data on, which makes the result. */
const HANDS_ON = new Set(['save_result', 'inspect'])

/** Whether the result is known to be a number, text or list before anything is computed. */
function givesPlain({ graph, processes }: LoadedProgram['program']): boolean {
  let node = Object.values(graph).find(({ result }) => result === true)
  while (node !== undefined && HANDS_ON.has(node.process_id)) {
    const { data } = node.arguments as { data?: { from_node?: string } }
    node = graph[data?.from_node ?? '']
  }
  if (processes.some(({ id }) => id === node?.process_id)) return false
  const schema = node && processRegistry.get(node.process_id)?.returns.schema
  const types = [schema].flat().flatMap((one) => (one as { type?: unknown } | undefined)?.type)
  return types.every((type) => PLAIN.has(type))
}

async function writeValue(value: Value, { out, dryRun }: GraphRunOptions, seconds: () => number): Promise<GraphRun> {
  const json = valueJson(value)
  if (out === undefined || dryRun === true) return { kind: 'value', value: json, seconds: seconds() }
  refuseValue(out)
  await makeFolder(dirname(out))
  await writeAside(out, (file) => writeFile(file, `${JSON.stringify(json, null, 2)}\n`))
  return { kind: 'value', value: json, path: out, seconds: seconds() }
}
