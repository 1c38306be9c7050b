import {
  cast,
  constant,
  cos,
  createRunner,
  evaluate,
  gradients,
  matmul,
  mean,
  mul,
  type Program,
  type Shape,
  sin,
  square,
  sub,
  sum,
  type Tensor,
  trace,
} from '@ecotope/tensor'
import { describe, expect, test } from 'vitest'
import { distributions } from '../src/index.ts'
import { oracle } from './oracle.ts'

const { entropy, klDivergence, ...all } = distributions
type Distribution<K extends Kind = Kind> = distributions.Distribution<K>
type Kind = distributions.Kind

interface Numbers {
  readonly shape: Shape
  readonly data: readonly number[]
}

interface Golden {
  readonly parameters: Readonly<Record<string, Numbers>>
  readonly other: Readonly<Record<string, Numbers>>
  readonly x: Numbers
  readonly logProbability: Numbers
  readonly gradients: Readonly<Record<string, Numbers>>
  readonly mean: Numbers
  readonly variance: Numbers
  readonly entropy?: Numbers
  readonly divergence?: Numbers
}

const golden = oracle<Readonly<Record<Kind, Golden>>>('distributions')
const kinds = Object.keys(golden) as Kind[]

type Named = Readonly<Record<string, Tensor>>
const make = (kind: Kind, given: Named): Distribution => (all[kind] as (given: Named) => Distribution)(given as never)

const withoutPrefix = (named: Named, prefix: string): Named =>
  Object.fromEntries(
    Object.entries(named).flatMap(([name, x]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), x]] : [])),
  )

/** All that the oracle has of a kind, from its numbers as inputs. */
function program(kind: Kind): { program: Program; inputs: Record<string, readonly number[]> } {
  const row = golden[kind]
  const given: Readonly<Record<string, Numbers>> = {
    ...Object.fromEntries(Object.entries(row.parameters).map(([name, v]) => [`p.${name}`, v])),
    ...Object.fromEntries(Object.entries(row.other).map(([name, v]) => [`q.${name}`, v])),
    x: row.x,
  }
  const specs = Object.fromEntries(Object.entries(given).map(([name, { shape }]) => [name, { shape }]))
  const traced = trace(
    (_, named) => {
      const p = make(kind, withoutPrefix(named, 'p.'))
      const q = make(kind, withoutPrefix(named, 'q.'))
      const x = named.x!
      const logProbability = p.logProbability(kind === 'categorical' ? cast(x, 'int32') : x)
      const n = row.logProbability.data.length
      const weights = constant(
        Array.from({ length: n }, (_, i) => (i + 1) / 7),
        logProbability.shape,
      )
      const leaves = { ...withoutPrefix(named, 'p.'), x }
      const wanted = Object.entries(leaves).filter(([name]) => name in row.gradients)
      const found = gradients(
        sum(mul(logProbability, weights)),
        wanted.map(([, leaf]) => leaf),
      )
      return {
        logProbability,
        mean: p.mean(),
        variance: p.variance(),
        ...Object.fromEntries(found.map((g, i) => [`g.${wanted[i]![0]}`, g])),
        ...(row.entropy === undefined ? {} : { entropy: entropy(p as Distribution<'normal'>) }),
        ...(row.divergence === undefined ? {} : { divergence: klDivergence(p as Distribution<'normal'>, q as never) }),
      }
    },
    { parameters: {}, inputs: specs },
  )
  return { program: traced, inputs: Object.fromEntries(Object.entries(given).map(([name, { data }]) => [name, data])) }
}

interface Close {
  readonly data: ArrayLike<number>
  readonly shape: Shape
}

function expectClose(actual: Close, expected: Numbers, tolerance: number, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape)
  const scale = Math.max(1e-3, ...expected.data.filter(Number.isFinite).map(Math.abs))
  expected.data.forEach((value, i) => {
    if (Number.isFinite(value)) expect(Math.abs(actual.data[i]! - value) / scale, what).toBeLessThan(tolerance)
    else expect(actual.data[i], what).toBe(value)
  })
}

