import { random } from '@ecotope/core'
import { createRunner, evaluate, initialise, layoutOf, toOnnx, trace } from '@ecotope/tensor'
import { afterAll, describe, expect, test } from 'vitest'
import { hashed } from '../../../oracles/tensor/unet.ts'
import { batchNormInTraining } from '../src/batch-norm.ts'
import { ensembleProgram, type NetworkSpec, network, openEnsemble, parameterCount } from '../src/index.ts'
import { convNorms } from '../src/layers.ts'
import { largestDifference, oracle, oracleParameters, small } from './support.ts'

interface NetworkCase {
  readonly spec: NetworkSpec
  readonly parameters: number
  readonly shape: [number, number, number, number]
  readonly logits: readonly number[]
}

const name = ({ architecture, norm, activation }: NetworkSpec): string => `${architecture}, ${norm}, ${activation}`

describe('networks equal the same in PyTorch in float64', () => {
  test.each(oracle<NetworkCase[]>('networks').map((c) => [name(c.spec), c] as const))('%s', (_, c) => {
    const net = network(c.spec)
    expect(parameterCount(net)).toBe(c.parameters)
    const convNorm = c.spec.norm === 'batch' ? batchNormInTraining : convNorms[c.spec.norm]
    const program = trace((p, { x }) => ({ y: net.applyWith(convNorm, p as never, x) }), {
      parameters: net.parameters,
      inputs: { x: { shape: c.shape } },
    })
    const x = hashed(
      c.shape.reduce((a, b) => a * b, 1),
      9,
    ).map((v) => 2 * v)
    const { y } = evaluate(program, { x }, oracleParameters(net.parameters))
    expect(y!.shape).toEqual([c.shape[0], c.spec.classes, c.shape[2], c.shape[3]])
    expect(largestDifference(y!.data, c.logits)).toBeLessThan(1e-7)
  })
})

describe('the number of parameters', () => {
  // By hand: 9 i o + 2 o for a convolution with norm, 4 i o + o on the way up, i o + o for the head.
  test('U-Net of width 4 and depth 2', () => {
    const [encoder, up, decoder, head] = [
      9 * 2 * 4 + 8 + (9 * 4 * 4 + 8) + (9 * 4 * 8 + 16) + (9 * 8 * 8 + 16),
      4 * 8 * 4 + 4,
      9 * 8 * 4 + 8 + (9 * 4 * 4 + 8),
      4 * 3 + 3,
    ]
    expect(parameterCount(network(small({ depth: 2, classes: 3 })))).toBe(encoder + up + decoder + head)
  })

  test('the form of the norm does not change it, so that checkpoints of one layout fit', () => {
    const counts = (['group', 'channel', 'batch'] as const).map((norm) => parameterCount(network(small({ norm }))))
    expect(new Set(counts).size).toBe(1)
  })

  test('weights decay, norms and biases do not', () => {
    const { leaves } = layoutOf(network(small({ architecture: 'attention-res-unet' })).parameters)
    for (const { path, decay } of leaves) expect(decay, path).toBe(path.endsWith('weight'))
  })
})

describe('reach', () => {
  const rows = (['unet', 'attention-res-unet'] as const).flatMap((architecture) =>
    [2, 3].map((depth) => [architecture, depth] as const),
  )
  test.each(rows)('%s of depth %d: no output beyond it feels an input, one at it does', async (architecture, depth) => {
    const spec = small({ architecture, depth, bands: 1, activation: 'silu' })
    const net = network(spec)
    const size = 8 * Math.ceil((2 * net.reach + 16) / 8)
    const ensemble = openEnsemble({ network: spec, members: [oracleParameters(net.parameters)], threads: 1 })
    const run = async (change?: readonly [row: number, column: number]): Promise<Float32Array> => {
      const x = hashed(size * size, 4).slice()
      if (change !== undefined) x[change[0] * size + change[1]] = 50
      return (await ensemble.logits(x, { width: size, height: size }))[0]!
    }
    const plain = await run()
    let farthest = 0
    const middle = size / 2
    for (const offset of [0, net.multiple - 1]) {
      const [row, column] = [middle + offset, middle + offset]
      const touched = await run([row, column])
      plain.forEach((value, i) => {
        const pixel = i % (size * size)
        const distance = Math.max(Math.abs(Math.floor(pixel / size) - row), Math.abs((pixel % size) - column))
        if (Math.abs(touched[i]! - value) > 1e-4) farthest = Math.max(farthest, distance)
      })
    }
    await ensemble.close()
    expect(farthest).toBeLessThanOrEqual(net.reach)
    // Padding and rounding hide the last pixels in some; the bound is not idle.
    expect(farthest).toBeGreaterThanOrEqual(net.reach - 1)
  })
})

