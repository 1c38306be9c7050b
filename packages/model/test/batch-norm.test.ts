import { random } from '@ecotope/core'
import { createTrainer, evaluate, initialise, optim, sum, trace } from '@ecotope/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  batchNormInTraining,
  foldMoments,
  momentCount,
  momentRecorder,
  populationMoments,
  withMoments,
} from '../src/batch-norm.ts'
import { type NetworkSpec, network } from '../src/index.ts'
import { largestDifference, oracleParameters, small } from './support.ts'

const shape = [3, 2, 16, 8] as const
const x = random(8).normals(3 * 2 * 16 * 8)

/** All forms of one network, in float64. */
function forms(spec: NetworkSpec) {
  const net = network(spec)
  const parameters = oracleParameters(net.parameters)
  const inputs = { x: { shape } }
  const training = trace((p, { x }) => ({ y: net.applyWith(batchNormInTraining, p as never, x) }), {
    parameters: net.parameters,
    inputs,
  })
  const recording = trace(
    (p, { x }) => {
      const recorder = momentRecorder()
      const y = net.applyWith(recorder.convNorm, p as never, x)
      return { y, moments: recorder.moments() }
    },
    { parameters: net.parameters, inputs },
  )
  const given = trace(
    (p, { x, moments }) => ({ y: net.applyWith(withMoments(net.parameters, moments), p as never, x) }),
    { parameters: net.parameters, inputs: { ...inputs, moments: { shape: [momentCount(net.parameters)] } } },
  )
  const predicting = trace((p, { x }) => ({ y: net.apply(p as never, x) }), { parameters: net.parameters, inputs })
  return { net, parameters, training, recording, given, predicting }
}

describe.each(['unet', 'attention-res-unet'] as const)('the forms of batch norm agree: %s', (architecture) => {
  const { net, parameters, training, recording, given, predicting } = forms(small({ architecture, norm: 'batch' }))
  const { y } = evaluate(training, { x }, parameters)
  const recorded = evaluate(recording, { x }, parameters)
  const moments = recorded.moments!.data

  test('the recorder computes what training computes', () => {
    expect(moments).toHaveLength(momentCount(net.parameters))
    expect(largestDifference(recorded.y!.data, y!.data)).toBeLessThan(1e-10)
  })

  test('with the moments of the batch itself, given or folded in, the values are those of training', () => {
    expect(largestDifference(evaluate(given, { x, moments }, parameters).y!.data, y!.data)).toBeLessThan(1e-8)
    const folded = foldMoments(net.parameters, parameters, moments)
    // Folded parameters are float32.
    expect(largestDifference(evaluate(predicting, { x }, folded).y!.data, y!.data)).toBeLessThan(1e-4)
  })

  test('with other moments, given and folded in still agree', () => {
    const other = moments.map((v, i) => (i < moments.length / 2 ? v + 0.1 : 1.5 * v))
    const folded = foldMoments(net.parameters, parameters, other)
    const a = evaluate(given, { x, moments: other }, parameters).y!.data
    expect(largestDifference(evaluate(predicting, { x }, folded).y!.data, a)).toBeLessThan(1e-4)
    expect(largestDifference(a, y!.data)).toBeGreaterThan(1e-2)
  })
})

test('moments of a population are those of all its values', () => {
  const values = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 4, maxLength: 4 })
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 6 }), (batches) => {
      const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length
      const variance = (list: readonly number[]): number => mean(list.map((v) => (v - mean(list)) ** 2))
      const [centre, spread] = populationMoments(batches.map((batch) => [mean(batch), variance(batch)]))
      expect(centre).toBeCloseTo(mean(batches.flat()), 4)
      expect(spread).toBeCloseTo(variance(batches.flat()), 4)
      expect(spread).toBeGreaterThanOrEqual(0)
    }),
  )
})

test('training through ONNX Runtime differentiates through the statistics: shifting a layer changes nothing', async () => {
  const net = network(small({ norm: 'batch', depth: 2 }))
  const trainer = await createTrainer({
    parameters: net.parameters,
    initial: initialise(net.parameters, random(1)),
    batch: { x: { shape } },
    loss: (p, inputs) => ({ loss: sum(net.applyWith(batchNormInTraining, p as never, inputs.x)) }),
    optimiser: optim.adamW(),
    threads: 1,
  })
  const scaled = x.map((v) => 7 * v)
  const plain = await trainer.evaluate({ x })
  const stretched = await trainer.evaluate({ x: scaled })
  await trainer.close()
  expect(stretched.loss / plain.loss).toBeCloseTo(1, 2)
})
