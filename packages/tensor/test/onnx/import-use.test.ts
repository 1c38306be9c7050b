import { InputError, random } from '@ecotope/core'
import { describe, expect, test } from 'vitest'
import { hashed } from '../../../../oracles/tensor/unet.ts'
import { input } from '../../src/apply.ts'
import {
  createTrainer,
  evaluate,
  freeze,
  importOnnx,
  initialise,
  layoutOf,
  mean,
  nn,
  optim,
  relu,
  square,
  sub,
  trace,
  unflatten,
} from '../../src/index.ts'
import { decodeModel } from '../../src/onnx/decode.ts'
import { traceParameters } from '../../src/parameters.ts'
import { modelBytes } from './models.ts'

const resnet = modelBytes('resnet-torchscript-13.onnx')

const message = (fn: () => unknown): string => {
  try {
    fn()
  } catch (error) {
    if (error instanceof InputError) return `${error.tag}: ${error.message} ${error.hint ?? ''}`
    throw error
  }
  return 'no error'
}

describe('extents', () => {
  test('that the file leaves open need a number, by their names', () => {
    expect(message(() => importOnnx(resnet).inputs)).toMatch(/OpenExtents: the input x .* leaves open batch .*shapes/)
    expect(importOnnx(resnet, { shapes: { batch: 5 } }).inputs).toEqual({
      x: { shape: [5, 3, 32, 32], dtype: 'float32' },
    })
  })

  test('that the file fixes must be met, unless the whole shape is given', () => {
    const model = importOnnx(resnet)
    const { traced } = traceParameters(model.parameters)
    const apply = (shape: number[], options = {}): unknown =>
      importOnnx(resnet, options).apply(traced as never, { x: input('x', { shape }) })
    expect(message(() => apply([7, 3, 16, 16]))).toMatch(
      /input x is float32 \[batch, 3, 32, 32\], not float32 \[7, 3, 16, 16\]/,
    )
    expect(message(() => apply([7, 3, 32, 32]))).toBe('no error')
    expect(message(() => apply([7, 3, 48, 40], { shapes: { x: [7, 3, 48, 40] } }))).toBe('no error')
    expect(message(() => model.apply(traced as never, {}))).toMatch(/needs an input x/)
  })
})

describe('parameters', () => {
  test('lie in a tree by the modules of the network, running statistics untrained', () => {
    const { parameters, initial } = importOnnx(resnet)
    const { leaves, size } = layoutOf(parameters)
    expect(initial.length).toBe(size)
    const paths = leaves.map(({ path }) => path)
    expect(paths).toContain('layers.1.down.0.weight')
    expect(leaves.filter(({ trainable }) => !trainable).every(({ path }) => /running_(mean|var)$/.test(path))).toBe(
      true,
    )
    const weight = unflatten(parameters, initial).get('fc.weight')!
    expect(weight.shape).toEqual([5, 16])
    expect(initialise({ a: parameters }, random(1))).toEqual(initial)
  })

  test('are what `isParameter` says', () => {
    const model = importOnnx(resnet, { isParameter: (name) => name.startsWith('fc.') })
    expect(layoutOf(model.parameters).leaves.map(({ path }) => path)).toEqual(['fc.weight', 'fc.bias'])
  })

  test('that an exporter has renamed are called by their modules', () => {
    const folded = importOnnx(modelBytes('recurrent-default-18.onnx'))
    const paths = layoutOf(folded.parameters).leaves.map(({ path }) => path)
    expect(paths).toContain('lstm.weight_ih')
    const optimised = importOnnx(modelBytes('text-optimised-20.onnx'))
    expect(layoutOf(optimised.parameters).leaves.map(({ path }) => path)).toContain('layer.self_attn.weight')
  })

  test('need the branch of the tree that holds them', () => {
    const model = importOnnx(resnet)
    const { traced } = traceParameters({ backbone: model.parameters })
    const x = input('x', { shape: [1, 3, 32, 32] })
    expect(message(() => model.apply(traced as never, { x }))).toMatch(/needs the parameter stem\.0\.weight.*branch/)
  })
})

describe('a part of a network', () => {
  test('gives values inside by their names, with the parameters that they need', () => {
    const whole = importOnnx(resnet)
    const head = whole.nodes.at(-1)!
    expect(head.operator).toBe('Gemm')
    const features = importOnnx(resnet, { outputs: [head.inputs[0]!], shapes: { batch: 2 } })
    expect(layoutOf(features.parameters).leaves.some(({ path }) => path.startsWith('fc'))).toBe(false)
    const program = trace((p, inputs) => ({ y: features.apply(p, inputs)[features.outputs[0]!]! }), {
      parameters: features.parameters,
      inputs: features.inputs,
    })
    expect(program.outputs.y!.shape).toEqual([2, 16])
  })

  test('that is not there is refused', () => {
    expect(message(() => importOnnx(resnet, { outputs: ['nothing'] }))).toMatch(/no value nothing.*`nodes`/)
  })
})

/** The network without its head, and a head of two classes. */
function tuned(batchStatistics = false) {
  const whole = importOnnx(resnet)
  const backbone = importOnnx(resnet, { outputs: [whole.nodes.at(-1)!.inputs[0]!], batchStatistics })
  const head = nn.dense(16, 2)
  return { backbone, head }
}

