/**
 * Natural direct and indirect effects with any model (Pearl 2001; Shpitser and VanderWeele 2011), by nested regressions:
 * Y on X, mediators and adjustment set; then its prediction on X and the adjustment set.
 */
import { InputError, type Warning } from '@ecotope/core'
import { EXTRA, samplesOf, X, Y, Z } from '../series/samples.ts'
import type { Node, TimeSeries } from '../series/series.ts'
import { mean } from '../statistics/moments.ts'
import { ancestorSet, flawOf, isValid, optimalSet } from './adjustment.ts'
import { indexOf } from './causal-graph.ts'
import { type EffectQuery, nameOf, nodesOf, notIdentifiable, queryIn } from './query.ts'
import { kernelRidge } from './regressors/kernel-ridge.ts'
import type { FittedModel, Regressor } from './regressors/regressor.ts'
import { checkVariables } from './total-effect.ts'

export interface NaturalEffectOptions {
  /** Default: kernel ridge regression. */
  readonly estimator?: Regressor
  /** The mediators whose paths are indirect; default: all. Others count as part of the direct effect. */
  readonly mediators?: readonly Node[]
  /** Default: the optimal set, or that of all valid ancestors where the optimal one does not fit mediation. */
  readonly adjustment?: readonly Node[]
  /** Whether, without mediators, the total effect is returned as the direct one; default false: refused. */
  readonly totalIfUnmediated?: boolean
}

export interface SmoothOptions {
  readonly from: number
  readonly to: number
  /** What X is raised by; default 0.5. */
  readonly change?: number
  /** Default 100. */
  readonly steps?: number
  /** Width of the Gaussian window, in steps; default 5. */
  readonly width?: number
  /** Whether effects are divided by the change; default false. */
  readonly perUnit?: boolean
}

/** Changes of the expected Y where X goes from one value to another. */
export interface NaturalEffects {
  readonly adjustment: readonly Node[]
  readonly mediators: readonly Node[]
  readonly samples: number
  readonly warnings: readonly Warning[]
  /** Y sees the new X, mediators the old one. */
  direct(from: number, to: number): number
  /** Mediators see the new X, Y the old one. */
  indirect(from: number, to: number): number
  /** All see the new X. */
  total(from: number, to: number): number
  /** Direct effects at `steps` reference values, smoothed; `curve[0]` is at `from`. */
  directCurve(options: SmoothOptions): number[]
}

/**
 * Fits Y by X, mediators and adjustment set. Samples are those of a search (`2 tauMax` steps cut off), as in the reference.
 * Throws `InputError`: BadEffect (more than one X or Y), NoMediators, NotIdentifiable, InvalidAdjustment, NoSamples.
 */
export function fitNaturalEffects(
  query: EffectQuery,
  series: TimeSeries,
  options: NaturalEffectOptions = {},
): NaturalEffects {
  const { estimator = kernelRidge() } = options
  checkVariables(query, series)
  if (series.vectors)
    throw new InputError('VectorVariables', 'natural effects are not defined for variables that are vectors')
  const [from, to] = [query.from[0]!, query.to[0]!]
  if (query.from.length > 1 || query.to.length > 1)
    throw new InputError('BadEffect', 'natural effects are of one node on one other', {
      hint: 'Ask for each pair by itself.',
    })
  const mediators = mediatorsOf(query, options)
  const adjustment = mediationSet(query, mediators, options.adjustment)
  const { graph } = query
  const samples = samplesOf(series, [from], [to], adjustment, { tauMax: graph.tauMax, extra: mediators })
  const part = (role: number): Float64Array[] => samples.rows.filter((_, k) => samples.roles[k] === role)
  const fits = nested({ estimator, x: part(X)[0]!, y: part(Y)[0]!, z: part(Z), m: part(EXTRA) })
  const direct = (a: number, b: number): number => fits.directOf(a, b)
  return {
    adjustment,
    mediators,
    samples: samples.count,
    warnings: query.warnings,
    direct,
    indirect: (a, b) => fits.seen(a, b) - fits.seen(a, a),
    total: (a, b) => fits.seen(b, b) - fits.seen(a, a),
    directCurve: (curve) => smoothed(direct, curve),
  }
}

