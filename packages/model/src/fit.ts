/** The fit loop of one network: epochs, schedule, validation, early stopping, checkpoints. Knows nothing of files or rasters. */
import { InputError, type ProgressEvent, random, secondsLeft, throwIfAborted, type WorkOptions } from '@ecotope/core'
import {
  createTrainer,
  type Device,
  initialise,
  type NonFinite,
  optim,
  showNonFinite,
  type Tensor,
  type Trainer,
  type TrainerState,
} from '@ecotope/tensor'
import type { Augmentation } from './augment.ts'
import { type BatchShape, type TrainingDraw, trainingBatch } from './batch.ts'
import { batchNormInTraining } from './batch-norm.ts'
import { evaluations, RECENT_BATCHES, validationBatches } from './evaluate.ts'
import { convNorms } from './layers.ts'
import { type LossName, losses } from './losses.ts'
import { type Network, type NetworkSpec, network } from './networks.ts'
import type { RoleIndex, TileReader } from './samples.ts'

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
  /**
   * Which parameters to return: those of the `best` epoch by validation loss, or of the `last`, when the learning rate
   * has come to rest. Training that was stopped early always returns the best.
   */
  readonly keep: 'best' | 'last'
  readonly balance: number
  readonly augmentation: Augmentation
  readonly seed: number
  readonly threads: number
  /** Default: the processors. */
  readonly device?: Device | undefined
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
  /** Flat, as `Network.apply` takes them: those of norm `batch` have the statistics folded in. */
  readonly parameters: Float32Array<ArrayBuffer>
  readonly curve: readonly EpochRecord[]
  /** The epoch whose parameters these are. */
  readonly bestEpoch: number
  readonly seconds: number
}

/** All that is needed to go on after an interruption. */
export interface Checkpoint {
  readonly state: TrainerState
  /** Trained parameters of the best epoch, without any statistics folded in. */
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

const SCHEDULE_FLOOR = 0.01

/**
 * Fits one network and returns the parameters of the epoch that `options.keep` chooses.
 * @throws CancelledError after the last finished epoch has been saved; InputError `LossNotFinite` when training
 *   diverges (the checkpoint of the epoch before stays).
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
  const lossOptions = { counts: data.index.counts.train, gamma: options.gamma, missShare: options.missShare }
  const loss = (logits: Tensor, target: Tensor): Tensor => losses[options.loss](logits, target, lossOptions)
  const trainer = await openTrainer(net, shape, loss, options)
  try {
    const checks = await validationBatches(data.reader, data.index.validation, data, shape)
    const evaluation = await evaluations[options.network.norm]({ trainer, network: net, shape, loss, checks })
    let run = await restore(trainer, store)
    const started = { ms: performance.now(), epoch: run.curve.length }
    const before = run.seconds
    while (run.curve.length < options.epochs && !patienceIsOver(run, options.patience)) {
      const { record, recent } = await oneEpoch(trainer, data, shape, options, run.curve.length, work, started)
      const state = await trainer.state()
      const validationLoss = await evaluation.validationLoss(recent)
      if (checks.length > 0 && !Number.isFinite(validationLoss)) throw notFinite({ ...record, loss: validationLoss })
      const curve = [...run.curve, { ...record, validationLoss }]
      const better = Number.isNaN(validationLoss) || validationLoss <= bestLoss(run)
      run = {
        state,
        curve,
        best: better ? state.parameters : run.best,
        bestEpoch: better ? curve.length : run.bestEpoch,
        seconds: before + (performance.now() - started.ms) / 1000,
      }
      await store.save(run)
    }
    const draw = random(options.seed).split('population')
    const kept = keptOf(run, options)
    const parameters = await evaluation.finish(kept.parameters, async () => {
      throwIfAborted(work.signal)
      return (await trainingBatch(data.reader, shape, drawOf(data, options), draw)).x
    })
    return { parameters, curve: run.curve, bestEpoch: kept.epoch, seconds: run.seconds }
  } finally {
    await trainer.close()
  }
}

const bestLoss = (run: Checkpoint): number =>
  run.bestEpoch === 0
    ? Number.POSITIVE_INFINITY
    : (run.curve[run.bestEpoch - 1]?.validationLoss ?? Number.POSITIVE_INFINITY)

function keptOf(
  run: Checkpoint,
  { keep, epochs }: FitOptions,
): { parameters: Float32Array<ArrayBuffer>; epoch: number } {
  const ended = run.curve.length >= epochs
  if (keep === 'last' && ended) return { parameters: run.state.parameters, epoch: run.curve.length }
  return { parameters: run.best, epoch: run.bestEpoch }
}

const patienceIsOver = (run: Checkpoint, patience: number): boolean => run.curve.length - run.bestEpoch >= patience

async function openTrainer(
  net: Network,
  shape: BatchShape,
  loss: (logits: Tensor, target: Tensor) => Tensor,
  options: FitOptions,
): Promise<Trainer> {
  const { batch, bands, classes, tilePixels } = shape
  const { norm } = net.spec
  const convNorm = norm === 'batch' ? batchNormInTraining : convNorms[norm]
  return createTrainer({
    parameters: net.parameters,
    batch: {
      x: { shape: [batch, bands, tilePixels, tilePixels] },
      target: { shape: [batch, classes, tilePixels, tilePixels] },
    },
    loss: (parameters, { x, target }) => ({ loss: loss(net.applyWith(convNorm, parameters as never, x), target) }),
    optimiser: optim.chain(optim.clipByGlobalNorm(options.clipNorm), optim.adamW({ weightDecay: options.weightDecay })),
    initial: initialise(net.parameters, random(options.seed).split('initial')),
    threads: options.threads,
    device: options.device,
  })
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

interface Started {
  readonly ms: number
  /** Epochs that were done before. */
  readonly epoch: number
}

