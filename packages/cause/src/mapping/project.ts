/** Cross mapping itself: targets estimated from the neighbours of each state, for many libraries and targets in one pass. */
import type { Embedding } from './embedding.ts'
import { neighbourhood } from './neighbours.ts'

/** Targets that are estimated by the same libraries. */
export interface Job {
  /** `[state * count + target]`, none missing. */
  readonly targets: Float64Array
  /** Number of targets. */
  readonly count: number
  /** 1 where a state belongs to the library. */
  readonly libraries: readonly Uint8Array[]
  /** Whether the estimates by the last library are wanted too. */
  readonly keep?: boolean
}

export interface Projected {
  /** Correlations, `[library * count + target]`. */
  readonly skills: Float64Array
  /** Where kept: estimates by the last library, as the targets are laid out; NaN where neighbours are missing. */
  readonly estimates?: Float64Array
}

export interface ProjectionInput {
  readonly embedding: Embedding
  /** Clock time of each state. */
  readonly times: Float64Array
  readonly jobs: readonly Job[]
  readonly neighbours: number
  readonly radius: number
  /** Called with the share of states done. */
  readonly at: (fraction: number) => void | Promise<void>
}

/** A job at work: sums over states of each library and target, from which correlations follow. */
interface Ledger {
  readonly libraries: readonly Uint8Array[]
  /** Neighbours taken from each library. */
  readonly wanted: readonly number[]
  /** Targets with mean 0 and deviation 1: sums of squares keep their digits, and their own sums are known. */
  readonly scaled: Float64Array
  readonly count: number
  readonly estimate: Float64Array
  /** Sums of estimates, their squares, and their products with targets: `[library * count + target]`. */
  readonly p: Float64Array
  readonly pp: Float64Array
  readonly pa: Float64Array
  /** Sums of the targets, and their squares, of states that a library could not estimate. */
  readonly a: Float64Array
  readonly aa: Float64Array
  /** States that each library could estimate. */
  readonly n: Float64Array
  /** In units of the scaled targets. */
  readonly kept?: Float64Array
}

/** States between looks at the clock. */
const CHUNK = 32

/**
 * Correlation of estimates and targets of each job, `[library * count + target]`; NaN where fewer than three states have
 * enough neighbours, 0 where estimates or targets do not vary. Weights are exp(-d / d_1), of equal states 1 (Sugihara et al.
 * 2012).
 */
export async function crossMapSkills(input: ProjectionInput): Promise<Projected[]> {
  const { embedding, times, radius, at } = input
  const states = times.length
  const near = neighbourhood({ ...embedding, times })
  const ledgers = input.jobs.map((job) => ledgerOf(job, states, input.neighbours))
  const most = Math.max(1, ...ledgers.flatMap(({ wanted }) => wanted))
  const chosen = new Int32Array(most)
  const weights = new Float64Array(most)
  for (let state = 0; state < states; state++) {
    const found = near(embedding.states, state * embedding.dimension, times[state]!, radius)
    for (const ledger of ledgers)
      for (let l = 0; l < ledger.libraries.length; l++) {
        const k = ledger.wanted[l]!
        if (k > 0 && take(ledger.libraries[l]!, found.states, found.distances, found.count, k, chosen, weights))
          enter(ledger, l, state, k, chosen, weights)
        else leaveOut(ledger, l, state)
      }
    if (state % CHUNK === 0) await at(state / states)
  }
  return ledgers.map((ledger, job) => {
    const { kept } = ledger
    const skills = correlations(ledger, states)
    return kept === undefined ? { skills } : { skills, estimates: unscaled(kept, input.jobs[job]!, states) }
  })
}

function ledgerOf({ targets, count, libraries, keep }: Job, states: number, neighbours: number): Ledger {
  const sums = (): Float64Array => new Float64Array(libraries.length * count)
  return {
    libraries,
    wanted: libraries.map((library) => Math.min(neighbours, library.reduce((sum, inside) => sum + inside, 0) - 1)),
    scaled: scaledTargets(targets, count, states),
    count,
    estimate: new Float64Array(count),
    p: sums(),
    pp: sums(),
    pa: sums(),
    a: sums(),
    aa: sums(),
    n: new Float64Array(libraries.length),
    ...(keep === true && { kept: new Float64Array(states * count).fill(Number.NaN) }),
  }
}