describe('fine-tuning', () => {
  const batch = { x: { shape: [4, 3, 32, 32] }, target: { shape: [4, 2] } } as const
  const numbers = { x: hashed(4 * 3 * 32 * 32, 1), target: hashed(8, 2) }

  test('leaves frozen parameters as they were, moves the others, and lowers the loss', async () => {
    const { backbone, head } = tuned()
    const tree = { backbone: freeze(backbone.parameters, /^(stem|layers\.0)\./), head: head.parameters }
    const initial = initialise(tree, random(3))
    const trainer = await createTrainer({
      parameters: tree,
      initial,
      batch,
      loss: (p, { x, target }, context) => {
        const features = backbone.layer.apply(p.backbone, x, context)
        return { loss: mean(square(sub(head.apply(p.head, features), target))) }
      },
      optimiser: optim.adam({ learningRate: 1e-2 }),
      threads: 1,
    })
    const losses: number[] = []
    for (let i = 0; i < 8; i++) losses.push((await trainer.step(numbers)).loss)
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!)
    const after = unflatten(tree, await trainer.parameters())
    const before = unflatten(tree, initial)
    for (const { path, trainable } of layoutOf(tree).leaves) {
      const same = after.get(path)!.data.every((v, i) => v === before.get(path)!.data[i])
      expect(same, path).toBe(!trainable)
    }
    await trainer.close()
  })

  test('with `batchStatistics`, running statistics follow the batches', () => {
    const { backbone } = tuned(true)
    const updates: nn.BufferUpdate[] = []
    const program = trace(
      (p, { x }) => {
        backbone.layer.apply(p, x!, { training: true, updates })
        return Object.fromEntries(updates.map(([, next], i) => [String(i), next]))
      },
      { parameters: backbone.parameters, inputs: { x: batch.x } },
    )
    expect(updates.length).toBe(18)
    const leaves = updates.map(([leaf]) => program.leaves.indexOf(leaf))
    const paths = leaves.map((i) => program.parameters.leaves[i]!.path)
    expect(paths.slice(0, 2)).toEqual(['stem.1.running_mean', 'stem.1.running_var'])
    const values = evaluate(program, { x: numbers.x }, backbone.initial)
    const at = (path: string): Float32Array => unflatten(backbone.parameters, backbone.initial).get(path)!.data
    // nn.batchNorm, which is checked against PyTorch, does the same with the convolution's output.
    const stem = importOnnx(resnet, { outputs: [importOnnx(resnet).nodes[0]!.outputs[0]!] })
    const norm = nn.batchNorm(8)
    const reference: nn.BufferUpdate[] = []
    const peer = trace(
      (p, { x }) => {
        norm.apply(p.norm, stem.layer.apply(p.stem, x!), { training: true, updates: reference })
        return Object.fromEntries(reference.map(([, next], i) => [String(i), next]))
      },
      { parameters: { stem: stem.parameters, norm: norm.parameters }, inputs: { x: batch.x } },
    )
    const [mean0, var0] = [at('stem.1.running_mean'), at('stem.1.running_var')]
    const flat = initialise({ stem: stem.parameters, norm: norm.parameters }, random(1))
    const expected = evaluate(peer, { x: numbers.x }, flat)
    // From 0 and 1 the peer's statistics move by a tenth of the batch's; so do these from their own.
    values['0']!.data.forEach((v, i) => {
      expect(v).toBeCloseTo(0.9 * mean0[i]! + expected['0']!.data[i]!, 5)
    })
    values['1']!.data.forEach((v, i) => {
      expect(v).toBeCloseTo(0.9 * var0[i]! + expected['1']!.data[i]! - 0.9, 5)
    })
  })

  test('an imported network is a part of a sequence', () => {
    const { backbone, head } = tuned()
    const model = nn.sequential({ backbone: backbone.layer, relu, head })
    const program = trace((p, { x }) => ({ y: model.apply(p, x!) }), {
      parameters: model.parameters,
      inputs: { x: batch.x },
    })
    expect(program.outputs.y!.shape).toEqual([4, 2])
  })
})

describe('what is refused', () => {
  test('opsets out of range', () => {
    const old = resnet.slice()
    // The last field of the file is the opset import: message of 2 bytes, field 2, version.
    const at = old.lastIndexOf(13)
    old[at] = 11
    expect(decodeModel(old).opsets.get('')).toBe(11)
    expect(message(() => importOnnx(old))).toMatch(/opset 11; 13 to 21 are imported.*opset_version/)
  })

  test('operators without a rule, with the node and how to go on', () => {
    const text = Buffer.from(resnet).toString('latin1').replaceAll('MaxPool', 'MaxPoop')
    const found = message(() => importOnnx(new Uint8Array(Buffer.from(text, 'latin1'))))
    expect(found).toMatch(/OnnxUnsupported: MaxPoop \(node \S+, opset 13\) is not imported/)
    expect(found).toMatch(/Export again.*`outputs`.*createRunner/)
  })

  test('networks of several ends without names', () => {
    const model = importOnnx(resnet, {
      outputs: importOnnx(resnet)
        .nodes.slice(-2)
        .map(({ outputs }) => outputs[0]!),
    })
    const { traced } = traceParameters(model.parameters)
    const x = input('x', { shape: [1, 3, 32, 32] })
    expect(message(() => model.layer.apply(traced as never, x))).toMatch(/1 inputs and 2 outputs needs names/)
  })
})
