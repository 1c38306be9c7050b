/** Structural causal processes: made-up series whose causes are known. */
import { InputError, type Random, random } from '@ecotope/core'
import { LinkGraph } from '../discovery/graph.ts'
import { type TimeSeries, timeSeries } from '../series/series.ts'

/** How the causes of a variable act on it. */
type Form = (x: number) => number

export interface ProcessLink {
  readonly from: number
  readonly to: number
  /** 0 .. tauMax, in time steps. */
  readonly lag: number
  readonly strength: number
  readonly form: 'linear' | 'nonlinear'
}

export interface Process {
  readonly nodes: number
  readonly tauMax: number
  readonly links: readonly ProcessLink[]
}

const FORMS: Readonly<Record<ProcessLink['form'], Form>> = {
  linear: (x) => x,
  // Near the mean quadratic, linear far out, so that series stay bounded (Runge et al. 2019, Science Advances 5, supplement).
  nonlinear: (x) => x + 5 * x * x * Math.exp((-x * x) / 20),
}

export interface DrawOptions {
  readonly nodes: number
  /** Largest lag of a link. */
  readonly tauMax: number
  /** Links between different variables; default: as many as variables. */
  readonly links?: number
  /** Share of the links that act within the time step; default 0. */
  readonly contemporaneous?: number
  /** Share of the links that are nonlinear; default 0. */
  readonly nonlinear?: number
  /** Largest coefficient of a variable on itself at lag 1, in [0, 1). */
  readonly autocorrelation: number
  /** Sizes of coefficients, drawn with either sign. */
  readonly strength?: readonly [least: number, most: number]
}

const TRIES = 200

/** A random process whose linear form is stationary. Throws `InputError` NoStationaryProcess. */
export function drawProcess(stream: Random, options: DrawOptions): Process {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const process = draw(stream.split(attempt), options)
    if (spectralRadius(process) < 0.97) return process
  }
  throw new InputError('NoStationaryProcess', `no stationary process found in ${TRIES} draws`, {
    hint: 'Ask for fewer links, weaker coefficients or less autocorrelation.',
  })
}

function draw(stream: Random, options: DrawOptions): Process {
  const { nodes, tauMax, autocorrelation, contemporaneous = 0, nonlinear = 0, strength = [0.2, 0.5] } = options
  const links: ProcessLink[] = Array.from({ length: nodes }, (_, i) => ({
    from: i,
    to: i,
    lag: 1,
    strength: autocorrelation * (0.6 + 0.4 * stream.uniform()),
    form: 'linear',
  }))
  const pairs = stream.shuffle(
    Array.from({ length: nodes * nodes }, (_, k) => [k % nodes, Math.floor(k / nodes)] as const),
  )
  const wanted = Math.min(options.links ?? nodes, nodes * (nodes - 1))
  // A fixed order of variables within the time step keeps contemporaneous links without cycles.
  const order = stream.shuffle(Array.from({ length: nodes }, (_, i) => i))
  for (const [a, b] of pairs) {
    if (links.length === nodes + wanted) break
    if (a === b) continue
    const isNow = stream.uniform() < contemporaneous
    const [from, to] = isNow && order.indexOf(a) > order.indexOf(b) ? [b, a] : [a, b]
    if (isNow && links.some((link) => link.lag === 0 && link.from === from && link.to === to)) continue
    const size = strength[0] + (strength[1] - strength[0]) * stream.uniform()
    links.push({
      from,
      to,
      lag: isNow ? 0 : 1 + stream.integer(tauMax),
      strength: stream.uniform() < 0.5 ? -size : size,
      form: stream.uniform() < nonlinear ? 'nonlinear' : 'linear',
    })
  }
  return { nodes, tauMax, links }
}

/** Size of the largest eigenvalue of the companion matrix of the linear form, by repeated application. */
export function spectralRadius({ nodes, tauMax, links }: Process): number {
  const steps = 400
  const state = Array.from({ length: tauMax + steps }, () => new Float64Array(nodes))
  for (let t = 0; t < tauMax; t++) state[t]!.fill(1 / (t + 1))
  const order = contemporaneousOrder(nodes, links)
  let scale = 0
  for (let t = tauMax; t < state.length; t++) {
    for (const j of order)
      for (const { from, to, lag, strength } of links)
        if (to === j) state[t]![j]! += Math.abs(strength) * state[t - lag]![from]!
    if (t === tauMax + steps / 2) scale = norm(state[t]!)
  }
  // Absolute coefficients bound the radius of any signs.
  if (scale === 0) return 0
  return (norm(state.at(-1)!) / scale) ** (1 / (steps / 2 - 1))
}

