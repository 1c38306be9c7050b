/** `metrics.json`: the numbers of a run for machines, from the values of its steps. */
import {
  type AreaEstimate,
  areaEstimate,
  type ConfusionMatrix,
  type Refusal,
  type SamplingDesign,
  transposed,
} from '@ecotope/belief'
import type { Run } from '../execute.ts'
import type { JsonValue } from '../json.ts'
import { resultOf } from './specs.ts'
import type { AssessmentValue, CalibrationValue, FitValue, MapValue, PreparedValue, SplitValue } from './types.ts'

/** The values of all steps, by what they are. */
export interface Outcome {
  readonly prepared: PreparedValue
  readonly split: SplitValue
  readonly fit: FitValue
  readonly calibration: CalibrationValue
  readonly map: MapValue
  readonly assessment: AssessmentValue & { readonly all: ConfusionMatrix }
  readonly directories: Readonly<Record<'samples' | 'map' | 'polygons' | 'model', string>>
  readonly polygons: number
}

export function outcomeOf(run: Run): Outcome {
  const of = (id: string) =>
    run.steps.find((step) => step.process.replace(/^.*[:@]/, '') === id || step.process === id)!
  return {
    prepared: resultOf(of('prepare_samples')),
    split: resultOf(of('split_blocks')),
    fit: resultOf(of('ml_fit')),
    calibration: resultOf(of('calibrate')),
    map: resultOf(of('ml_predict_probabilities')),
    assessment: resultOf(of('assess')),
    polygons: resultOf<{ polygons: number }>(of('vectorise_classes')).polygons,
    directories: {
      samples: of('prepare_samples').directory,
      map: of('ml_predict_probabilities').directory,
      polygons: of('vectorise_classes').directory,
      model: of('save_ml_model').directory,
    },
  }
}

/** Share of the valid pixels that must carry a label for the labels to be a census: a hull's edge may lose a few. */
const CENSUS_SHARE = 0.999

/** The design that the labels amount to, unless the user knows better. */
export function designOf(prepared: PreparedValue, declared: unknown): SamplingDesign {
  if (declared === 'simple' || declared === 'stratified' || declared === 'census') return { kind: declared }
  const labelled = prepared.classes.reduce((sum, c) => sum + c.pixels, 0)
  // With a background class every pixel inside the hull has a reference: a census of the mapped extent.
  if (prepared.background === 'class' || labelled >= CENSUS_SHARE * prepared.validPixels) return { kind: 'census' }
  return {
    kind: 'other',
    reason:
      'the polygons cover a part of the map that was chosen, not drawn at random; draw a probability sample (Olofsson et al. 2014) ' +
      'and declare it with labelDesign=stratified or labelDesign=simple',
  }
}

/** Areas of the labelled extent (census) or of the whole map (a probability sample). */
export function areasOf(outcome: Outcome, declared: unknown): AreaEstimate | Refusal {
  const { prepared, assessment, map } = outcome
  const design = designOf(prepared, declared)
  const sample = transposed(assessment.all)
  const mapped = design.kind === 'census' ? sample.map((row) => row.reduce((a, b) => a + b, 0)) : map.mapped
  return areaEstimate({
    names: prepared.classes.map((c) => c.name),
    mapped,
    sample,
    pixelAreaSquareMetres: prepared.pixelAreaSquareMetres,
    design,
  })
}

export function metricsOf(
  run: Run,
  outcome: Outcome,
  areas: AreaEstimate | Refusal,
  peakRssMb: number,
): Record<string, JsonValue> {
  const { assessment, split, fit, map, calibration } = outcome
  const { kappa, overallAccuracy, meanF1, meanIou, balancedAccuracy, classes } = assessment.scores
  const secondsOf = (...ids: string[]): number =>
    run.steps.filter((step) => ids.some((id) => step.process.endsWith(id))).reduce((sum, step) => sum + step.seconds, 0)
  return json({
    kappa,
    overallAccuracy,
    meanF1,
    meanIou,
    balancedAccuracy,
    classes: classes.map(({ name, precision, recall, f1, iou, support }) => ({
      name,
      precision,
      recall,
      f1,
      iou,
      support,
    })),
    confusion: { rows: 'reference', columns: 'map', counts: assessment.confusion },
    calibration: {
      ece: assessment.after.ece,
      nll: assessment.after.nll,
      brier: assessment.after.brier,
      classwiseEce: assessment.after.classwiseEce,
      uncalibrated: { ece: assessment.before.ece, nll: assessment.before.nll },
      temperature: calibration.fit.temperature,
    },
    areas,
    split: { text: split.split, pixels: split.counts, on: assessment.on },
    seconds: {
      prepare: secondsOf('prepare_samples', 'split_blocks'),
      train: secondsOf('ml_fit'),
      predict: secondsOf('ml_predict_probabilities'),
      assess: secondsOf('calibrate', 'assess'),
    },
    network: { ...fit.network, parameters: fit.parameters, members: fit.members.length, loss: fit.loss },
    mappedPixels: map.mapped,
    polygons: outcome.polygons,
    peakRssMb,
    seed: run.seed,
  }) as Record<string, JsonValue>
}

const json = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value)) as JsonValue