describe('what does not fit is refused', () => {
  test.each([{ width: 3 }, { width: 4.5 }, { depth: 1 }, { depth: 8 }, { bands: 0 }])('%o', (changes) => {
    expect(() => network(small(changes))).toThrow(expect.objectContaining({ tag: 'NetworkInvalid' }))
  })

  const apply = (spec: NetworkSpec, shape: readonly number[]) => {
    const net = network(spec)
    return trace((p, { x }) => ({ y: net.apply(p as never, x) }), {
      parameters: net.parameters,
      inputs: { x: { shape } },
    })
  }

  test.each([
    [30, 32],
    [32, 30],
  ])('an image of %d x %d at depth 3, by name of the multiple', (height, width) => {
    expect(() => apply(small(), [1, 2, height, width])).toThrow(
      expect.objectContaining({ tag: 'ExtentInvalid', message: expect.stringContaining('multiples of 4') }),
    )
  })

  test('other bands than the network has', () => {
    expect(() => apply(small(), [1, 3, 32, 32])).toThrow(expect.objectContaining({ tag: 'BandsDiffer' }))
  })

  test('an odd width is fine, attention gates included', () => {
    const program = apply(small({ architecture: 'attention-res-unet', width: 5, depth: 2 }), [1, 2, 6, 10])
    expect(program.outputs.y!.shape).toEqual([1, 2, 6, 10])
  })
})

test.each(['unet', 'attention-res-unet'] as const)(
  'a %s with norm batch is exported for any extent, and predicts there as here',
  async (architecture) => {
    const spec = small({ architecture, norm: 'batch' })
    const net = network(spec)
    const parameters = oracleParameters(net.parameters)
    const bytes = toOnnx(ensembleProgram(net, 1, 64, 64), { parameters, dynamic: { x: { 2: 'height', 3: 'width' } } })
    const [runner, ensemble] = [
      await createRunner(bytes, { threads: 1 }),
      openEnsemble({ network: spec, members: [parameters], threads: 1 }),
    ]
    const x = random(5).normals(2 * 24 * 40)
    const { logits0 } = await runner.run({ x: { data: x.slice(), shape: [1, 2, 24, 40] } })
    const [expected] = await ensemble.logits(x, { width: 40, height: 24 })
    await Promise.all([runner.close(), ensemble.close()])
    expect(largestDifference(logits0!.data, expected!)).toBeLessThan(1e-4)
  },
)

describe('an ensemble', () => {
  const spec = small()
  const net = network(spec)
  const members = [1, 2, 3].map((seed) => initialise(net.parameters, random(seed)))
  const ensemble = openEnsemble({ network: spec, members, threads: 1 })
  afterAll(() => ensemble.close())

  test('gives the logits of each member, for several extents', async () => {
    for (const [width, height] of [
      [16, 8],
      [8, 16],
      [16, 8],
    ] as const) {
      const x = random(5).normals(2 * width * height)
      const logits = await ensemble.logits(x, { width, height })
      expect(logits).toHaveLength(3)
      for (const [i, member] of members.entries()) {
        const program = trace((p, inputs) => ({ y: net.apply(p as never, inputs.x) }), {
          parameters: net.parameters,
          inputs: { x: { shape: [1, 2, height, width] } },
        })
        const runner = await createRunner(program, { parameters: member, threads: 1 })
        const { y } = await runner.run({ x })
        await runner.close()
        expect(largestDifference(logits[i]!, y!.data)).toBeLessThan(1e-5)
      }
    }
  })

  test('closes without ever having run', async () => {
    await openEnsemble({ network: spec, members, threads: 1 }).close()
  })
})
