/** `ecotope:calibrate`: temperature scaling of the ensemble on validation blocks. */
import { fitTemperature, temperatureCalibration } from '@ecotope/belief'
import { type Ensemble, openEnsemble, type Views } from '@ecotope/model'
import type { StepContext } from '../process.ts'
import { collectLogits, type LabelledLogits } from './collect.ts'
import { readMembers } from './fit.ts'
import { openSamples } from './prepare.ts'
import { optional, process, required, resultOf, spec } from './specs.ts'
import { planOf } from './split.ts'
import type { CalibrationValue, FitValue, SplitValue } from './types.ts'

export interface FittedArguments {
  readonly samples: unknown
  readonly split: unknown
  readonly fit: unknown
  readonly views: Views
}

/** Runs something with the ensemble that a fit step left, and closes it. */
export async function withEnsemble<T>(
  args: FittedArguments,
  context: StepContext,
  use: (ensemble: Ensemble) => Promise<T>,
): Promise<T> {
  const step = context.step(args.fit)
  const value = resultOf<FitValue>(step)
  const ensemble = openEnsemble({
    network: value.network,
    members: await readMembers(step.directory, value),
    views: args.views,
    threads: context.threads,
    device: context.device,
  })
  try {
    return await use(ensemble)
  } finally {
    await ensemble.close()
  }
}

/** Logits of the labelled pixels of one role. */
export async function logitsOf(
  role: 'validation' | 'test',
  args: FittedArguments,
  context: StepContext,
): Promise<LabelledLogits> {
  const split = resultOf<SplitValue>(context.step(args.split))
  const samples = await openSamples(context.step(args.samples), context.memoryBytes)
  try {
    return await withEnsemble(args, context, (ensemble) =>
      collectLogits(samples, {
        ...workOf(context),
        ensemble,
        normalisation: split.normalisation,
        plan: planOf(split),
        role,
        seed: context.seed,
      }),
    )
  } finally {
    await samples.close()
  }
}

function workOf({ signal, onProgress }: StepContext) {
  return { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) }
}

export const calibrate = process<FittedArguments, CalibrationValue>({
  version: '1',
  spec: spec(
    'calibrate',
    'Scale the temperature of an ensemble on validation blocks',
    'Finds the temperature that minimises the negative log-likelihood of the averaged probability on the validation pixels (Guo et al. 2017).',
    [
      required('samples', 'What prepare_samples gave.'),
      required('split', 'What split_blocks gave.'),
      required('fit', 'What ml_fit gave.'),
      optional('views', 'Mirrored views to average: 1, 2 or 4.', { type: 'integer' }, 4),
    ],
    'The calibration and its effect.',
  ),
  run: async (args, context) => {
    const { members, labels } = await logitsOf('validation', args, context)
    if (labels.length === 0) {
      context.onWarning?.({
        tag: 'NotCalibrated',
        message: 'no validation pixel is labelled, so that the probabilities stay as the networks gave them',
      })
      const classes = resultOf<FitValue>(context.step(args.fit)).network.classes
      return {
        fit: { ...temperatureCalibration(1, classes), nllBefore: 0, nllAfter: 0, count: 0, atBound: false },
        pixels: 0,
      }
    }
    return { fit: fitTemperature(members, labels), pixels: labels.length }
  },
})