interface EpochOutcome {
  readonly record: Omit<EpochRecord, 'validationLoss'>
  /** Features of the last batches, oldest first. */
  readonly recent: readonly Float32Array<ArrayBuffer>[]
}

async function oneEpoch(
  trainer: Trainer,
  data: FitData,
  shape: BatchShape,
  options: FitOptions,
  epoch: number,
  work: WorkOptions,
  started: Started,
): Promise<EpochOutcome> {
  // The stream is named by the epoch, so that a resumed run draws what an uninterrupted one would have drawn.
  const draw = random(options.seed).split(`epoch ${epoch}`)
  const from = drawOf(data, options)
  const schedule = scheduleOf(options)
  const n = options.stepsPerEpoch
  const recent: Float32Array<ArrayBuffer>[] = []
  let [lossSum, normSum, learningRate] = [0, 0, 0]
  let next = trainingBatch(data.reader, shape, from, draw)
  for (let step = 0; step < n; step++) {
    const { x, target } = await next
    throwIfAborted(work.signal)
    learningRate = schedule(epoch * n + step)
    const stepping = trainer.step({ x, target }, { learningRate })
    // The next batch is put together while the worker computes.
    if (step + 1 < n) next = trainingBatch(data.reader, shape, from, draw)
    const [{ loss, gradientNorm }] = await Promise.all([stepping, next])
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw notFinite({ epoch: epoch + 1, learningRate, loss, gradientNorm }, await trainer.diagnose({ x, target }))
    }
    lossSum += loss
    normSum += gradientNorm
    if (n - step <= RECENT_BATCHES) recent.push(x)
    work.onProgress?.(progressOf(options, epoch, step, lossSum / (step + 1), started))
  }
  const record = { epoch: epoch + 1, trainLoss: lossSum / n, gradientNorm: normSum / n, learningRate }
  return { record, recent }
}

const drawOf = (data: FitData, options: FitOptions): TrainingDraw => ({
  index: data.index.train,
  balance: options.balance,
  width: data.width,
  height: data.height,
  augmentation: options.augmentation,
})

/** A rate for each step, counted from 0. */
function scheduleOf({ epochs, stepsPerEpoch, learningRate, warmUp }: FitOptions): (step: number) => number {
  const steps = epochs * stepsPerEpoch
  const warmUpSteps = Math.round(warmUp * steps)
  return optim.schedules.warmUpCosine({ peak: learningRate, steps, warmUpSteps, floor: SCHEDULE_FLOOR })
}

interface Measured {
  readonly epoch: number
  readonly learningRate: number
  readonly loss: number
  readonly gradientNorm: number
}

/** Training has diverged. The trainer has kept the last good parameters, the store those of the last epoch. */
function notFinite({ epoch, learningRate, loss, gradientNorm }: Measured, from?: NonFinite): InputError {
  const what = Number.isFinite(loss) ? 'gradient' : 'loss'
  const rate = learningRate.toPrecision(3)
  const maker = from === undefined ? '' : `; first made by ${showNonFinite(from)}`
  return new InputError(
    'LossNotFinite',
    `training diverged: the ${what} was no longer finite in epoch ${epoch}, at a learning rate of ${rate}${maker}`,
    {
      hint: 'lower the learning rate to a third, or lengthen the warm-up; the last good epoch is kept',
      data: { epoch, learningRate, loss, gradientNorm, from },
    },
  )
}

function progressOf(options: FitOptions, epoch: number, step: number, loss: number, started: Started): ProgressEvent {
  const done = epoch + (step + 1) / options.stepsPerEpoch
  return {
    step: 'fit',
    fraction: done / options.epochs,
    epoch: epoch + 1,
    epochs: options.epochs,
    loss,
    secondsLeft: secondsLeft(started.ms, (done - started.epoch) / (options.epochs - started.epoch)),
  }
}
