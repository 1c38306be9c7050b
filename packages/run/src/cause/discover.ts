/** Causal discovery from files to files: the graph as JSON, its findings as a table, its pictures. */
import {
  type Discovered,
  type DiscoverOptions,
  type Discovery,
  discover,
  drawLagFunctions,
  drawNetwork,
  drawTimeSeriesGraph,
  type LagArray,
  type LinkFinding,
  type TimeSeries,
} from '@ecotope/cause'
import { InputError, VERSION } from '@ecotope/core'
import { type Drawing, hasExtension, pictureOf, readTable, type Table } from '@ecotope/cube'
import { contextPath, loadAssumptions, loadContexts, loadSeries, type SeriesInput } from './load.ts'
import { checkNotInput, writeFileAside } from './outputs.ts'

/** Pictures of a graph. */
export const GRAPH_PICTURES = ['network', 'time', 'lags'] as const
export type GraphPicture = (typeof GRAPH_PICTURES)[number]

export interface DiscoverFileOptions extends Omit<DiscoverOptions, 'contexts'> {
  readonly input: SeriesInput
  /** File of what is known about links. */
  readonly assumptions?: string
  /** Tables of context of the data sets; see `loadContexts`. */
  readonly contexts?: readonly string[]
  /** Where the JSON goes. */
  readonly json?: string
  /** Where the picture goes, .svg or .png. */
  readonly picture?: string
  /** Default `network`. */
  readonly pictureKind?: GraphPicture
  /** Table of name, x, y: the nodes are then drawn at their places. */
  readonly places?: string
  readonly title?: string
  /** Where the table of links goes, .csv. */
  readonly links?: string
  /** The command that repeats the run; kept in the JSON. */
  readonly command?: string
}

export interface DiscoveredFiles extends Discovered {
  readonly series: TimeSeries
  /** What was written. */
  readonly files: readonly string[]
}

/** Throws `InputError` of loading, of the method and of writing; nothing is half-written. */
export async function discoverFiles(options: DiscoverFileOptions): Promise<DiscoveredFiles> {
  checkOutputs(options)
  await checkNotInput([options.json, options.links, options.picture], inputsOf(options))
  const series = await loadSeries({ ...options.input, ...(options.onWarning && { onWarning: options.onWarning }) })
  if (options.input.masks && options.input.masks.length > 0 && options.testOptions?.maskType === undefined)
    options.onWarning?.({
      tag: 'MaskNotUsed',
      message: 'the mask is not used: say whose masked values are left out, such as --mask-type y',
    })
  const search = {
    ...options.search,
    ...(options.assumptions !== undefined && { assumptions: await loadAssumptions(options.assumptions, series.names) }),
  }
  const places = options.places === undefined ? undefined : placesOf(await readTable(options.places), series.names)
  const contexts = await loadContexts(options.contexts ?? [], series)
  const found = await discover(series, { ...options, search, contexts })
  const outputs: [string | undefined, () => string | Uint8Array][] = [
    [options.json, () => `${JSON.stringify(discoveryJson(found, options.command), null, 1)}\n`],
    [options.links, () => linksCsv(found.findings.links)],
    [options.picture, () => pictureBytes(drawn(found.discovery, options, places), options.picture!)],
  ]
  const files: string[] = []
  for (const [path, content] of outputs) {
    if (path === undefined) continue
    await writeFileAside(path, content())
    files.push(path)
  }
  return { ...found, series, files }
}

const inputsOf = ({ input, contexts = [], assumptions, places }: DiscoverFileOptions): (string | undefined)[] => [
  ...input.paths,
  ...(input.masks ?? []),
  ...(input.weights ?? []),
  ...contexts.map(contextPath),
  assumptions,
  places,
]

function checkOutputs({ picture, links, json }: DiscoverFileOptions): void {
  const wanted: readonly (readonly [string | undefined, readonly string[]])[] = [
    [picture, ['.svg', '.png']],
    [links, ['.csv']],
    [json, ['.json']],
  ]
  for (const [path, extensions] of wanted)
    if (path !== undefined && !hasExtension(path, extensions))
      throw new InputError('BadOutput', `${path} does not end in ${extensions.join(' or ')}`, { data: { path } })
}

