/** The fit loop of one network: epochs, schedule, validation, early stopping, checkpoints. Knows nothing of files or rasters. */
import { type ProgressEvent, random, secondsLeft, throwIfAborted, type WorkOptions } from '@ecotope/core'
import { adamW, createTrainer, initialise, type Trainer, type TrainerState } from '@ecotope/tensor'
import type { Augmentation } from './augment.ts'
import { type Batch, type BatchShape, trainingBatch, validationBatch, validationTiles } from './batch.ts'
import { type LossName, losses } from './losses.ts'
import { type Network, type NetworkSpec, network } from './networks.ts'
import type { RoleIndex, TileReader } from './samples.ts'
import { cosineRate } from './schedule.ts'

export interface FitOptions {
  readonly network: NetworkSpec
  readonly loss: LossName
  readonly gamma: number
  readonly missShare: number
  readonly epochs: number
  readonly stepsPerEpoch: number
  readonly batchSize: number
  readonly tilePixels: number
  readonly learningRate: number
  readonly weightDecay: number
  readonly clipNorm: number
  /** Share of all steps over which the learning rate rises, in [0, 1). */
  readonly warmUp: number
  /** Epochs without a better validation loss after which training stops. */
  readonly patience: number
  readonly balance: number
  readonly augmentation: Augmentation
  readonly seed: number
  readonly threads: number
}

export interface EpochRecord {
  /** From 1. */
  readonly epoch: number
  readonly trainLoss: number
  /** NaN where there is nothing to validate on. */
  readonly validationLoss: number
  readonly learningRate: number
  readonly gradientNorm: number
}

export interface FittedMember {
  readonly parameters: Float32Array<ArrayBuffer>
  readonly curve: readonly EpochRecord[]
  readonly bestEpoch: number
  readonly seconds: number
}

/** All that is needed to go on after an interruption. */
export interface Checkpoint {
  readonly state: TrainerState
  readonly best: Float32Array<ArrayBuffer>
  readonly bestEpoch: number
  readonly curve: readonly EpochRecord[]
  readonly seconds: number
}

/** Where checkpoints live; both may be asynchronous. */
export interface CheckpointStore {
  load(): Promise<Checkpoint | undefined>
  save(checkpoint: Checkpoint): Promise<void>
}

export interface FitData {
  readonly reader: TileReader
  readonly index: RoleIndex
  readonly width: number
  readonly height: number
  readonly classes: number
}

const VALIDATION_TILES = 64
const SCHEDULE_FLOOR = 0.01

/**
 * Fits one network and returns the parameters of the epoch with the lowest validation loss.
 * @throws CancelledError after the last finished epoch has been saved; InputError `LossNotFinite` when training diverges.
 */
export async function fitNetwork(
  data: FitData,
  options: FitOptions,
  store: CheckpointStore,
  work: WorkOptions = {},
): Promise<FittedMember> {
  const net = network(options.network)
  const shape: BatchShape = {
    batch: options.batchSize,
    bands: options.network.bands,
    classes: data.classes,
    tilePixels: options.tilePixels,
  }
  const trainer = await openTrainer(net, shape, data, options)
  try {
    const checks = await validationBatches(data, shape)
    let run = await restore(trainer, store)
    const started = performance.now()
    const before = run.seconds
    while (run.curve.length < options.epochs && !patienceIsOver(run, options.patience)) {
      const record = await oneEpoch(trainer, data, shape, options, run.curve.length, work, started)
      const validationLoss = await meanLoss(trainer, checks)
      const curve = [...run.curve, { ...record, validationLoss }]
      const state = await trainer.state()
      const better = Number.isNaN(validationLoss) || validationLoss <= bestLoss(run)
      run = {
        state,
        curve,
        best: better ? state.parameters : run.best,
        bestEpoch: better ? curve.length : run.bestEpoch,
        seconds: before + (performance.now() - started) / 1000,
      }
      await store.save(run)
    }
    return { parameters: run.best, curve: run.curve, bestEpoch: run.bestEpoch, seconds: run.seconds }
  } finally {
    await trainer.close()
  }
}

const bestLoss = (run: Checkpoint): number =>
  run.bestEpoch === 0
    ? Number.POSITIVE_INFINITY
    : (run.curve[run.bestEpoch - 1]?.validationLoss ?? Number.POSITIVE_INFINITY)

const patienceIsOver = (run: Checkpoint, patience: number): boolean => run.curve.length - run.bestEpoch >= patience