function mediatorsOf(query: EffectQuery, { mediators, totalIfUnmediated = false }: NaturalEffectOptions): Node[] {
  const found = mediators ?? nodesOf(query, query.mediators)
  const stranger = found.find((node) => !query.mediators.has(indexOf(query.graph, node)))
  if (stranger !== undefined)
    throw new InputError('NoMediators', `${nameOf(query, indexOf(query.graph, stranger))} is not a mediator`, {
      hint: `Mediators are ${[...query.mediators].map((node) => nameOf(query, node)).join(', ') || 'none'}.`,
    })
  if (found.length === 0 && !totalIfUnmediated)
    throw new InputError('NoMediators', 'no variable mediates this effect: all of it is direct', {
      hint: 'Ask for the total effect.',
    })
  return [...found]
}

/** A set that is valid both for X on the mediators and for X and mediators on Y. */
function mediationSet(query: EffectQuery, mediators: readonly Node[], given: readonly Node[] | undefined): Node[] {
  const { graph, from, to, names } = query
  const parts = [
    ...(mediators.length > 0 ? [queryIn(graph, { from, to: mediators, names })] : []),
    queryIn(graph, { from: [...from, ...mediators], to, names }),
  ]
  // What descends from mediators may not be adjusted for; that X and mediators cause one another is no obstacle here.
  const fits = (set: readonly Node[]): boolean => parts.every((part) => isValid(part, set))
  if (given !== undefined) {
    if (fits(given)) return [...given]
    const flaw = parts.map((part) => flawOf(part, given)).find((found) => found !== undefined)
    throw new InputError('InvalidAdjustment', `the given set is not valid for mediation: ${flaw?.reason}`, {
      hint: 'Leave the set out to have one chosen.',
      data: { path: flaw?.path },
    })
  }
  const optimal = nodesOf(query, optimalSet(query))
  if (fits(optimal)) return optimal
  const all = ancestorSet(query)
  const nodes = all && nodesOf(query, all)
  if (nodes && fits(nodes)) return nodes
  throw notIdentifiable('no single set is valid both for the cause on the mediators and for both on the effect', {
    mediators,
  })
}

interface Data {
  readonly estimator: Regressor
  readonly x: Float64Array
  readonly y: Float64Array
  readonly m: readonly Float64Array[]
  readonly z: readonly Float64Array[]
}

function nested({ estimator, x, y, m, z }: Data): {
  directOf(from: number, to: number): number
  seen(byY: number, byMediators: number): number
} {
  const outcome = estimator.fit([x, ...m, ...z], y)
  const constant = (value: number): Float64Array => new Float64Array(x.length).fill(value)
  const outcomes = new Map<number, Float64Array>()
  const outcomeAt = (value: number): Float64Array => {
    const known = outcomes.get(value) ?? outcome.predict([constant(value), ...m, ...z])
    outcomes.set(value, known)
    return known
  }
  const averaged = (fit: FittedModel, value: number): number =>
    z.length === 0 ? fit.predict([Float64Array.of(value)])[0]! : mean(fit.predict([constant(value), ...z]))
  const second = new Map<number, FittedModel>()
  return {
    directOf(from, to) {
      const before = outcomeAt(from)
      const difference = outcomeAt(to).map((value, i) => value - before[i]!)
      return averaged(estimator.fit([x, ...z], difference), from)
    },
    seen(byY, byMediators) {
      const fit = second.get(byY) ?? estimator.fit([x, ...z], outcomeAt(byY))
      second.set(byY, fit)
      return averaged(fit, byMediators)
    },
  }
}

/** Values on a grid that reaches three widths further, by a Gaussian window cut off there. */
function smoothed(
  effect: (from: number, to: number) => number,
  { from, to, change = 0.5, steps = 100, width = 5, perUnit = false }: SmoothOptions,
): number[] {
  const step = (to - from) / steps
  const start = from - 3 * width * step
  const raw = Array.from({ length: steps + 6 * width }, (_, i) => {
    const at = step * i + start
    return effect(at, at + change) / (perUnit ? change : 1)
  })
  const window = Array.from(
    { length: 6 * width },
    (_, i) => Math.exp(-(((i - 3 * width) / width) ** 2) / 2) / Math.sqrt(2 * Math.PI) / width,
  )
  return Array.from({ length: raw.length - window.length + 1 }, (_, i) =>
    window.reduce((sum, weight, k) => sum + weight * raw[i + window.length - 1 - k]!, 0),
  )
}
