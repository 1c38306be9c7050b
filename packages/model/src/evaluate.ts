/** What an epoch has come to: the parameters as they would predict, and their loss on the validation tiles. */
import type { Tensor, Trainer } from '@ecotope/tensor'
import { type Batch, type BatchShape, validationBatch, validationTiles } from './batch.ts'
import { foldMoments, momentCount, momentRecorder, populationMoments, withMoments } from './batch-norm.ts'
import type { Norm } from './layers.ts'
import type { Network } from './networks.ts'
import type { PixelIndex } from './sampler.ts'
import type { TileReader } from './samples.ts'

export interface EpochResult {
  /** Flat, as `Network.apply` takes them. */
  readonly parameters: Float32Array<ArrayBuffer>
  /** Mean over labelled pixels; NaN where there is nothing to validate on. */
  readonly validationLoss: number
}

/** `parameters`: the live ones; `recent`: features of the epoch's last batches. */
export type Evaluate = (
  parameters: Float32Array<ArrayBuffer>,
  recent: readonly Float32Array<ArrayBuffer>[],
) => Promise<EpochResult>

export interface EvaluationSetting {
  readonly trainer: Trainer
  readonly network: Network
  readonly shape: BatchShape
  readonly loss: (logits: Tensor, target: Tensor) => Tensor
  readonly checks: readonly ValidationBatch[]
}

export interface ValidationBatch extends Batch {
  readonly labelled: number
}

const VALIDATION_TILES = 64
/** Batches at the end of an epoch from which population statistics are taken. */
export const STATISTICS_BATCHES = 10

/** Batches of the validation tiles; read once, since every epoch sees the same. */
export async function validationBatches(
  reader: TileReader,
  index: PixelIndex,
  extent: { readonly width: number; readonly height: number },
  shape: BatchShape,
): Promise<ValidationBatch[]> {
  const tiles = validationTiles(index, { ...extent, tilePixels: shape.tilePixels, limit: VALIDATION_TILES })
  const batches: ValidationBatch[] = []
  for (let i = 0; i < tiles.length; i += shape.batch) {
    const batch = await validationBatch(reader, shape, tiles.slice(i, i + shape.batch))
    const labelled = batch.target.reduce((sum, v) => sum + v, 0)
    if (labelled > 0) batches.push({ ...batch, labelled })
  }
  return batches
}

async function meanLoss(
  checks: readonly ValidationBatch[],
  lossOf: (batch: Batch) => Promise<number>,
): Promise<number> {
  let [sum, weight] = [0, 0]
  for (const batch of checks) {
    sum += (await lossOf(batch)) * batch.labelled
    weight += batch.labelled
  }
  return weight === 0 ? Number.NaN : sum / weight
}

const plainEvaluation = ({ trainer, checks }: EvaluationSetting): Promise<Evaluate> =>
  Promise.resolve(async (parameters) => ({
    parameters,
    validationLoss: await meanLoss(checks, async ({ x, target }) => (await trainer.evaluate({ x, target })).loss),
  }))

/** Takes the population's statistics first, so that what is validated is what will predict. */
async function batchNormEvaluation(setting: EvaluationSetting): Promise<Evaluate> {
  const { trainer, network: net, shape, checks } = setting
  const pixels = [shape.tilePixels, shape.tilePixels] as const
  const x = { shape: [shape.batch, shape.bands, ...pixels] }
  const target = { shape: [shape.batch, shape.classes, ...pixels] }
  const recorder = await trainer.compile(
    (p, inputs) => {
      const { convNorm, moments } = momentRecorder()
      net.applyWith(convNorm, p as never, inputs.x)
      return { moments: moments() }
    },
    { x },
  )
  const judge = await trainer.compile(
    (p, inputs) => {
      const logits = net.applyWith(withMoments(net.parameters, inputs.moments), p as never, inputs.x)
      return { loss: setting.loss(logits, inputs.target) }
    },
    { x, target, moments: { shape: [momentCount(net.parameters)] } },
  )
  return async (parameters, recent) => {
    const seen: Float32Array[] = []
    for (const features of recent) seen.push((await recorder.run({ x: features })).moments!.data)
    const moments = populationMoments(seen)
    const lossOf = async (batch: Batch): Promise<number> =>
      (await judge.run({ x: batch.x, target: batch.target, moments })).loss!.data[0]!
    return {
      parameters: foldMoments(net.parameters, parameters, moments),
      validationLoss: await meanLoss(checks, lossOf),
    }
  }
}

/** How an epoch is judged, by norm. */
export const evaluations: Record<Norm, (setting: EvaluationSetting) => Promise<Evaluate>> = {
  group: plainEvaluation,
  channel: plainEvaluation,
  batch: batchNormEvaluation,
}
