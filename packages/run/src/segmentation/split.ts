/** `ecotope:split_blocks`: which pixels train, validate and test, and the normalisation that the training pixels give. */
import { InputError, random, type Warning } from '@ecotope/core'
import {
  chooseValidation,
  indexRoles,
  type LabelledCube,
  normalisationOf,
  parseSplit,
  type Role,
  type SplitPlan,
  splitPlan,
  trainingMoments,
  trainingSubBlocks,
} from '@ecotope/model'
import { openSamples } from './prepare.ts'
import { optional, process, required, spec } from './specs.ts'
import type { SplitValue } from './types.ts'

interface SplitArguments {
  readonly samples: unknown
  readonly split: string
  readonly validation_share: number
}

export const splitBlocks = process<SplitArguments, SplitValue>({
  version: '1',
  spec: spec(
    'split_blocks',
    'Divide the samples into training, validation and test blocks',
    'Assigns whole blocks of pixels, so that test pixels have no training pixels beside them. Validation pieces are taken from training blocks only.',
    [
      required('samples', 'What prepare_samples gave.'),
      optional(
        'split',
        'blocks:PIXELS:checkerboard, blocks:PIXELS:random[:SHARE] or random-pixels[:SHARE].',
        { type: 'string' },
        'blocks:128:checkerboard',
      ),
      optional(
        'validation_share',
        'Share of the training pixels that validate.',
        { type: 'number', minimum: 0.05, maximum: 0.5 },
        0.15,
      ),
    ],
    'The assignment, pixel counts by role and class, and the normalisation of each band.',
  ),
  run: async (args, context) => {
    const warnings: Warning[] = []
    const samples = await openSamples(context.step(args.samples), context.memoryBytes)
    try {
      const splitSpec = parseSplit(args.split, (warning) => {
        warnings.push(warning)
        context.onWarning?.(warning)
      })
      const open = splitPlan(splitSpec, context.seed, [])
      const pieces = await trainingSubBlocks(samples, open)
      const validation = chooseValidation(
        pieces,
        samples.classes.length,
        args.validation_share,
        random(context.seed).split('validation'),
      )
      const plan = splitPlan(splitSpec, context.seed, validation)
      const { counts } = await indexRoles(samples, plan, random(context.seed))
      checkRoles(samples, counts, args.split)
      const moments = await trainingMoments(samples, plan, context)
      const names = samples.features.bands.map((band) => band.name)
      return {
        split: args.split,
        validation,
        normalisation: normalisationOf(names, moments),
        counts,
        seed: context.seed,
        warnings,
      }
    } finally {
      await samples.close()
    }
  },
})

function checkRoles(samples: LabelledCube, counts: Readonly<Record<Role, readonly number[]>>, split: string): void {
  for (const role of ['train', 'test'] as const) {
    const missing = samples.classes.filter((_, k) => counts[role][k] === 0)
    if (missing.length === 0) continue
    const blocks = role === 'train' ? 'training' : 'test'
    throw new InputError(
      'ClassMissingInSplit',
      `no ${blocks} block of ${split} holds a pixel of ${missing.join(', ')}`,
      {
        hint: 'use smaller blocks, another seed with blocks:PIXELS:random, or more polygons of this class',
        data: { role, classes: missing, split },
      },
    )
  }
}

/** The plan that a split step fixed. */
export function planOf(value: SplitValue): SplitPlan {
  return splitPlan(parseSplit(value.split), value.seed, value.validation)
}
