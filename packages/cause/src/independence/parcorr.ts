/** Partial correlation: correlation of what linear regressions on Z leave of X and Y. */
import { type Samples, X, Y, Z } from '../series/samples.ts'
import { correlationsOf, partialCorrelation } from '../statistics/partial.ts'
import { residualTest, standardResiduals } from './parcorr-common.ts'
import { parcorrShortcut } from './parcorr-shortcut.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

/** X and Y are single variables. Significance: `analytic` (Student's t) or `shuffle` (blocks of residuals). */
export function parcorr(options: TestOptions = {}): IndependenceTest {
  const analytic = (options.significance ?? 'analytic') === 'analytic'
  return residualTest({
    name: 'parcorr',
    options,
    residuals: ({ rows, roles }, wanted, note) => standardResiduals(rows, roles, wanted, note),
    quick: quickPartialCorrelation,
    ...(analytic && {
      shortcut: (series, tauMax, cutOff, note) =>
        parcorrShortcut(series, { tauMax, cutOff, maskType: options.maskType ?? '' }, note),
    }),
  })
}

/** By the correlation matrix of the rows; undefined where that would not be exact. */
export function quickPartialCorrelation({ rows, roles }: Pick<Samples, 'rows' | 'roles'>): number | undefined {
  const order: number[] = []
  for (const wanted of [Z, X, Y]) for (let k = 0; k < roles.length; k++) if (roles[k] === wanted) order.push(k)
  const matrix = correlationsOf(rows, order)
  if (matrix === undefined) return undefined
  const value = partialCorrelation(matrix, order.length)
  return Number.isNaN(value) ? undefined : value
}
