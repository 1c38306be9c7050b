/** Causal effects from a table of series and a file with a graph. */
import { type EffectOptions, type EffectResult, effectOf, type Link, type TimeSeries } from '@ecotope/cause'
import { InputError, type OnWarning, VERSION } from '@ecotope/core'
import { loadSeries, readJson, type SeriesInput } from './load.ts'
import { checkNotInput, writeFileAside } from './outputs.ts'

export interface EffectFileOptions extends EffectOptions {
  readonly input: SeriesInput
  /** File of a graph as `discover` writes it. */
  readonly graph: string
  /** Where the result goes as JSON. */
  readonly json?: string
  readonly command?: string
  readonly onWarning?: OnWarning
}

/** What the open links of a method's graphs mean: PCMCI leaves the direction of all links without lag open. */
const OPEN_LINKS: Readonly<Record<string, Pick<EffectOptions, 'unoriented' | 'ancestral'>>> = {
  pcmci: { unoriented: 'any' },
  fullci: { unoriented: 'any' },
  bivci: { unoriented: 'any' },
  lpcmci: { ancestral: true },
}

interface GraphFile {
  readonly method: string
  readonly variables: readonly string[]
  readonly graph: readonly (readonly (readonly Link[])[])[]
}

/** The columns that the graph names are taken from the table. Throws `InputError`: BadGraph and those of `effectOf`. */
export async function effectFiles(options: EffectFileOptions): Promise<{ result: EffectResult; series: TimeSeries }> {
  const { input } = options
  await checkNotInput([options.json], [options.graph, ...input.paths, ...(input.masks ?? []), ...(input.weights ?? [])])
  const file = graphFile(await readJson(options.graph), options.graph)
  const series = await loadSeries({
    ...options.input,
    variables: file.variables,
    ...(options.onWarning && { onWarning: options.onWarning }),
  })
  const result = await effectOf(series, file.graph, { ...OPEN_LINKS[file.method], ...options })
  if (options.json !== undefined) {
    const { command } = options
    const json = { ...result, software: `ecotope ${VERSION}`, ...(command !== undefined && { command }) }
    await writeFileAside(options.json, `${JSON.stringify(json, null, 1)}\n`)
  }
  return { result, series }
}

function graphFile(json: unknown, path: string): GraphFile {
  const { variables, graph, method } = (json ?? {}) as Partial<Record<string, unknown>>
  const isNames = Array.isArray(variables) && variables.every((name) => typeof name === 'string')
  const isGraph =
    isNames &&
    Array.isArray(graph) &&
    graph.length === variables.length &&
    graph.every((row: unknown) => Array.isArray(row) && row.length === variables.length && row.every(Array.isArray))
  if (isGraph) return { variables, graph: graph as GraphFile['graph'], method: String(method) }
  throw new InputError('BadGraph', `${path} is not a graph of links`, {
    hint: 'It needs "variables" (names) and "graph" ([i][j][tau], links such as "-->"), as ecotope cause discover --json writes them.',
    data: { path },
  })
}