const norm = (x: Float64Array): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0))

/** Variables so that causes within the time step come first. Throws `InputError` ContemporaneousCycle. */
export function contemporaneousOrder(nodes: number, links: readonly ProcessLink[]): number[] {
  const now = links.filter(({ lag }) => lag === 0)
  const order: number[] = []
  while (order.length < nodes) {
    const next = Array.from({ length: nodes }, (_, i) => i).find(
      (i) => !order.includes(i) && now.every(({ from, to }) => to !== i || order.includes(from)),
    )
    if (next === undefined) throw new InputError('ContemporaneousCycle', 'links within the time step form a cycle')
    order.push(next)
  }
  return order
}

const TRANSIENT = 300

/** Columns of `length` steps with standard normal noise, after a transient. `at(t)` may give another process for a step. */
export function simulate(
  process: Process,
  length: number,
  stream: Random,
  at: (t: number) => Process = () => process,
): Float64Array[] {
  const { nodes, tauMax } = process
  const total = TRANSIENT + length
  const columns = Array.from({ length: nodes }, () => new Float64Array(total))
  const orders = new Map<Process, { order: number[]; byTarget: ProcessLink[][] }>()
  for (let t = 0; t < total; t++) {
    const now = at(Math.max(0, t - TRANSIENT))
    let known = orders.get(now)
    if (known === undefined) {
      known = {
        order: contemporaneousOrder(nodes, now.links),
        byTarget: Array.from({ length: nodes }, (_, j) => now.links.filter(({ to }) => to === j)),
      }
      orders.set(now, known)
    }
    for (const j of known.order) {
      let value = stream.normal()
      if (t >= tauMax)
        for (const { from, lag, strength, form } of known.byTarget[j]!)
          value += strength * FORMS[form](columns[from]![t - lag]!)
      columns[j]![t] = value
    }
  }
  return columns.map((column) => column.slice(TRANSIENT))
}

/** The graph of a process among its first `visible` variables. */
export function truthOf({ tauMax, links }: Process, visible: number): LinkGraph {
  const graph = new LinkGraph(visible, tauMax)
  for (const { from, to, lag } of links) if (from < visible && to < visible) graph.put(from, to, lag, '-->')
  return graph
}

export interface KnownSeries {
  readonly series: TimeSeries
  readonly truth: LinkGraph
  /** Pairs of variables (lower index first) with a hidden common cause. */
  readonly confounded: readonly (readonly [number, number])[]
  /** Regime of each step, where there are some. */
  readonly regimes?: Int32Array
}

export const KINDS = ['linear', 'nonlinear', 'chaotic', 'contemporaneous', 'hidden', 'missing', 'regime'] as const
export type Kind = (typeof KINDS)[number]

export interface KnownOptions {
  readonly kind: Kind
  readonly nodes: number
  readonly length: number
  readonly seed: number
  /** Largest lag of a link; default 3. */
  readonly tauMax?: number
  /** Largest autocorrelation coefficient; default 0.8. */
  readonly autocorrelation?: number
  /** Links between variables; default: as many as variables. */
  readonly links?: number
}

type Maker = (options: Required<Omit<KnownOptions, 'kind' | 'seed'>>, stream: Random) => KnownSeries

const makers: Readonly<Record<Kind, Maker>> = {
  linear: (options, stream) => plain(drawProcess(stream.split('process'), options), options, stream),
  nonlinear: (options, stream) =>
    plain(drawProcess(stream.split('process'), { ...options, nonlinear: 0.5 }), options, stream),
  contemporaneous: (options, stream) =>
    plain(drawProcess(stream.split('process'), { ...options, contemporaneous: 0.4 }), options, stream),
  chaotic,
  hidden,
  missing,
  regime,
}

/** Series of a kind with the graph that made them. The same seed gives the same series. */
export function knownSeries(options: KnownOptions): KnownSeries {
  const { kind, nodes, length, seed, tauMax = 3, autocorrelation = 0.8, links = nodes } = options
  if (!(nodes >= 2) || !(length >= 20))
    throw new InputError('TooSmall', `a benchmark needs 2 variables and 20 steps, not ${nodes} and ${length}`)
  return makers[kind]({ nodes, length, tauMax, autocorrelation, links }, random(seed).split(kind))
}

type MakerOptions = Parameters<Maker>[0]

function plain(process: Process, { nodes, length }: MakerOptions, stream: Random): KnownSeries {
  const columns = simulate(process, length, stream.split('noise'))
  return { series: timeSeries({ columns: columns.slice(0, nodes) }), truth: truthOf(process, nodes), confounded: [] }
}