function check(outputs: Readonly<Record<string, Close>>, row: Golden, tolerance: number): void {
  for (const name of ['logProbability', 'mean', 'variance', 'entropy', 'divergence'] as const) {
    if (row[name] !== undefined) expectClose(outputs[name]!, row[name], tolerance, name)
  }
  for (const [name, expected] of Object.entries(row.gradients)) {
    // The factor is lower triangular: what stands above its diagonal is not read.
    expectClose(outputs[`g.${name}`]!, expected, tolerance, `gradient of ${name}`)
  }
}

describe.each(kinds)('%s equals that of torch.distributions', (kind) => {
  const { program: traced, inputs } = program(kind)

  test('in float64', () => check(evaluate(traced, inputs), golden[kind], 1e-9))

  test('in float32 through ONNX Runtime', async () => {
    const runner = await createRunner(traced, { parameters: new Float32Array(), threads: 1 })
    const feeds = Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, Float32Array.from(data)]))
    check(await runner.run(feeds), golden[kind], 2e-5)
    await runner.close()
  })
})

describe('samples', () => {
  const N = 8000

  test.each(kinds)('%s: their mean and variance, within five standard errors', (kind) => {
    const { parameters, mean: centre, variance: spread } = golden[kind]
    // Their moments are not those of numbers: below.
    if (kind === 'categorical' || kind === 'vonMises') return
    // The first parameters of Student's t have no variance.
    const skipped = (i: number): boolean => kind === 'studentT' && i === 0
    const traced = trace(
      () => {
        const given = Object.fromEntries(
          Object.entries(parameters).map(([name, { data, shape }]) => [name, constant(data, shape)]),
        )
        const x = make(kind, given).sample('x', [N])
        const first = mean(x, 0, { keepDims: true })
        const second = square(sub(x, first))
        return { first, second: mean(second, 0), error: mean(square(second), 0) }
      },
      { parameters: {}, inputs: {} },
    )
    const { first, second, error } = evaluate(traced, {}, [], { seed: 3 })
    centre.data.forEach((expected, i) => {
      if (skipped(i)) return
      const variance = spread.data[i]!
      expect(Math.abs(first!.data[i]! - expected)).toBeLessThan(5 * Math.sqrt(variance / N) + 1 / N)
      const ofVariance = Math.sqrt(Math.max(error!.data[i]! - variance ** 2, 0.1 * variance ** 2) / N)
      expect(Math.abs(second!.data[i]! - variance)).toBeLessThan(6 * ofVariance + 1 / N)
    })
  })

  test('directions: their mean and resultant length, for every concentration', () => {
    const concentrations = [0.02, 0.3, 2, 50, 300]
    const one = (): Distribution =>
      all.vonMises({ location: constant([3, 0, -2, 1, -3]), concentration: constant(concentrations) })
    const traced = trace(
      () => {
        const x = one().sample('x', [N])
        return {
          x,
          cosine: mean(cos(sub(x, one().mean())), 0),
          sine: mean(sin(sub(x, one().mean())), 0),
          variance: one().variance(),
        }
      },
      { parameters: {}, inputs: {} },
    )
    const { x, cosine, sine, variance } = evaluate(traced, {})
    expect(Math.max(...x!.data.map(Math.abs))).toBeLessThanOrEqual(Math.PI + 1e-6)
    concentrations.forEach((k, i) => {
      const error = 5 / Math.sqrt(N * Math.max(1, k))
      expect(Math.abs(cosine!.data[i]! - (1 - variance!.data[i]!))).toBeLessThan(error)
      expect(Math.abs(sine!.data[i]!)).toBeLessThan(error)
    })
  })

  test('classes come as often as is probable', () => {
    const { parameters, mean: expected } = golden.categorical
    const { data, shape } = parameters.logits!
    const traced = trace(() => ({ x: all.categorical({ logits: constant(data, shape) }).sample('x', [N]) }), {
      parameters: {},
      inputs: {},
    })
    const x = evaluate(traced, {}).x!
    expect(x.shape).toEqual([N, 2])
    expected.data.forEach((p, i) => {
      const [row, k] = [Math.floor(i / 4), i % 4]
      const share = Array.from(x.data).filter((v, j) => j % 2 === row && v === k).length / N
      expect(Math.abs(share - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / N) + 1 / N)
    })
  })

  test('components of a multivariate normal have its covariance', () => {
    const { factor } = golden.multivariateNormal.parameters
    const l = constant(factor!.data, factor!.shape)
    const traced = trace(
      () => {
        const x = all.multivariateNormalOf({
          mean: constant([0, 0, 0]),
          covariance: matmul(l, l, { transposeB: true }),
        })
        const samples = x.sample('x', [N])
        return {
          expected: matmul(l, l, { transposeB: true }),
          found: mul(matmul(samples, samples, { transposeA: true }), 1 / N),
        }
      },
      { parameters: {}, inputs: {} },
    )
    const { expected, found } = evaluate(traced, {})
    expected!.data.forEach((v, i) => {
      expect(Math.abs(found!.data[i]! - v)).toBeLessThan(0.15)
    })
  })

  test.each(['normal', 'logNormal', 'gamma', 'beta', 'dirichlet', 'multivariateNormal', 'studentT'] as const)(
    '%s: gradients of samples reach the parameters, as those of the mean',
    (kind) => {
      const { parameters } = golden[kind]
      const specs = Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, { shape }]))
      const traced = trace(
        (_, given) => {
          const one = make(kind, given)
          const leaves = Object.values(given) as Tensor[]
          const total = (y: Tensor): Tensor => sum(mul(y, y))
          const sampled = gradients(total(mean(one.sample('x', [N]), 0)), leaves)
          const exact = gradients(total(one.mean()), leaves)
          return {
            ...Object.fromEntries(sampled.map((g, i) => [`sampled${i}`, g])),
            ...Object.fromEntries(exact.map((g, i) => [`exact${i}`, g])),
          }
        },
        { parameters: {}, inputs: specs },
      )
      const inputs = Object.fromEntries(Object.entries(parameters).map(([name, { data }]) => [name, data]))
      const found = evaluate(traced, inputs)
      Object.keys(parameters).forEach((name, i) => {
        if (kind === 'studentT' && name !== 'location') return
        const [a, b] = [found[`sampled${i}`]!.data, found[`exact${i}`]!.data]
        const scale = Math.max(...b.map(Math.abs), 0.5)
        b.forEach((v, k) => {
          if (kind === 'studentT' && k === 0) return
          expect(Math.abs(a[k]! - v) / scale).toBeLessThan(0.2)
        })
      })
    },
  )

  test('the same key repeats, another does not; counts are whole and not negative', () => {
    const traced = trace(
      () => {
        const counts = all.poisson({ rate: constant([0.1, 5, 9.9, 10.1, 400]) })
        return { a: counts.sample('a', [500]), b: counts.sample('a', [500]), c: counts.sample('c', [500]) }
      },
      { parameters: {}, inputs: {} },
    )
    const { a, b, c } = evaluate(traced, {})
    expect(a!.data).toEqual(b!.data)
    expect(a!.data).not.toEqual(c!.data)
    for (const v of a!.data) expect(Number.isInteger(v) && v >= 0).toBe(true)
  })
})

describe('input errors', () => {
  test('scales that are not positive', () => {
    expect(() => all.normal({ mean: 0, standardDeviation: 0 })).toThrow(/standardDeviation must be positive/)
    expect(() => all.poisson({ rate: -1 })).toThrow(expect.objectContaining({ tag: 'ParameterOutOfRange' }))
  })

  test('a factor that does not fit its mean', () => {
    const wrong = (): unknown => all.multivariateNormal({ mean: constant([0, 0, 0]), factor: constant(1, [2, 2]) })
    expect(wrong).toThrow(expect.objectContaining({ tag: 'ShapeMismatch' }))
  })

  test('a divergence between kinds', () => {
    const p = all.normal({ mean: 0, standardDeviation: 1 }) as Distribution
    const q = all.beta({ alpha: 1, beta: 1 }) as Distribution
    expect(() => klDivergence(p as never, q as never)).toThrow(expect.objectContaining({ tag: 'KindMismatch' }))
  })
})
