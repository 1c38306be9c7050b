import { expect, test } from 'vitest'
import * as belief from '../src/index.ts'

// A change here is a change of the public interface: make it on purpose.
test('what the package exports', () => {
  expect(Object.keys(belief).sort((a, b) => a.localeCompare(b))).toEqual([
    'addConfusions',
    'allocate',
    'areaEstimate',
    'blockBootstrap',
    'conformalSets',
    'confusion',
    'ensembleCategorical',
    'fitConformal',
    'fitTemperature',
    'isRefusal',
    'mcnemar',
    'mostProbable',
    'normalisedEntropy',
    'precisionRecallCurve',
    'reliability',
    'sampleSize',
    'scores',
    'stratifiedSample',
    'temperatureCalibration',
    'transposed',
  ])
})
