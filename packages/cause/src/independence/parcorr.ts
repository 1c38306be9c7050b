/** Partial correlation: correlation of what linear regressions on Z leave of X and Y. */
import { residualTest, standardResiduals } from './parcorr-common.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

/** X and Y are single variables. Significance: `analytic` (Student's t) or `shuffle` (blocks of residuals). */
export function parcorr(options: TestOptions = {}): IndependenceTest {
  return residualTest({
    name: 'parcorr',
    options,
    residuals: ({ rows, roles }, wanted, note) => standardResiduals(rows, roles, wanted, note),
  })
}
