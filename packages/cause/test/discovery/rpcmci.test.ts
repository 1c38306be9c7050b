/** Regimes against the reference implementation, and their assignment against a solver of linear programs (oracles/cause/rpcmci.py). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { discoverRpcmci, type RegimeOptions } from '../../src/discovery/rpcmci.ts'
import { type Assignment, relaxedAssignment, wholeAssignment } from '../../src/discovery/rpcmci-assignment.ts'
import { timeSeries } from '../../src/series/series.ts'
import { furthest, golden, type Nested } from './reference.ts'

interface Case {
  readonly columns: readonly (readonly number[])[]
  readonly seed: number
  readonly run: {
    readonly num_regimes: number
    readonly max_transitions: number
    readonly switch_thres: number
    readonly num_iterations: number
    readonly max_anneal: number
    readonly tau_min: number
    readonly tau_max: number
    readonly pc_alpha: number | readonly number[]
    readonly alpha_level: number
  }
  readonly regimes: readonly (readonly number[])[]
  readonly changes: readonly (readonly number[] | null)[]
  readonly graphs: readonly Nested<string>[]
  readonly values: readonly Nested<number>[]
  readonly pvalues: readonly Nested<number>[]
}

interface Program {
  readonly costs: readonly (readonly number[])[]
  readonly budget: number
  readonly cost: number
  readonly shares: readonly (readonly number[])[]
}

const { cases, programs } = golden<{ cases: readonly Case[]; programs: readonly Program[] }>('rpcmci')

const optionsOf = ({ run, seed }: Case): RegimeOptions => ({
  regimes: run.num_regimes,
  maxTransitions: run.max_transitions,
  switchThreshold: run.switch_thres,
  iterations: run.num_iterations,
  anneals: run.max_anneal,
  tauMin: run.tau_min,
  tauMax: run.tau_max,
  pcAlpha: run.pc_alpha,
  alpha: run.alpha_level,
  seed,
  threads: 0,
})

const tag = (name: string): unknown => expect.objectContaining({ tag: name })

describe('regimes', () => {
  for (const [index, one] of cases.entries())
    test(`case ${index}: as the reference finds them`, async () => {
      const found = await discoverRpcmci(timeSeries({ columns: one.columns }), optionsOf(one))
      // No model predicts the first steps, so their regime is arbitrary there.
      for (const [k, share] of found.shares.entries())
        for (let t = one.run.tau_max; t < share.length; t++) expect(share[t]).toBeCloseTo(one.regimes[k]![t]!, 6)
      for (const [k, { graph, values, pValues }] of found.discoveries.entries()) {
        expect(graph.nested()).toEqual(one.graphs[k])
        expect(furthest(values.nested(), one.values[k]!)).toBeLessThan(1e-8)
        expect(furthest(pValues.nested(), one.pvalues[k]!)).toBeLessThan(1e-8)
      }
      expect(found.anneals.map(({ failure }) => failure === undefined)).toEqual(one.changes.map((c) => c !== null))
    })

  test('threads change nothing; whole regimes are found; masks are told not to be used', async () => {
    const one = cases[0]!
    const masks = one.columns.map((column) => column.map(() => 0))
    const series = timeSeries({ columns: one.columns, masks })
    const options = { ...optionsOf(one), assignment: 'whole' } as const
    const alone = await discoverRpcmci(series, options)
    const shared = await discoverRpcmci(series, { ...options, threads: 2 })
    expect(shared.shares).toEqual(alone.shares)
    expect(shared.cost).toBe(alone.cost)
    expect(alone.shares.every((share) => share.every((value) => value === 0 || value === 1))).toBe(true)
    expect(alone.warnings.map((warning) => warning.tag)).toEqual(['MasksNotUsed'])
    const truth = one.columns[0]!.map((_, t) => Number(t >= 60 && t < 140))
    const right = truth.filter((regime, t) => regime === alone.regimes[t]).length / truth.length
    expect(Math.max(right, 1 - right)).toBeGreaterThan(0.9)
  })

  test('missing values cost nothing and leave no gaps', async () => {
    const one = cases[1]!
    const columns = one.columns.map((column, i) => column.map((value, t) => (t === 30 + i ? Number.NaN : value)))
    const found = await discoverRpcmci(timeSeries({ columns }), optionsOf(one))
    expect(found.shares.every((share) => share.every((value) => value >= 0 && value <= 1))).toBe(true)
    expect(Number.isFinite(found.cost)).toBe(true)
  })

  test('bad input', async () => {
    const series = timeSeries({ columns: cases[0]!.columns })
    const options = optionsOf(cases[0]!)
    const two = { ...series, datasets: [series.datasets[0]!, series.datasets[0]!] }
    await expect(discoverRpcmci(two, options)).rejects.toThrow(tag('OneDataSet'))
    await expect(discoverRpcmci({ ...series, vectors: [[[0, 0]]] }, options)).rejects.toThrow(tag('NoVectors'))
    await expect(discoverRpcmci(series, { ...options, regimes: 0 })).rejects.toThrow(tag('BadCount'))
    await expect(discoverRpcmci(series, { ...options, tauMin: 3 })).rejects.toThrow(tag('BadLags'))
    await expect(discoverRpcmci(series, { ...options, switchThreshold: 2 })).rejects.toThrow(tag('BadLevel'))
    await expect(discoverRpcmci(series, { ...options, switchThreshold: 1 })).rejects.toThrow(tag('NoRegimes'))
    const signal = AbortSignal.abort()
    await expect(discoverRpcmci(series, { ...options, signal })).rejects.toThrow(tag('Cancelled'))
  })
})

const costsOf = (rows: readonly (readonly number[])[]): Float64Array[] => rows.map((row) => Float64Array.from(row))

/** How often regimes are entered or left, in shares. */
const changes = ({ shares }: Assignment): number[] =>
  shares.map((share) => share.reduce((sum, value, t) => sum + (t === 0 ? 0 : Math.abs(value - share[t - 1]!)), 0))

