import { constant, evaluate, type Shape, type Tensor, trace } from '@ecotope/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { distributions } from '../src/index.ts'

const { entropy, klDivergence, ...all } = distributions

/** The numbers of constants and what is made of them. */
function numbers(make: () => Readonly<Record<string, Tensor>>): Record<string, Float64Array> {
  const found = evaluate(trace(make, { parameters: {}, inputs: {} }), {})
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data]))
}

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const total = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0)

/** Points and weights of the double exponential rule, which forgives singular ends (Takahasi and Mori 1974). */
function rule(low: number, high: number): { x: number[]; w: number[] } {
  const steps = Array.from({ length: 801 }, (_, i) => (i - 400) / 100)
  const half = (high - low) / 2
  const rows = steps.map((t) => {
    const u = (Math.PI / 2) * Math.sinh(t)
    return {
      x: (low + high) / 2 + half * Math.tanh(u),
      w: ((half * Math.PI) / 2) * 0.01 * (Math.cosh(t) / Math.cosh(u) ** 2),
    }
  })
  const inside = rows.filter(({ x, w }) => x > low && x < high && w > 0)
  return { x: inside.map((r) => r.x), w: inside.map((r) => r.w) }
}

interface Density {
  readonly name: string
  readonly make: (a: number, b: number) => distributions.Distribution
  readonly a: readonly [number, number]
  readonly b: readonly [number, number]
  /** Where nearly all of the probability lies. */
  readonly support: (a: number, b: number) => readonly [number, number]
}

const densities: readonly Density[] = [
  {
    name: 'normal',
    make: (mean, standardDeviation) => all.normal({ mean, standardDeviation }),
    a: [-3, 3],
    b: [0.2, 4],
    support: (m, s) => [m - 10 * s, m + 10 * s],
  },
  {
    name: 'logNormal',
    make: (location, scale) => all.logNormal({ location, scale }),
    a: [-1, 1],
    b: [0.1, 0.6],
    support: (m, s) => [0, Math.exp(m + 8 * s)],
  },
  {
    name: 'gamma',
    make: (concentration, rate) => all.gamma({ concentration, rate }),
    a: [0.5, 20],
    b: [0.2, 4],
    support: (a, b) => [0, (a + 12 * Math.sqrt(a) + 30) / b],
  },
  { name: 'beta', make: (a, b) => all.beta({ alpha: a, beta: b }), a: [0.7, 9], b: [0.7, 9], support: () => [0, 1] },
  {
    name: 'vonMises',
    make: (location, concentration) => all.vonMises({ location, concentration }),
    a: [-3, 3],
    b: [0.01, 250],
    support: (m) => [m - Math.PI, m + Math.PI],
  },
]

type Closed = distributions.Distribution<'normal'>

describe.each(densities)('$name', ({ make, a: [a0, a1], b: [b0, b1], support }) => {
  const pair = [between(a0, a1), between(b0, b1)] as const

  test('has an integral of 1, and its entropy is the mean of −ln p', () => {
    fc.assert(
      fc.property(...pair, (a, b) => {
        const { x, w } = rule(...support(a, b))
        const { logP, h } = numbers(() => {
          const one = make(a, b)
          return { logP: one.logProbability(constant(x)), h: entropy(one as Closed) }
        })
        const density = logP!.map(Math.exp)
        expect(total(density.map((p, i) => p * w[i]!))).toBeCloseTo(1, 5)
        expect(total(density.map((p, i) => -p * logP![i]! * w[i]!))).toBeCloseTo(h![0]!, 3)
      }),
      { numRuns: 25 },
    )
  })

  test('its divergence is 0 from itself, positive from others, and the mean of ln p − ln q', () => {
    fc.assert(
      fc.property(...pair, ...pair, (a, b, c, d) => {
        const { x, w } = rule(...support(a, b))
        const found = numbers(() => {
          const [p, q] = [make(a, b), make(c, d)]
          return {
            none: klDivergence(p as Closed, p as Closed),
            some: klDivergence(p as Closed, q as Closed),
            logP: p.logProbability(constant(x)),
            logQ: q.logProbability(constant(x)),
          }
        })
        const expected = total(found.logP!.map((v, i) => Math.exp(v) * (v - found.logQ![i]!) * w[i]!))
        expect(found.none![0]).toBeCloseTo(0, 9)
        expect(found.some![0]).toBeGreaterThan(-1e-9)
        expect(Math.abs(found.some![0]! - expected)).toBeLessThan(1e-3 * (1 + Math.abs(expected)))
      }),
      { numRuns: 25 },
    )
  })
})