/** Mean and deviation of each target. */
function momentsOf(
  targets: Float64Array,
  count: number,
  states: number,
): { means: Float64Array; scales: Float64Array } {
  const means = new Float64Array(count)
  const squares = new Float64Array(count)
  for (let i = 0; i < targets.length; i++) means[i % count]! += targets[i]! / states
  for (let i = 0; i < targets.length; i++) squares[i % count]! += (targets[i]! - means[i % count]!) ** 2
  return { means, scales: squares.map((square) => Math.sqrt(square / states) || 1) }
}

function scaledTargets(targets: Float64Array, count: number, states: number): Float64Array {
  const { means, scales } = momentsOf(targets, count, states)
  return targets.map((value, i) => (value - means[i % count]!) / scales[i % count]!)
}

function unscaled(values: Float64Array, { targets, count }: Job, states: number): Float64Array {
  const { means, scales } = momentsOf(targets, count, states)
  return values.map((value, i) => value * scales[i % count]! + means[i % count]!)
}

/** Picks the k nearest that the library holds, with weights of sum 1; false where it has fewer. */
function take(
  library: Uint8Array,
  order: Int32Array,
  distances: Float64Array,
  count: number,
  k: number,
  chosen: Int32Array,
  weights: Float64Array,
): boolean {
  let taken = 0
  for (let i = 0; i < count; i++) {
    const other = order[i]!
    if (library[other] === 0) continue
    chosen[taken] = other
    weights[taken] = distances[i]!
    if (++taken === k) break
  }
  if (taken < k) return false
  const nearest = weights[0]!
  let total = 0
  for (let i = 0; i < k; i++) {
    const weight = nearest > 0 ? Math.exp(-weights[i]! / nearest) : weights[i] === 0 ? 1 : 0
    weights[i] = weight
    total += weight
  }
  for (let i = 0; i < k; i++) weights[i]! /= total
  return true
}

/** Estimates all targets of a state, and books them. Plain indices: this loop is where the time goes. */
function enter(
  { libraries, scaled, count, estimate, p, pp, pa, n, kept }: Ledger,
  library: number,
  state: number,
  k: number,
  chosen: Int32Array,
  weights: Float64Array,
): void {
  n[library]!++
  estimate.fill(0)
  let i = 0
  for (; i + 1 < k; i += 2) {
    const w0 = weights[i]!
    const w1 = weights[i + 1]!
    const from0 = chosen[i]! * count
    const from1 = chosen[i + 1]! * count
    for (let t = 0; t < count; t++) estimate[t] = estimate[t]! + w0 * scaled[from0 + t]! + w1 * scaled[from1 + t]!
  }
  if (i < k) {
    const weight = weights[i]!
    const from = chosen[i]! * count
    for (let t = 0; t < count; t++) estimate[t] = estimate[t]! + weight * scaled[from + t]!
  }
  if (kept !== undefined && library === libraries.length - 1) kept.set(estimate, state * count)
  const to = library * count
  const own = state * count
  for (let t = 0; t < count; t++) {
    const x = estimate[t]!
    p[to + t] = p[to + t]! + x
    pp[to + t] = pp[to + t]! + x * x
    pa[to + t] = pa[to + t]! + x * scaled[own + t]!
  }
}

function leaveOut({ scaled, count, a, aa }: Ledger, library: number, state: number): void {
  for (let t = 0; t < count; t++) {
    const y = scaled[state * count + t]!
    a[library * count + t]! += y
    aa[library * count + t]! += y * y
  }
}

function correlations({ scaled, count, p, pp, pa, a, aa, n }: Ledger, states: number): Float64Array {
  const squares = new Float64Array(count)
  for (let i = 0; i < scaled.length; i++) squares[i % count]! += scaled[i]! * scaled[i]!
  return p.map((sum, i) => {
    const known = n[Math.floor(i / count)]!
    if (known < 3) return Number.NaN
    // Targets have sum 0 over all states.
    const own = known === states ? 0 : -a[i]!
    const square = squares[i % count]! - aa[i]!
    const [x, y] = [pp[i]! - (sum * sum) / known, square - (own * own) / known]
    // What rounding leaves of constant estimates is no variance.
    if (x <= 1e-14 * pp[i]! || y <= 1e-14 * squares[i % count]!) return 0
    return Math.max(-1, Math.min(1, (pa[i]! - (sum * own) / known) / Math.sqrt(x * y)))
  })
}
