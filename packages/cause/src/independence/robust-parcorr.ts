/** Partial correlation of normal scores: for variables that are monotone functions of Gaussian ones, with any marginals. */
import type { Samples } from '../series/samples.ts'
import { normalScores } from '../statistics/normal-scores.ts'
import { quickPartialCorrelation } from './parcorr.ts'
import { pearsonShuffled, residualTest, standardResiduals } from './parcorr-common.ts'
import { parcorrShortcut } from './parcorr-shortcut.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

/** X and Y are single variables. Significance: `analytic` (Student's t) or `shuffle` (blocks of residuals). */
export function robustParcorr(options: TestOptions = {}): IndependenceTest {
  const analytic = (options.significance ?? 'analytic') === 'analytic'
  const scored = (samples: Samples): Samples => ({ ...samples, rows: samples.rows.map(normalScores) })
  return residualTest({
    name: 'robust-parcorr',
    options,
    residuals: (samples, wanted, note) => standardResiduals(scored(samples).rows, samples.roles, wanted, note),
    // As the reference has it, shuffled residuals become normal scores once more.
    shuffled: (pair) => pearsonShuffled(pair.map(normalScores)),
    quick: (samples) => quickPartialCorrelation(scored(samples)),
    ...(analytic && {
      shortcut: (series, tauMax, cutOff, note) =>
        parcorrShortcut(series, { tauMax, cutOff, maskType: options.maskType ?? '', scores: true }, note),
    }),
  })
}
