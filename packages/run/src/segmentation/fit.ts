/** `ecotope:ml_fit`: an ensemble of networks, each resumable from its last finished epoch. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { WorkOptions } from '@ecotope/core'
import { random } from '@ecotope/core'
import {
  type Checkpoint,
  type CheckpointStore,
  type FitData,
  type FitOptions,
  fitNetwork,
  indexRoles,
  joined,
  type LossName,
  type NetworkSpec,
  network,
  parameterCount,
  tileReader,
} from '@ecotope/model'
import type { StepContext } from '../process.ts'
import { openSamples } from './prepare.ts'
import { optional, process, required, resultOf, spec } from './specs.ts'
import { planOf } from './split.ts'
import type { FitValue, MemberValue, PreparedValue, SplitValue } from './types.ts'

export interface FitArguments {
  readonly samples: unknown
  readonly split: unknown
  readonly architecture: NetworkSpec['architecture']
  readonly width: number
  readonly depth: number
  readonly norm: NetworkSpec['norm']
  readonly activation: NetworkSpec['activation']
  readonly loss: LossName
  readonly gamma: number
  readonly miss_share: number
  readonly members: number
  readonly epochs: number
  readonly steps_per_epoch: number
  readonly batch_size: number
  readonly tile: number
  readonly learning_rate: number
  readonly weight_decay: number
  readonly clip_norm: number
  readonly warm_up: number
  readonly patience: number
  readonly keep: 'best' | 'last'
  readonly balance: number
  readonly flips: boolean
  readonly quarter_turns: boolean
  readonly brightness: number
  readonly noise: number
}

const number = { type: 'number' } as const
const integer = { type: 'integer' } as const
const text = { type: 'string' } as const
const boolean = { type: 'boolean' } as const

export const mlFit = process<FitArguments, FitValue>({
  version: '1',
  spec: spec(
    'ml_fit',
    'Fit an ensemble of segmentation networks',
    'Trains networks that differ in their first parameters and in the tiles that they see. AdamW, cosine schedule with warm-up, early stopping on the validation loss; the parameters of the best epoch are kept.',
    [
      required('samples', 'What prepare_samples gave.'),
      required('split', 'What split_blocks gave.'),
      optional('architecture', 'unet or attention-res-unet.', text, 'unet'),
      optional('width', 'Channels of the first level.', integer, 16),
      optional('depth', 'Levels.', integer, 4),
      optional('norm', 'batch, group or channel.', text, 'batch'),
      optional('activation', 'relu or silu.', text, 'relu'),
      optional('loss', 'Name of the loss.', text, 'crossEntropyDice'),
      optional('gamma', 'Focusing exponent.', number, 2),
      optional('miss_share', 'Blame for misses against false alarms.', number, 0.6),
      optional('members', 'Networks in the ensemble.', integer, 3),
      optional('epochs', 'Most epochs.', integer, 40),
      optional('steps_per_epoch', 'Updates in an epoch.', integer, 20),
      optional('batch_size', 'Tiles in an update.', integer, 8),
      optional('tile', 'Side of a tile, pixels.', integer, 64),
      optional('learning_rate', 'Peak learning rate.', number, 3e-3),
      optional('weight_decay', 'Decoupled weight decay.', number, 1e-2),
      optional('clip_norm', 'Largest gradient norm.', number, 1),
      optional('warm_up', 'Share of steps with rising learning rate.', number, 0.08),
      optional('patience', 'Epochs without improvement before stopping.', integer, 20),
      optional('keep', 'Parameters of the best epoch by validation loss, or of the last.', text, 'last'),
      optional('balance', 'Share of tiles placed on a class drawn uniformly.', number, 0.3),
      optional('flips', 'Mirror tiles.', boolean, true),
      optional('quarter_turns', 'Turn tiles.', boolean, true),
      optional('brightness', 'Deviation of gain and offset.', number, 0),
      optional('noise', 'Deviation of white noise.', number, 0),
    ],
    'Parameters by member (member-N.f32) and learning curves.',
  ),
  run: fit,
  estimate: (args, context) => {
    const tiles = args.members * args.epochs * args.steps_per_epoch * args.batch_size
    const work = (args.tile / 64) ** 2 * (args.width / 16) ** 1.6 * 1.25 ** (args.depth - 4)
    const shape = args.architecture === 'unet' ? 1 : 1.5
    return {
      seconds: (tiles * work * shape * SECONDS_PER_TILE * 2) / Math.max(1, Math.min(2, context.threads)),
      memoryBytes: PROGRAM_BYTES + TRAINING_BYTES * args.width * args.tile ** 2 * args.batch_size * shape,
    }
  },
})

/** Measured with width 16, depth 4, tiles of 64 pixels, two threads. */
const SECONDS_PER_TILE = 0.0094
/** Of Node.js, ONNX Runtime and the code. */
export const PROGRAM_BYTES = 300e6
/** Bytes by channel of the first level and pixel in training: activations and their gradients over all levels. */
const TRAINING_BYTES = 420