describe('counts and classes', () => {
  const counts = Array.from({ length: 400 }, (_, k) => k)

  test('probabilities of counts sum to 1, with the mean and variance that are stated', () => {
    fc.assert(
      fc.property(between(0.1, 40), between(0.8, 50), (mean, dispersion) => {
        for (const make of [() => all.poisson({ rate: mean }), () => all.negativeBinomial({ mean, dispersion })]) {
          const { logP, first, second } = numbers(() => {
            const one = make()
            return { logP: one.logProbability(constant(counts)), first: one.mean(), second: one.variance() }
          })
          const p = logP!.map(Math.exp)
          // What lies beyond 400 counts is 1e-3 for the widest.
          expect(Math.abs(total(p) - 1)).toBeLessThan(2e-3)
          const centre = total(p.map((v, k) => v * k))
          expect(Math.abs(centre / first![0]! - 1)).toBeLessThan(0.02)
          expect(Math.abs(total(p.map((v, k) => v * (k - centre) ** 2)) / second![0]! - 1)).toBeLessThan(0.1)
        }
      }),
      { numRuns: 25 },
    )
  })

  test('a negative binomial of great dispersion is a Poisson', () => {
    const { a, b } = numbers(() => ({
      a: all.negativeBinomial({ mean: 7, dispersion: 1e7 }).logProbability(constant([0, 3, 12])),
      b: all.poisson({ rate: 7 }).logProbability(constant([0, 3, 12])),
    }))
    a!.forEach((v, i) => {
      expect(v).toBeCloseTo(b![i]!, 4)
    })
  })

  test('two classes are a Bernoulli; a constant added to all logits changes nothing', () => {
    fc.assert(
      fc.property(between(-8, 8), between(-20, 20), (logit, shift) => {
        const classes = (c: number) => all.categorical({ logits: constant([c, logit + c]) })
        const { a, b, ha, hb, k } = numbers(() => ({
          a: classes(shift).logProbability(constant([0, 1], [2], 'int32')),
          b: all.bernoulli({ logits: logit }).logProbability(constant([0, 1])),
          ha: entropy(classes(shift)),
          hb: entropy(all.bernoulli({ logits: logit })),
          k: klDivergence(classes(0), classes(shift)),
        }))
        for (const i of [0, 1]) expect(a![i]).toBeCloseTo(b![i]!, 9)
        expect(ha![0]).toBeCloseTo(hb![0]!, 9)
        expect(k![0]).toBeCloseTo(0, 9)
      }),
    )
  })
})

describe('vectors', () => {
  test('a multivariate normal with a diagonal factor is as many normals', () => {
    const vector = fc.array(between(-2, 2), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(vector, vector, vector, (mean, logScale, x) => {
        const shape: Shape = [3, 3]
        const scale = logScale.map(Math.exp)
        const diagonal = Array.from({ length: 9 }, (_, i) => (i % 4 === 0 ? scale[i / 4]! : 0))
        const { joint, single, hJoint, hSingle } = numbers(() => {
          const one = all.multivariateNormal({ mean: constant(mean), factor: constant(diagonal, shape) })
          const each = all.normal({ mean: constant(mean), standardDeviation: constant(scale) })
          return {
            joint: one.logProbability(constant(x)),
            single: each.logProbability(constant(x)),
            hJoint: entropy(one),
            hSingle: entropy(each),
          }
        })
        expect(joint![0]).toBeCloseTo(total(single!), 8)
        expect(hJoint![0]).toBeCloseTo(total(hSingle!), 8)
      }),
    )
  })

  test('a Dirichlet of two shares is a beta', () => {
    fc.assert(
      fc.property(between(0.3, 9), between(0.3, 9), between(0.01, 0.99), (a, b, x) => {
        const { joint, single, hJoint, hSingle } = numbers(() => {
          const one = all.dirichlet({ concentration: constant([a, b]) })
          const other = all.beta({ alpha: a, beta: b })
          return {
            joint: one.logProbability(constant([x, 1 - x])),
            single: other.logProbability(x),
            hJoint: entropy(one),
            hSingle: entropy(other),
          }
        })
        expect(joint![0]).toBeCloseTo(single![0]!, 8)
        expect(hJoint![0]).toBeCloseTo(hSingle![0]!, 8)
      }),
    )
  })
})
