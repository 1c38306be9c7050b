/** `ecotope:ml_predict_probabilities`: the Belief of every pixel. */

import { writeBeliefMap } from './belief-map.ts'
import { type FittedArguments, withEnsemble } from './calibrate.ts'
import { PROGRAM_BYTES } from './fit.ts'
import { openSamples } from './prepare.ts'
import { optional, process, required, resultOf, spec } from './specs.ts'
import { WHOLE } from './tiles.ts'
import type { CalibrationValue, FitValue, MapValue, SplitValue } from './types.ts'

/** Bytes by channel of the first level and pixel of a tile: the activations that live at one time. */
const PREDICTION_BYTES = 32

interface MapArguments extends FittedArguments {
  readonly calibration: unknown
}

export const predictProbabilities = process<MapArguments, MapValue>({
  version: '1',
  seeded: false,
  spec: spec(
    'ml_predict_probabilities',
    'Map the probability of each class with its uncertainty',
    'Predicts by overlapping tiles, averages the members and splits the entropy of the result into what the members agree on (aleatoric) and what they differ in (epistemic).',
    [
      required('samples', 'What prepare_samples gave.'),
      required('split', 'What split_blocks gave.'),
      required('fit', 'What ml_fit gave.'),
      optional('views', 'Mirrored views to average: 1, 2 or 4.', { type: 'integer' }, 4),
      required('calibration', 'What calibrate gave.'),
    ],
    'probability.tif, class.tif, uncertainty.tif and the pixels of each class.',
  ),
  estimate: (args, context) => {
    const { network } = (context.step(args.fit).value ?? { network: { width: 16 } }) as Pick<FitValue, 'network'>
    return { memoryBytes: PROGRAM_BYTES + PREDICTION_BYTES * network.width * WHOLE ** 2 }
  },
  run: async (args, context) => {
    const started = performance.now()
    const split = resultOf<SplitValue>(context.step(args.split))
    const { fit } = resultOf<CalibrationValue>(context.step(args.calibration))
    const samples = await openSamples(context.step(args.samples), context.memoryBytes)
    try {
      const mapped = await withEnsemble(args, context, (ensemble) =>
        writeBeliefMap({
          ...context,
          features: samples.features,
          normalisation: split.normalisation,
          ensemble,
          calibration: fit,
          classes: samples.prepared.classes,
        }),
      )
      return { mapped, seconds: (performance.now() - started) / 1000 }
    } finally {
      await samples.close()
    }
  },
})
