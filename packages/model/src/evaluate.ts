/** What training has come to: the loss on the validation tiles after an epoch, and the parameters that predict at the end. */
import type { Tensor, Trainer } from '@ecotope/tensor'
import { type Batch, type BatchShape, validationBatch, validationTiles } from './batch.ts'
import { foldMoments, momentCount, momentRecorder, populationMoments, withMoments } from './batch-norm.ts'
import type { Norm } from './layers.ts'
import type { Network } from './networks.ts'
import type { PixelIndex } from './sampler.ts'
import type { TileReader } from './samples.ts'

type Features = Float32Array<ArrayBuffer>

export interface Evaluation {
  /**
   * Mean validation loss over labelled pixels of the live parameters; NaN where there is nothing to validate on.
   * `recent`: features of the epoch's last training batches.
   */
  validationLoss(recent: readonly Features[]): Promise<number>
  /** Trained parameters as `Network.apply` takes them, both flat. `draw` makes features of a further training batch. */
  finish(best: Float32Array<ArrayBuffer>, draw: () => Promise<Features>): Promise<Float32Array<ArrayBuffer>>
}

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
/** Batches at the end of an epoch whose statistics its validation uses. */
export const RECENT_BATCHES = 4
/** Batches from which the statistics that predict are taken. */
const POPULATION_BATCHES = 32

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

const plainEvaluation = ({ trainer, checks }: EvaluationSetting): Promise<Evaluation> =>
  Promise.resolve({
    validationLoss: () => meanLoss(checks, async ({ x, target }) => (await trainer.evaluate({ x, target })).loss),
    finish: (best) => Promise.resolve(best),
  })

/** Statistics of training batches at fixed parameters stand in for those of a batch, in validation as in prediction. */
async function batchNormEvaluation(setting: EvaluationSetting): Promise<Evaluation> {
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
  const momentsOf = async (features: Features): Promise<Float32Array> =>
    (await recorder.run({ x: features })).moments!.data
  return {
    validationLoss: async (recent) => {
      if (checks.length === 0) return Number.NaN
      const seen: Float32Array[] = []
      for (const features of recent) seen.push(await momentsOf(features))
      const moments = populationMoments(seen)
      return meanLoss(checks, async (batch) => {
        const { loss } = await judge.run({ x: batch.x, target: batch.target, moments })
        return loss!.data[0]!
      })
    },
    finish: async (best, draw) => {
      await trainer.restore({ ...(await trainer.state()), parameters: best })
      const seen: Float32Array[] = []
      while (seen.length < POPULATION_BATCHES) seen.push(await momentsOf(await draw()))
      return foldMoments(net.parameters, best, populationMoments(seen))
    },
  }
}

/** How training is judged and finished, by norm. */
export const evaluations: Record<Norm, (setting: EvaluationSetting) => Promise<Evaluation>> = {
  group: plainEvaluation,
  channel: plainEvaluation,
  batch: batchNormEvaluation,
}