const pictureBytes = (drawing: Drawing, path: string): string | Uint8Array =>
  path.toLowerCase().endsWith('.png') ? pictureOf(drawing).png() : pictureOf(drawing).svg()

function drawn(
  found: Discovery,
  { pictureKind = 'network', title }: DiscoverFileOptions,
  places: Places | undefined,
): Drawing {
  const named = title === undefined ? {} : { title }
  const drawers: Record<GraphPicture, () => Drawing> = {
    network: () => drawNetwork(found, { ...named, ...(places && { places }) }),
    time: () => drawTimeSeriesGraph(found, named),
    lags: () => drawLagFunctions(found, named),
  }
  return drawers[pictureKind]()
}

type Places = readonly (readonly [x: number, y: number])[]

/** Columns `name`, then x and y (or longitude and latitude) in any order. */
function placesOf(table: Table, names: readonly string[]): Places {
  const column = (...known: string[]) => table.columns.find(({ name }) => known.includes(name.toLowerCase()))?.values
  const [name, x, y] = [column('name', 'variable'), column('x', 'lon', 'longitude'), column('y', 'lat', 'latitude')]
  const row = (wanted: string): number => name?.findIndex((value) => String(value) === wanted) ?? -1
  const missing = names.find((wanted) => row(wanted) < 0)
  if (x === undefined || y === undefined || missing !== undefined)
    throw new InputError('BadPlaces', `${table.label} does not give a place to ${missing ?? 'any variable'}`, {
      hint: 'It needs the columns name, x and y (or lon and lat) and a row for each variable.',
      data: { path: table.label },
    })
  return names.map((wanted) => [Number(x[row(wanted)]), Number(y[row(wanted)])] as const)
}

const nested = (array: LagArray): (number | null)[][][] =>
  array.nested().map((rows) => rows.map((lags) => lags.map((value) => (Number.isFinite(value) ? value : null))))

const UNTESTED =
  'null in val_matrix and p_matrix: never tested, because the link is assumed, excluded, or of a lag below the smallest one'

/** The contract for machines, and beside it how the result came about. */
export function discoveryJson({ discovery, findings, stability, regimes }: Discovered, command?: string): object {
  return {
    ...graphJson(discovery),
    ...(!discovery.values.data.every(Number.isFinite) && { untested: UNTESTED }),
    ...(discovery.qValues && { p_matrix_uncorrected: nested(discovery.pValues) }),
    ...(discovery.intervals && {
      conf_matrix: { lower: nested(discovery.intervals.lower), upper: nested(discovery.intervals.upper) },
    }),
    ...(stability && { link_frequency: nested(stability) }),
    ...(regimes && { regimes: Array.from(regimes.regimes), regime_graphs: regimes.discoveries.map(graphJson) }),
    ...{ method: discovery.method, test: discovery.test, tauMin: discovery.tauMin, alpha: discovery.alpha },
    ...{ tests: discovery.tests, samples: discovery.samples, seconds: discovery.seconds },
    links: findings.links,
    assumptions: findings.assumptions,
    warnings: findings.warnings,
    diagnostics: findings.variables,
    software: `ecotope ${VERSION}`,
    ...(command !== undefined && { command }),
  }
}

const graphJson = (found: Discovery) => ({
  variables: found.variables,
  tauMax: found.tauMax,
  val_matrix: nested(found.values),
  // Where a correction was asked for, the p-values are the corrected ones, as the reference has it.
  p_matrix: nested(found.qValues ?? found.pValues),
  graph: found.graph.nested(),
})

function linksCsv(links: readonly LinkFinding[]): string {
  const head = 'from,to,lag,link,strength,lower,upper,p_value,q_value,stability,warnings'
  const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  const rows = links.map(({ from, to, lag, link, strength, interval, pValue, qValue, stability, warnings }) =>
    [from, to, lag, link, strength, interval?.[0], interval?.[1], pValue, qValue, stability, warnings.join('; ')]
      .map((cell) => quoted(String(cell ?? '')))
      .join(','),
  )
  return `${[head, ...rows].join('\n')}\n`
}
