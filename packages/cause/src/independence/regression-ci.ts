/**
 * Independence of continuous and discrete variables from regressions (after Tsagris et al. 2018): how much X lowers the
 * deviance of a model of Y by Z, linear where Y is continuous, logistic where it is discrete.
 */
import { InputError, type Warning } from '@ecotope/core'
import { NumpyRandom } from '../random/pcg64.ts'
import { type Samples, X, Y, Z } from '../series/samples.ts'
import { chiSquared } from '../statistics/distributions.ts'
import { projector } from '../statistics/least-squares.ts'
import { logisticDeviance } from '../statistics/logistic.ts'
import { centred, dot } from '../statistics/moments.ts'
import { normalityStatistic } from '../statistics/normality.ts'
import { bootstrapInterval } from './bootstrap.ts'
import { checkUnivariate, tooFew } from './parcorr-common.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

/** A variable with its type. */
interface Typed {
  readonly row: Float64Array
  readonly discrete: boolean
}

interface Drop {
  readonly value: number
  readonly df: number
}

/** X and Y are single variables; the series have types. Significance: `analytic` (chi-squared). */
export function regressionCi(options: TestOptions = {}): IndependenceTest {
  if (options.significance === 'shuffle')
    throw new InputError('NoShuffle', 'regression-ci has no shuffle test', { hint: 'Use significance: analytic.' })
  const random = new NumpyRandom(options.seed ?? 42)
  const warnings = new Map<string, Warning>()
  const drops = new WeakMap<Samples, Drop>()
  const dropOf = (samples: Samples): Drop => {
    const found = drops.get(samples) ?? devianceDrop(samples)
    drops.set(samples, found)
    if (Number.isFinite(found.value)) return found
    warnings.set(explained.tag, explained)
    return Number.isNaN(found.value) ? { ...found, value: 0 } : found
  }
  return {
    name: 'regression-ci',
    significance: options.significance ?? 'analytic',
    twoSided: false,
    maskType: options.maskType ?? '',
    options,
    value: (samples) => dropOf(samples).value,
    pValue: (value, samples) => chiSquared(dropOf(samples).df).sf(value),
    warnings: () => [...warnings.values()],
    ...(options.confidence && { interval: (samples: Samples) => interval(samples, options, random, dropOf) }),
  }
}

const explained: Warning = {
  tag: 'ExplainedVariable',
  message: 'a variable is an exact linear function of others in a test: what X adds to that cannot be told',
}

function interval(
  samples: Samples,
  options: TestOptions,
  random: NumpyRandom,
  drop: (s: Samples) => Drop,
): [number, number] {
  if (options.confidence === 'bootstrap') return bootstrapInterval(samples, options, random, (draw) => drop(draw).value)
  throw new InputError('NoInterval', 'regression-ci has no analytic intervals', { hint: 'Use confidence: bootstrap.' })
}

function devianceDrop(samples: Samples): Drop {
  checkUnivariate('regression-ci', samples)
  if (samples.count < 8) throw tooFew(samples.count, samples.rows.length)
  const [x, y] = [typed(samples, X), typed(samples, Y)]
  const z = conditions(samples)
  const predicted = dependent(x, y)
  const other = predicted === x ? y : x
  const small = z.flatMap(encoded)
  const added = encoded(other)
  // In the order of the reference: the variable first, then the conditions.
  const large = [...added, ...small]
  return { value: deviance(small, predicted) - deviance(large, predicted), df: added.length }
}

function typed({ rows, roles, types }: Samples, role: number): Typed {
  const at = roles.indexOf(role)
  const kinds = types?.[at]
  if (kinds === undefined)
    throw new InputError('NoTypes', 'regression-ci needs to know which variables are discrete', {
      hint: 'Give the series types: 1 where a value is discrete, else 0.',
    })
  if (kinds.some((kind) => kind !== kinds[0]))
    throw new InputError('MixedTypes', 'X or Y is continuous in some samples and discrete in others', {
      hint: 'Use cmi-knn-mixed for such variables.',
    })
  return { row: rows[at]!, discrete: kinds[0] === 1 }
}

/** Conditions that are discrete in some samples count as discrete; without conditions a constant stands in for them. */
function conditions({ rows, roles, types, count }: Samples): Typed[] {
  const z = [...roles.keys()].filter((k) => roles[k] === Z)
  if (z.length === 0) return [{ row: new Float64Array(count).fill(1), discrete: false }]
  return z.map((k) => ({ row: rows[k]!, discrete: types![k]!.includes(1) }))
}

/** Of two continuous variables the more normal one is predicted, of two discrete ones that of smaller entropy. */
function dependent(x: Typed, y: Typed): Typed {
  if (x.discrete !== y.discrete) return x.discrete ? y : x
  const score = x.discrete ? entropy : normalityStatistic
  return score(x.row) >= score(y.row) ? y : x
}

function entropy(values: Float64Array): number {
  const counts = new Map<number, number>()
  for (const value of values.toSorted()) counts.set(value, (counts.get(value) ?? 0) + 1)
  return -[...counts.values()].reduce(
    (sum, count) => sum + (count / values.length) * Math.log(count / values.length),
    0,
  )
}

/** A discrete variable becomes one column per class. */
function encoded({ row, discrete }: Typed): Float64Array[] {
  if (!discrete) return [row]
  return classes(row).map((value) => row.map((own) => (Math.trunc(own) === value ? 1 : 0)))
}

const classes = (row: Float64Array): number[] => [...new Set(row.map(Math.trunc))].toSorted((a, b) => a - b)

function deviance(predictors: readonly Float64Array[], { row, discrete }: Typed): number {
  if (!discrete) return linearDeviance(predictors, row)
  const values = classes(row)
  return logisticDeviance(
    predictors,
    Int32Array.from(row, (own) => values.indexOf(Math.trunc(own))),
    values.length,
  )
}

function linearDeviance(predictors: readonly Float64Array[], target: Float64Array): number {
  const n = target.length
  const middle = centred(target)
  const residuals = projector(predictors.map(centred)).residuals(middle)
  const squares = dot(residuals, residuals)
  // What is left of an exact fit is rounding.
  const rest = squares > 1e-24 * dot(middle, middle) ? squares : 0
  return n * Math.log(2 * Math.PI) + n * Math.log(rest / n) + n
}
