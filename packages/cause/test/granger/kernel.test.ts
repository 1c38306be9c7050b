import { describe, expect, test } from 'vitest'
import { kernelGranger } from '../../src/granger/kernel.ts'
import { timeSeries } from '../../src/series/series.ts'
import { golden, near } from './golden.ts'

describe.each(golden.kernel)('$kind kernel of $value, $cause to $effect of others $others', (expected) => {
  test('index, filter and p-value equal those of full kernel matrices', async () => {
    const columns = expected.others.length > 0 ? golden.var[0]!.series : golden.maps
    const kernel =
      expected.kind === 'polynomial'
        ? ({ kind: 'polynomial', degree: expected.value } as const)
        : ({ kind: 'gaussian', width: expected.value } as const)
    const { pairs, values, pValues } = await kernelGranger(timeSeries({ columns }), { order: expected.order, kernel })
    const pair = pairs.find(({ cause, effect }) => cause === `x${expected.cause}` && effect === `x${expected.effect}`)!
    expect(pair.directions).toBe(expected.features)
    expect(pair.passed).toBe(expected.kept)
    near(pair.index, expected.index, 1e-7)
    near(Math.log10(pair.pValue), Math.log10(expected.pValue), 1e-5)
    expect(values.get(expected.cause, expected.effect, 1)).toBe(pair.index)
    expect(pValues.get(expected.cause, expected.effect, 1)).toBe(pair.pValue)
  })
})

test('a quadratic influence that linear models do not see is found, in its direction only', async () => {
  const random = (await import('@ecotope/core')).random(7)
  const [x, y] = [new Float64Array(500), new Float64Array(500)]
  for (let t = 1; t < 500; t++) {
    x[t] = random.normal()
    y[t] = 0.4 * y[t - 1]! + 0.5 * (x[t - 1]! ** 2 - 1) + random.normal()
  }
  const series = timeSeries({ columns: [x, y] })
  const linear = await kernelGranger(series, { kernel: { kind: 'polynomial', degree: 1 }, alpha: 0.01 })
  expect(linear.graph.links.join('')).toBe('')
  for (const kernel of [{ kind: 'polynomial', degree: 2 } as const, { kind: 'gaussian', width: 2 } as const]) {
    const { graph, pairs } = await kernelGranger(series, { kernel, alpha: 0.01 })
    expect(graph.get(0, 1, 1)).toBe('-->')
    expect(graph.get(1, 0, 1)).toBe('')
    expect(pairs.find(({ cause }) => cause === 'x0')!.index).toBeGreaterThan(0.2)
  }
})

test('pairs alone see a common cause as a link; conditional on it they do not', async () => {
  const random = (await import('@ecotope/core')).random(3)
  const [x, y, z] = [new Float64Array(600), new Float64Array(600), new Float64Array(600)]
  for (let t = 2; t < 600; t++) {
    z[t] = random.normal()
    x[t] = z[t - 1]! + 0.3 * random.normal()
    y[t] = z[t - 2]! + 0.3 * random.normal()
  }
  const series = timeSeries({ columns: [x, y, z] }, { names: ['x', 'y', 'z'] })
  const alone = await kernelGranger(series, { order: 2, conditional: false, alpha: 0.001 })
  expect(alone.graph.get(0, 1, 1)).toBe('-->')
  const together = await kernelGranger(series, { order: 2, alpha: 0.001, fdr: 'fdr-bh' })
  expect(together.graph.get(0, 1, 1)).toBe('')
  expect(together.graph.get(2, 1, 1)).toBe('-->')
  for (const [k, q] of together.qValues!.data.entries()) expect(q).toBeGreaterThanOrEqual(together.pValues.data[k]!)
})

describe('what cannot be done is said', () => {
  const series = timeSeries({ columns: golden.maps })

  test.each([
    [{ kernel: { kind: 'polynomial', degree: 0 } as const }, 'BadKernel'],
    [{ kernel: { kind: 'gaussian', width: 0 } as const }, 'BadKernel'],
    [{ order: 0 }, 'BadCount'],
    [{ order: 145 }, 'TooFewSamples'],
    [{ alpha: 2 }, 'BadLevel'],
  ])('%j: %s', async (options, tag) => {
    await expect(kernelGranger(series, options)).rejects.toThrow(expect.objectContaining({ tag }))
  })

  test('constant variables are left out with a warning', async () => {
    const [x, y] = golden.maps
    const names = ['x', 'flat', 'y']
    const { warnings, pValues } = await kernelGranger(timeSeries({ columns: [x!, x!.map(() => 1), y!] }, { names }))
    expect(warnings).toEqual([{ tag: 'ConstantVariable', message: 'flat is constant and was left out' }])
    expect(pValues.get(1, 0, 1)).toBe(1)
    await expect(kernelGranger(timeSeries({ columns: [x!] }))).rejects.toThrow(
      expect.objectContaining({ tag: 'NoVariables' }),
    )
  })

  test('it stops when asked', async () => {
    const stop = new AbortController()
    stop.abort()
    const run = kernelGranger(series, { signal: stop.signal })
    await expect(run).rejects.toThrow(expect.objectContaining({ tag: 'Cancelled' }))
  })
})
