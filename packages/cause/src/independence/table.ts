/** The tests by name, as on the command line. */
import { InputError } from '@ecotope/core'
import { cmiKnn } from './cmi-knn.ts'
import { cmiKnnMixed } from './cmi-knn-mixed.ts'
import { cmiSymb } from './cmi-symb.ts'
import { gpdc } from './gpdc.ts'
import { gsquared } from './gsquared.ts'
import { type PairwiseMultOptions, pairwiseMult } from './pairwise-mult.ts'
import { parcorr } from './parcorr.ts'
import { parcorrMult } from './parcorr-mult.ts'
import { parcorrWls } from './parcorr-wls.ts'
import { regressionCi } from './regression-ci.ts'
import { robustParcorr } from './robust-parcorr.ts'
import type { IndependenceTest, TestOptions } from './test.ts'

/** Each makes its test from the options of all tests and its own. */
export const independenceTests = {
  parcorr,
  'robust-parcorr': robustParcorr,
  'parcorr-wls': parcorrWls,
  'parcorr-mult': parcorrMult,
  gpdc,
  'cmi-knn': cmiKnn,
  'cmi-knn-mixed': cmiKnnMixed,
  'cmi-symb': cmiSymb,
  gsquared,
  'regression-ci': regressionCi,
  'pairwise-mult': (options: PairwiseMultOptions = {}) => pairwiseMult(options, independenceTest),
} as const satisfies Record<string, (options?: TestOptions) => IndependenceTest>

export type IndependenceTestName = keyof typeof independenceTests

/** Throws `InputError` UnknownTest. */
export function independenceTest(name: string, options: TestOptions = {}): IndependenceTest {
  const make = Object.hasOwn(independenceTests, name) ? independenceTests[name as IndependenceTestName] : undefined
  if (make !== undefined) return make(options)
  throw new InputError('UnknownTest', `there is no independence test ${name}`, {
    hint: `Tests are ${Object.keys(independenceTests).join(', ')}.`,
    data: { name },
  })
}
