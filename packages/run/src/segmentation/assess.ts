/** `ecotope:assess`: how good the map is where it was not trained. */
import { join } from 'node:path'
import {
  addConfusions,
  type ConfusionMatrix,
  confusion,
  ensembleCategorical,
  precisionRecallCurve,
  reliability,
  scores,
} from '@ecotope/belief'
import { throwIfAborted } from '@ecotope/core'
import { type BandCube, openRaster } from '@ecotope/cube'
import { type LabelledCube, type SplitPlan, strips } from '@ecotope/model'
import type { StepContext } from '../process.ts'
import { CLASS_FILE } from './belief-map.ts'
import { type FittedArguments, logitsOf } from './calibrate.ts'
import { openSamples } from './prepare.ts'
import { optional, process, required, resultOf, spec } from './specs.ts'
import { planOf } from './split.ts'
import type { AssessmentValue, BlockValue, CalibrationValue, SplitValue } from './types.ts'

interface AssessArguments extends FittedArguments {
  readonly calibration: unknown
  readonly map: unknown
}

export const assess = process<AssessArguments, AssessmentValue & { all: ConfusionMatrix }>({
  version: '1',
  spec: spec(
    'assess',
    'Score the map on the test blocks',
    'Confusion matrix, kappa, F1 and further scores by class and by block, precision-recall curves, and reliability before and after calibration; on test blocks only.',
    [
      required('samples', 'What prepare_samples gave.'),
      required('split', 'What split_blocks gave.'),
      required('fit', 'What ml_fit gave.'),
      optional('views', 'Mirrored views to average: 1, 2 or 4.', { type: 'integer' }, 4),
      required('calibration', 'What calibrate gave.'),
      required('map', 'What ml_predict_probabilities gave.'),
    ],
    'Scores; `all` is the confusion matrix of all labelled pixels, for areas.',
  ),
  run: async (args, context) => {
    const split = resultOf<SplitValue>(context.step(args.split))
    const { fit } = resultOf<CalibrationValue>(context.step(args.calibration))
    const samples = await openSamples(context.step(args.samples), context.memoryBytes)
    try {
      const classes = samples.classes
      const { blocks, all } = await compare(
        samples,
        planOf(split),
        join(context.step(args.map).directory, CLASS_FILE),
        context,
      )
      const matrix = addConfusions(blocks.map((block) => block.confusion))
      const { members, labels } = await logitsOf('test', args, context)
      const before = ensembleCategorical(members, classes.length, 1).probability
      const after = ensembleCategorical(members, classes.length, fit).probability
      return {
        on: 'test blocks',
        confusion: matrix,
        scores: scores(matrix, classes),
        before: reliability(before, labels),
        after: reliability(after, labels),
        precisionRecall: classes.map((name, k) => ({ name, curve: curveOf(after, labels, k) })),
        blocks,
        all,
      }
    } finally {
      await samples.close()
    }
  },
})

function curveOf(probability: Float32Array, labels: Int32Array, k: number) {
  const n = labels.length
  return precisionRecallCurve(
    probability.subarray(k * n, (k + 1) * n),
    Uint8Array.from(labels, (label) => (label === k ? 1 : 0)),
    { points: 256 },
  )
}

/** Confusion by test block, and of all labelled pixels; streams both rasters. */
async function compare(
  samples: LabelledCube & { prepared: { classes: readonly { code: number }[] } },
  plan: SplitPlan,
  classFile: string,
  context: StepContext,
) {
  const map = await openRaster(classFile)
  try {
    const size = samples.classes.length
    const indexOf = new Map(samples.prepared.classes.map(({ code }, k) => [code, k]))
    const blocks = new Map<string, { row: number; column: number; reference: number[]; prediction: number[] }>()
    const counts = new Map<string, BlockValue>()
    let all = confusion([], [], size)
    const { width, height } = samples.labels.grid
    const block = plan.spec.blockPixels
    for (const window of strips(width, height, Math.max(block, 64))) {
      throwIfAborted(context.signal)
      const [labels, predicted] = await Promise.all([samples.labels.read(window), (map as BandCube).read(window)])
      const prediction = predicted.map((code) => indexOf.get(code) ?? Number.NaN)
      all = addConfusions([all, confusion(labels, prediction, size)])
      for (let i = 0; i < labels.length; i++) {
        const row = window.row + Math.floor(i / width) + samples.origin.row
        const column = (i % width) + samples.origin.column
        if (Number.isNaN(labels[i]!) || plan.roleAt(row, column) !== 'test') continue
        // Single-pixel splits have no blocks worth a score of their own: all test pixels count as one.
        const at = block > 1 ? plan.blockAt(row, column) : { row: 0, column: 0 }
        const key = `${at.row}:${at.column}`
        let entry = blocks.get(key)
        if (entry === undefined) {
          entry = { ...at, reference: [], prediction: [] }
          blocks.set(key, entry)
        }
        entry.reference.push(labels[i]!)
        entry.prediction.push(prediction[i]!)
      }
      for (const [key, { row, column, reference, prediction: mapped }] of blocks) {
        const matrix = confusion(reference, mapped, size)
        const earlier = counts.get(key)
        counts.set(key, {
          row,
          column,
          confusion: earlier === undefined ? matrix : addConfusions([earlier.confusion, matrix]),
        })
      }
      blocks.clear()
    }
    return { blocks: [...counts.values()], all }
  } finally {
    await map.close()
  }
}