async function openTrainer(net: Network, shape: BatchShape, data: FitData, options: FitOptions): Promise<Trainer> {
  const { batch, bands, classes, tilePixels } = shape
  const lossOptions = { counts: data.index.counts.train, gamma: options.gamma, missShare: options.missShare }
  const trainer = await createTrainer({
    parameters: net.parameters,
    batch: {
      x: { shape: [batch, bands, tilePixels, tilePixels] },
      target: { shape: [batch, classes, tilePixels, tilePixels] },
    },
    loss: (parameters, { x, target }) => ({
      loss: losses[options.loss](net.apply(parameters as never, x), target, lossOptions),
    }),
    optimiser: adamW({ weightDecay: options.weightDecay }),
    clipNorm: options.clipNorm,
    initial: initialise(net.parameters, random(options.seed).split('initial')),
    threads: options.threads,
  })
  return trainer
}

async function restore(trainer: Trainer, store: CheckpointStore): Promise<Checkpoint> {
  const saved = await store.load()
  if (saved !== undefined) {
    await trainer.restore(saved.state)
    return saved
  }
  const state = await trainer.state()
  return { state, best: state.parameters, bestEpoch: 0, curve: [], seconds: 0 }
}

async function oneEpoch(
  trainer: Trainer,
  data: FitData,
  shape: BatchShape,
  options: FitOptions,
  epoch: number,
  work: WorkOptions,
  started: number,
): Promise<Omit<EpochRecord, 'validationLoss'>> {
  // The stream is named by the epoch, so that a resumed run draws what an uninterrupted one would have drawn.
  const draw = random(options.seed).split(`epoch ${epoch}`)
  const from = {
    index: data.index.train,
    balance: options.balance,
    width: data.width,
    height: data.height,
    augmentation: options.augmentation,
  }
  const totalSteps = options.epochs * options.stepsPerEpoch
  const schedule = {
    peak: options.learningRate,
    totalSteps,
    warmUpSteps: Math.round(options.warmUp * totalSteps),
    floor: SCHEDULE_FLOOR,
  }
  let [lossSum, normSum, learningRate] = [0, 0, 0]
  for (let step = 0; step < options.stepsPerEpoch; step++) {
    throwIfAborted(work.signal)
    const batch = await trainingBatch(data.reader, shape, from, draw)
    learningRate = cosineRate(schedule, epoch * options.stepsPerEpoch + step)
    const { loss, gradientNorm } = await trainer.step(asInputs(batch), { learningRate })
    lossSum += loss
    normSum += gradientNorm
    work.onProgress?.(progressOf(options, epoch, step, lossSum / (step + 1), started))
  }
  const n = options.stepsPerEpoch
  return { epoch: epoch + 1, trainLoss: lossSum / n, gradientNorm: normSum / n, learningRate }
}

const asInputs = (batch: Batch): Record<string, Float32Array<ArrayBuffer>> => ({ x: batch.x, target: batch.target })

function progressOf(options: FitOptions, epoch: number, step: number, loss: number, started: number): ProgressEvent {
  const fraction = (epoch + (step + 1) / options.stepsPerEpoch) / options.epochs
  return {
    step: 'fit',
    fraction,
    epoch: epoch + 1,
    epochs: options.epochs,
    loss,
    secondsLeft: secondsLeft(started, fraction),
  }
}

/** Validation batches with their labelled pixels; read once, since every epoch sees the same. */
async function validationBatches(data: FitData, shape: BatchShape): Promise<{ batch: Batch; labelled: number }[]> {
  const tiles = validationTiles(data.index.validation, {
    ...data,
    tilePixels: shape.tilePixels,
    limit: VALIDATION_TILES,
  })
  const batches: { batch: Batch; labelled: number }[] = []
  for (let i = 0; i < tiles.length; i += shape.batch) {
    const batch = await validationBatch(data.reader, shape, tiles.slice(i, i + shape.batch))
    batches.push({ batch, labelled: batch.target.reduce((sum, v) => sum + v, 0) })
  }
  return batches
}

/** Mean loss weighted by labelled pixels; NaN without validation labels. */
async function meanLoss(trainer: Trainer, batches: readonly { batch: Batch; labelled: number }[]): Promise<number> {
  let [sum, weight] = [0, 0]
  for (const { batch, labelled } of batches) {
    if (labelled === 0) continue
    const { loss } = await trainer.evaluate(asInputs(batch))
    sum += loss * labelled
    weight += labelled
  }
  return weight === 0 ? Number.NaN : sum / weight
}