/** All assignments of few steps. */
function* everyPath(regimes: number, length: number): Generator<number[]> {
  for (let code = 0; code < regimes ** length; code++)
    yield Array.from({ length }, (_, t) => Math.floor(code / regimes ** t) % regimes)
}

const fewCosts = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 7 })).chain(([regimes, length]) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }), {
    minLength: regimes,
    maxLength: regimes,
  }),
)

describe('assignment', () => {
  for (const [index, { costs, budget, cost, shares }] of programs.entries())
    test(`program ${index}: ${costs.length} regimes, ${budget} transitions`, () => {
      const found = relaxedAssignment(costsOf(costs), budget)
      expect(found.cost).toBeCloseTo(cost, 8)
      for (const [k, share] of found.shares.entries())
        for (const [t, value] of share.entries()) expect(value).toBeCloseTo(shares[k]![t]!, 6)
      const whole = wholeAssignment(costsOf(costs), budget)
      expect(whole.cost).toBeGreaterThanOrEqual(cost - 1e-9)
      for (const times of [...changes(found), ...changes(whole)]) expect(times).toBeLessThanOrEqual(budget + 1e-9)
    })

  test('whole regimes are the best of all paths; shares are never dearer', () => {
    fc.assert(
      fc.property(fewCosts, fc.integer({ min: 0, max: 4 }), (rows, budget) => {
        const costs = costsOf(rows)
        let least = Number.POSITIVE_INFINITY
        for (const path of everyPath(costs.length, costs[0]!.length)) {
          const times = costs.map(
            (_, k) => path.filter((now, t) => t > 0 && now !== path[t - 1] && (now === k || path[t - 1] === k)).length,
          )
          if (Math.max(...times) > budget) continue
          least = Math.min(
            least,
            path.reduce((sum, k, t) => sum + costs[k]![t]!, 0),
          )
        }
        expect(wholeAssignment(costs, budget).cost).toBeCloseTo(least, 10)
        const relaxed = relaxedAssignment(costs, budget)
        expect(relaxed.cost).toBeLessThanOrEqual(least + 1e-9)
        for (const times of changes(relaxed)) expect(times).toBeLessThanOrEqual(budget + 1e-9)
        const total = relaxed.shares[0]!.map((_, t) => relaxed.shares.reduce((sum, share) => sum + share[t]!, 0))
        for (const value of total) expect(value).toBeCloseTo(1, 9)
      }),
    )
  })

  test('long series of many regimes', () => {
    const length = 3000
    const costs = [0, 1, 2, 3].map((k) =>
      Float64Array.from(
        { length },
        (_, t) => (Math.floor(t / 300) % 4 === k ? 1 : 2) + Math.abs(Math.sin(t * (k + 1) * 12.9898)),
      ),
    )
    const found = relaxedAssignment(costs, 6)
    for (const times of changes(found)) expect(times).toBeLessThanOrEqual(6 + 1e-9)
    expect(found.cost).toBeLessThanOrEqual(wholeAssignment(costs.slice(0, 2), 6).cost)
  })

  test('bad input', () => {
    const one = Float64Array.of(1, 2)
    for (const assign of [relaxedAssignment, wholeAssignment]) {
      expect(() => assign([], 1)).toThrow(tag('BadCosts'))
      expect(() => assign([one, Float64Array.of(1)], 1)).toThrow(tag('BadCosts'))
      expect(() => assign([one], -1)).toThrow(tag('BadTransitions'))
    }
    const many = Array.from({ length: 6 }, () => new Float64Array(1000))
    expect(() => wholeAssignment(many, 40)).toThrow(tag('TooManyStates'))
  })
})
