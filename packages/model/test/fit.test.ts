import { CancelledError, type ProgressEvent, random } from '@ecotope/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { hashed } from '../../../oracles/tensor/unet.ts'
import {
  type Checkpoint,
  type CheckpointStore,
  chooseValidation,
  type EpochRecord,
  type FitData,
  type FitOptions,
  type FittedMember,
  fitNetwork,
  indexRoles,
  type LabelledCube,
  type Norm,
  network,
  normalisationOf,
  normaliseInPlace,
  openEnsemble,
  parseSplit,
  predictMosaic,
  type SplitPlan,
  splitPlan,
  tileReader,
  trainingMoments,
  trainingSubBlocks,
} from '../src/index.ts'
import { labelledCube, largestDifference, small } from './support.ts'

const SIZE = 96

/** Two textures of one mean and variance, stripes and checks of two pixels, in patches; noise on top. */
function textures(): LabelledCube {
  const noise = hashed(2 * SIZE * SIZE, 3)
  const label = (row: number, column: number): number => (Math.floor(row / 16) + Math.floor(column / 16)) % 2
  const value = (row: number, column: number): number => {
    const [down, across] = [Math.floor(row / 2) % 2, Math.floor(column / 2) % 2]
    const texture = label(row, column) === 0 ? down : (down + across) % 2
    return 100 + 20 * texture + 5 * noise[row * SIZE + column]!
  }
  return labelledCube(SIZE, SIZE, label, value, (row, column) => noise[SIZE * SIZE + row * SIZE + column]!)
}

const labelled = textures()
const split = parseSplit('blocks:32:checkerboard')
let data: FitData
let plan: SplitPlan
let normalisation: ReturnType<typeof normalisationOf>

beforeAll(async () => {
  const blocks = await trainingSubBlocks(labelled, splitPlan(split, 1, []))
  plan = splitPlan(split, 1, chooseValidation(blocks, 2, 0.2, random(1)))
  normalisation = normalisationOf(['texture', 'noise'], await trainingMoments(labelled, plan))
  data = {
    reader: tileReader(labelled, plan, normalisation),
    index: await indexRoles(labelled, plan, random(1)),
    width: SIZE,
    height: SIZE,
    classes: 2,
  }
})

const options = (changes: Partial<FitOptions> = {}): FitOptions => ({
  network: small({ width: 8, depth: 2, norm: 'group' }),
  loss: 'crossEntropy',
  gamma: 1,
  missShare: 0.5,
  epochs: 4,
  stepsPerEpoch: 4,
  batchSize: 4,
  tilePixels: 32,
  learningRate: 1e-2,
  weightDecay: 1e-2,
  clipNorm: 1,
  warmUp: 0.1,
  patience: 20,
  keep: 'best',
  balance: 0.5,
  augmentation: { flips: true, quarterTurns: false, brightness: 0.05, noise: 0.05 },
  seed: 3,
  threads: 1,
  ...changes,
})

const noStore: CheckpointStore = { load: async () => undefined, save: async () => {} }

interface MemoryStore extends CheckpointStore {
  saved: Checkpoint | undefined
}

function memoryStore(saved?: Checkpoint, after: (checkpoint: Checkpoint) => void = () => {}): MemoryStore {
  const store: MemoryStore = {
    saved,
    load: async () => store.saved,
    save: async (checkpoint) => {
      store.saved = structuredClone(checkpoint)
      after(checkpoint)
    },
  }
  return store
}

const withoutTime = ({ seconds: _, ...rest }: FittedMember) => rest

