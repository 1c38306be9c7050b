import { expect, test } from 'vitest'
import * as model from '../src/index.ts'

// A change here is a change of the public interface: make it on purpose.
test('what the package exports', () => {
  expect(Object.keys(model).sort((a, b) => a.localeCompare(b))).toMatchInlineSnapshot(`
    [
      "bandMoments",
      "chooseValidation",
      "classWeights",
      "cosineRate",
      "edgeWeights",
      "ensembleProgram",
      "fitNetwork",
      "forEachLabel",
      "indexRoles",
      "isTestBlock",
      "joined",
      "losses",
      "network",
      "normalisationOf",
      "normaliseInPlace",
      "openEnsemble",
      "parameterCount",
      "parseSplit",
      "predictMosaic",
      "splitPlan",
      "strips",
      "tileReader",
      "tiling",
      "trainingMoments",
      "trainingSubBlocks",
      "UNLABELLED",
    ]
  `)
})