/** Coupled logistic maps (Sugihara et al. 2012, Science 338, equation 1, with lags and more species). */
function chaotic({ nodes, length, tauMax, links }: MakerOptions, stream: Random): KnownSeries {
  const process = drawProcess(stream.split('process'), {
    nodes,
    tauMax,
    links,
    autocorrelation: 0,
    strength: [0.1, 0.3],
  })
  const couplings = process.links.filter(({ from, to }) => from !== to)
  const weight = (j: number): number =>
    couplings.filter(({ to }) => to === j).reduce((sum, link) => sum + Math.abs(link.strength), 0)
  // Many causes together must not push a species out of (0, 1).
  const shares = Array.from({ length: nodes }, (_, j) => Math.min(1, 0.35 / Math.max(1e-9, weight(j))))
  const start = stream.split('start')
  const rates = Array.from({ length: nodes }, () => 3.6 + 0.2 * start.uniform())
  const total = TRANSIENT + length
  const columns = Array.from({ length: nodes }, () => new Float64Array(total))
  for (let t = 0; t < total; t++)
    for (let j = 0; j < nodes; j++) {
      if (t < tauMax) {
        columns[j]![t] = 0.2 + 0.6 * start.uniform()
        continue
      }
      const x = columns[j]![t - 1]!
      let growth = rates[j]! * (1 - x)
      for (const link of couplings)
        if (link.to === j) growth -= shares[j]! * Math.abs(link.strength) * columns[link.from]![t - link.lag]!
      columns[j]![t] = Math.min(0.999, Math.max(0.001, x * growth))
    }
  const truth = truthOf(process, nodes)
  for (let j = 0; j < nodes; j++) truth.put(j, j, 1, '-->')
  return { series: timeSeries({ columns: columns.map((column) => column.slice(TRANSIENT)) }), truth, confounded: [] }
}

/** A third as many variables again, which drive two others each and are then taken away. */
function hidden(options: MakerOptions, stream: Random): KnownSeries {
  const { nodes, tauMax, length } = options
  const extra = Math.max(1, Math.round(nodes / 3))
  const visible = drawProcess(stream.split('process'), options)
  const choice = stream.split('hidden')
  const links = [...visible.links]
  const confounded: (readonly [number, number])[] = []
  for (let k = 0; k < extra; k++) {
    const [a, b] = choice.shuffle(Array.from({ length: nodes }, (_, i) => i)) as [number, number]
    links.push({ from: nodes + k, to: nodes + k, lag: 1, strength: 0.5 * options.autocorrelation, form: 'linear' })
    for (const to of [a, b])
      links.push({
        from: nodes + k,
        to,
        lag: 1 + choice.integer(tauMax),
        strength: 0.5 + 0.3 * choice.uniform(),
        form: 'linear',
      })
    confounded.push([Math.min(a, b), Math.max(a, b)])
  }
  const process = { nodes: nodes + extra, tauMax, links }
  const columns = simulate(process, length, stream.split('noise'))
  return { series: timeSeries({ columns: columns.slice(0, nodes) }), truth: truthOf(process, nodes), confounded }
}

/** A twentieth of the values missing: half of them one by one, half in gaps of 1 to 10 steps. */
function missing(options: MakerOptions, stream: Random): KnownSeries {
  const process = drawProcess(stream.split('process'), options)
  const columns = simulate(process, options.length, stream.split('noise'))
  const gaps = stream.split('gaps')
  for (const column of columns) {
    for (let t = 0; t < column.length; t++) if (gaps.uniform() < 0.025) column[t] = Number.NaN
    for (let lost = 0; lost < 0.025 * column.length; ) {
      const [start, size] = [gaps.integer(column.length), 1 + gaps.integer(10)]
      column.fill(Number.NaN, start, start + size)
      lost += size
    }
  }
  return { series: timeSeries({ columns }), truth: truthOf(process, options.nodes), confounded: [] }
}

/** Two regimes with other signs of half of the links, in turns of a sixth of the length. */
function regime(options: MakerOptions, stream: Random): KnownSeries {
  const process = drawProcess(stream.split('process'), options)
  const turned: Process = {
    ...process,
    links: process.links.map((link, k) =>
      link.from !== link.to && k % 2 === 0 ? { ...link, strength: -link.strength } : link,
    ),
  }
  const span = Math.max(1, Math.ceil(options.length / 6))
  const regimes = Int32Array.from({ length: options.length }, (_, t) => Math.floor(t / span) % 2)
  const columns = simulate(process, options.length, stream.split('noise'), (t) => (regimes[t] === 0 ? process : turned))
  return { series: timeSeries({ columns }), truth: truthOf(process, options.nodes), confounded: [], regimes }
}