/** Share of the test pixels that are classified well, by tiles of 48 pixels. */
async function accuracy(member: FittedMember, given: FitOptions): Promise<number> {
  const ensemble = openEnsemble({ network: given.network, members: [member.parameters], threads: 1 })
  const truth = await labelled.labels.read({ row: 0, column: 0, width: SIZE, height: SIZE })
  const { multiple, reach } = network(given.network)
  let [right, all] = [0, 0]
  await predictMosaic(
    2,
    { width: SIZE, height: SIZE, tilePixels: 48, multiple, margin: reach, ramp: 4 },
    async (window) => {
      const features = await labelled.features.read(window)
      normaliseInPlace(features, normalisation)
      return (await ensemble.logits(features, window))[0]!
    },
    async (first, rows, values) => {
      const n = rows * SIZE
      for (let i = 0; i < n; i++) {
        const [row, column] = [first + Math.floor(i / SIZE), i % SIZE]
        if (plan.roleAt(row, column) !== 'test') continue
        all++
        if ((values[n + i]! > values[i]! ? 1 : 0) === truth[row * SIZE + column]) right++
      }
    },
  )
  await ensemble.close()
  return right / all
}

describe('learning', () => {
  const rows: readonly [Norm, FitOptions['network']['architecture'], FitOptions['loss']][] = [
    ['group', 'unet', 'crossEntropy'],
    ['channel', 'unet', 'focal'],
    ['batch', 'unet', 'crossEntropyDice'],
    ['batch', 'attention-res-unet', 'unifiedFocal'],
  ]
  test.each(rows)('tells two textures apart: %s norm, %s, %s', async (norm, architecture, loss) => {
    const given = options({
      network: small({ architecture, width: 8, depth: 2, norm }),
      loss,
      epochs: 7,
      stepsPerEpoch: 16,
    })
    const member = await fitNetwork(data, given, noStore)
    expect(member.curve.at(-1)!.validationLoss).toBeLessThan(0.5 * member.curve[0]!.trainLoss)
    expect(await accuracy(member, given)).toBeGreaterThan(0.9)
  })
})

describe('an epoch at a time', () => {
  let uninterrupted: FittedMember
  let events: ProgressEvent[]
  beforeAll(async () => {
    events = []
    uninterrupted = await fitNetwork(data, options(), noStore, { onProgress: (event) => events.push(event) })
  })

  test('records what happened', () => {
    expect(uninterrupted.curve.map((r) => r.epoch)).toEqual([1, 2, 3, 4])
    const best = uninterrupted.curve.reduce((a, b) => (b.validationLoss <= a.validationLoss ? b : a))
    expect(uninterrupted.bestEpoch).toBe(best.epoch)
    for (const { trainLoss, validationLoss, gradientNorm, learningRate } of uninterrupted.curve) {
      for (const v of [trainLoss, validationLoss, gradientNorm, learningRate]) expect(v).toBeGreaterThan(0)
    }
  })

  test('tells epoch, loss, share and time left', () => {
    expect(events).toHaveLength(16)
    expect(events.at(-1)).toMatchObject({ step: 'fit', fraction: 1, epoch: 4, epochs: 4, secondsLeft: 0 })
    for (const { loss, fraction } of events) {
      expect(loss).toBeGreaterThan(0)
      expect(fraction).toBeGreaterThan(0)
    }
  })

  test('is the same for the same seed, another for another', async () => {
    expect(withoutTime(await fitNetwork(data, options(), noStore))).toEqual(withoutTime(uninterrupted))
    const other = await fitNetwork(data, options({ epochs: 1, seed: 4 }), noStore)
    expect(other.curve[0]!.trainLoss).not.toBe(uninterrupted.curve[0]!.trainLoss)
  })

  test.each(['group', 'batch'] as const)(
    'cancelled in an epoch and resumed: bit for bit the same (%s)',
    async (norm) => {
      const given = options({ network: small({ width: 8, depth: 2, norm }) })
      const whole = norm === 'group' ? uninterrupted : await fitNetwork(data, given, noStore)
      const controller = new AbortController()
      const store = memoryStore()
      const onProgress = ({ epoch, fraction }: ProgressEvent): void => {
        if (epoch === 3 && fraction > 0.55) controller.abort()
      }
      const cancelled = fitNetwork(data, given, store, { signal: controller.signal, onProgress })
      await expect(cancelled).rejects.toThrow(CancelledError)
      expect(store.saved!.curve).toHaveLength(2)
      const resumed = await fitNetwork(data, given, store)
      expect(withoutTime(resumed)).toEqual(withoutTime(whole))
      expect(largestDifference(resumed.parameters, whole.parameters)).toBe(0)
    },
  )

  test('a finished run is not trained again', async () => {
    const store = memoryStore()
    const once = await fitNetwork(data, options({ epochs: 1 }), store)
    const steps: ProgressEvent[] = []
    const again = await fitNetwork(data, options({ epochs: 1 }), store, { onProgress: (event) => steps.push(event) })
    expect(again).toEqual(once)
    expect(steps).toEqual([])
  })
})