async function fit(args: FitArguments, context: StepContext): Promise<FitValue> {
  const samples = await openSamples(context.step(args.samples), context.memoryBytes)
  try {
    const split = resultOf<SplitValue>(context.step(args.split))
    const plan = planOf(split)
    const data: FitData = {
      reader: tileReader(samples, plan, split.normalisation),
      index: await indexRoles(samples, plan, random(context.seed).split('index')),
      width: samples.features.grid.width,
      height: samples.features.grid.height,
      classes: samples.classes.length,
    }
    const net = networkOf(args, samples.prepared)
    const members: MemberValue[] = []
    for (let i = 0; i < args.members; i++) members.push(await fitMember(i, data, net, args, context))
    const seconds = members.reduce((sum, member) => sum + member.seconds, 0)
    return { network: net, parameters: parameterCount(network(net)), loss: args.loss, members, seconds }
  } finally {
    await samples.close()
  }
}

const networkOf = (args: FitArguments, prepared: PreparedValue): NetworkSpec => ({
  architecture: args.architecture,
  bands: prepared.bands.length,
  classes: prepared.classes.length,
  width: args.width,
  depth: args.depth,
  norm: args.norm,
  activation: args.activation,
})

async function fitMember(
  i: number,
  data: FitData,
  net: NetworkSpec,
  args: FitArguments,
  context: StepContext,
): Promise<MemberValue> {
  const file = `member-${i}.f32`
  const options: FitOptions = {
    network: net,
    loss: args.loss,
    gamma: args.gamma,
    missShare: args.miss_share,
    epochs: args.epochs,
    stepsPerEpoch: args.steps_per_epoch,
    batchSize: args.batch_size,
    tilePixels: args.tile,
    learningRate: args.learning_rate,
    weightDecay: args.weight_decay,
    clipNorm: args.clip_norm,
    warmUp: args.warm_up,
    patience: args.patience,
    keep: args.keep,
    balance: args.balance,
    augmentation: {
      flips: args.flips,
      quarterTurns: args.quarter_turns,
      brightness: args.brightness,
      noise: args.noise,
    },
    seed: random(context.seed)
      .split(`member ${i}`)
      .integer(2 ** 31),
    threads: context.threads,
    device: context.device,
  }
  const checkpoints = fileCheckpoints(join(context.directory, `member-${i}`))
  const member = await fitNetwork(data, options, checkpoints, memberWork(i, args.members, context))
  await writeAside(join(context.directory, file), bytesOf(member.parameters))
  return { file, curve: member.curve, bestEpoch: member.bestEpoch, seconds: member.seconds }
}

/** Progress of one member as a part of the whole ensemble's. */
function memberWork(i: number, members: number, context: StepContext): WorkOptions {
  return {
    ...(context.signal === undefined ? {} : { signal: context.signal }),
    onProgress: (event) => {
      const others = members - 1 - i
      const own = event.secondsLeft ?? 0
      const whole = event.fraction > 0 ? own / Math.max(1e-9, 1 - event.fraction) : 0
      context.onProgress?.({
        ...event,
        fraction: (i + event.fraction) / members,
        message: `network ${i + 1} of ${members}`,
        ...(Number.isFinite(whole) ? { secondsLeft: own + others * whole } : {}),
      })
    },
  }
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

async function writeAside(path: string, bytes: Uint8Array | string): Promise<void> {
  await writeFile(`${path}.part`, bytes)
  await rename(`${path}.part`, path)
}

/** Reads a flat vector of float32. */
export async function readVector(path: string): Promise<Float32Array<ArrayBuffer>> {
  const bytes = await readFile(path)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer)
}

/** Members' parameters of a fit step, in order. */
export function readMembers(directory: string, value: FitValue): Promise<Float32Array<ArrayBuffer>[]> {
  return Promise.all(value.members.map((member) => readVector(join(directory, member.file))))
}

type Header = Omit<Checkpoint, 'state' | 'best'> & { readonly step: number; readonly moments: number }

/** One file: a line of JSON, then parameters, moments and best parameters. Renamed into place, so it is whole or absent. */
function fileCheckpoints(path: string): CheckpointStore {
  const file = `${path}.checkpoint`
  return {
    load: async () => {
      let bytes: Buffer
      try {
        bytes = await readFile(file)
      } catch {
        return undefined
      }
      const end = bytes.indexOf(10)
      const { step, moments, ...header } = JSON.parse(bytes.subarray(0, end).toString(), reviveNaN) as Header
      const rest = bytes.subarray(end + 1)
      const all = new Float32Array(rest.buffer.slice(rest.byteOffset, rest.byteOffset + rest.byteLength) as ArrayBuffer)
      const size = all.length / (moments + 2)
      const vector = (i: number): Float32Array<ArrayBuffer> => all.slice(i * size, (i + 1) * size)
      return {
        ...header,
        state: { step, parameters: vector(0), moments: Array.from({ length: moments }, (_, i) => vector(i + 1)) },
        best: vector(moments + 1),
      }
    },
    save: async ({ state, best, ...rest }) => {
      const header: Header = { ...rest, step: state.step, moments: state.moments.length }
      const body = joined([state.parameters, ...state.moments, best])
      await writeAside(file, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), bytesOf(body)]))
    },
  }
}

/** JSON has no NaN; a validation loss that was not measured is null there. */
const reviveNaN = (key: string, value: unknown): unknown =>
  key === 'validationLoss' && value === null ? Number.NaN : value