describe('stopping early', () => {
  test('after as many epochs without a better validation loss as patience allows, with the best parameters', async () => {
    // A rate of next to nothing changes no loss by much; the store pretends that the first epoch was perfect.
    const given = options({ epochs: 30, stepsPerEpoch: 1, patience: 2, learningRate: 1e-9 })
    const store = memoryStore()
    await fitNetwork(data, { ...given, epochs: 1 }, store)
    const first = store.saved!
    const perfect: EpochRecord = { ...first.curve[0]!, validationLoss: 1e-6 }
    store.saved = { ...first, curve: [perfect] }
    const member = await fitNetwork(data, given, store)
    expect(member.curve).toHaveLength(3)
    expect(member.bestEpoch).toBe(1)
    expect(largestDifference(member.parameters, first.best)).toBe(0)
  })

  test('never without validation labels: the last parameters count', async () => {
    const bare: FitData = {
      ...data,
      index: {
        ...data.index,
        validation: {
          counts: [0, 0],
          rows: [new Int32Array(), new Int32Array()],
          columns: [new Int32Array(), new Int32Array()],
        },
      },
    }
    const member = await fitNetwork(bare, options({ epochs: 3, stepsPerEpoch: 1, patience: 1 }), noStore)
    expect(member.curve.map((r) => r.validationLoss)).toEqual([Number.NaN, Number.NaN, Number.NaN])
    expect(member.bestEpoch).toBe(3)
  })
})

describe('when training diverges', () => {
  /** Features of the given size from one step on: infinite losses without a thousand epochs. */
  const explodingData = (from: number): FitData => {
    let reads = 0
    return {
      ...data,
      reader: {
        ...data.reader,
        features: async (window) => {
          const values = await data.reader.features(window)
          return reads++ < from ? values : values.fill(3e38)
        },
      },
    }
  }

  test('the error names epoch and learning rate, and the last good checkpoint stays', async () => {
    const store = memoryStore()
    const bare = { ...options(), network: small({ width: 8, depth: 2, norm: 'group' }) }
    const tilesOfValidation = 40
    const failing = fitNetwork(explodingData(tilesOfValidation), bare, store)
    await expect(failing).rejects.toMatchObject({
      tag: 'LossNotFinite',
      message: expect.stringMatching(/epoch \d.*learning rate of .*; first made by \w+.* \(\w+\.ts:\d+\)/),
      hint: expect.stringContaining('learning rate'),
    })
    const failure = await failing.catch((error: unknown) => error)
    const { epoch, learningRate } = (failure as { data: { epoch: number; learningRate: number } }).data
    expect(epoch).toBe((store.saved?.curve.length ?? 0) + 1)
    expect(learningRate).toBeGreaterThan(0)
    expect(store.saved!.state.parameters.every(Number.isFinite)).toBe(true)
    expect(store.saved!.best.every(Number.isFinite)).toBe(true)
  })
})

test('a raster smaller than a tile trains and predicts', async () => {
  const tiny = labelledCube(
    20,
    14,
    (_, column) => (column < 10 ? 0 : 1),
    (_, column) => column,
    (row) => row,
  )
  const own = splitPlan(parseSplit('random-pixels:0.3'), 1, [])
  const reader = tileReader(tiny, own, { bands: ['a', 'b'], centre: [10, 7], scale: [6, 4], limit: 10 })
  const index = await indexRoles(tiny, own, random(1))
  const member = await fitNetwork(
    { reader, index, width: 20, height: 14, classes: 2 },
    options({ epochs: 1, stepsPerEpoch: 10 }),
    noStore,
  )
  expect(member.curve[0]!.trainLoss).toBeLessThan(0.7)
})
