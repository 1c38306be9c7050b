import { areaEstimate, isRefusal, precisionRecallCurve, reliability } from '@ecotope/belief'
import { describe, expect, test } from 'vitest'
import { areaChart } from '../../src/report/charts/areas.ts'
import { blockMap, blockStrip } from '../../src/report/charts/blocks.ts'
import { footprints } from '../../src/report/charts/footprints.ts'
import { learningCurves } from '../../src/report/charts/learning.ts'
import { precisionRecall } from '../../src/report/charts/precision-recall.ts'
import { reliabilityDiagram } from '../../src/report/charts/reliability.ts'
import { type Axis, line, logTicks, niceTicks, place } from '../../src/report/svg.ts'
import { attribute, problems, textOf } from './html.ts'

/** Points of an SVG path of M and L commands. */
const points = (d: string): number[][] =>
  [...d.matchAll(/[ML]([-\d.]+) ([-\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])])

describe('axes', () => {
  const axis: Axis = { domain: [0, 10], range: [100, 0], ticks: [], format: String, label: '' }

  test('place values linearly and by logarithm', () => {
    expect([0, 5, 10].map((v) => place(axis, v))).toEqual([100, 50, 0])
    const log: Axis = { ...axis, domain: [1, 100], log: true }
    expect([1, 10, 100].map((v) => place(log, v))).toEqual([100, 50, 0])
    expect(Number.isFinite(place(log, 0))).toBe(true)
    expect(place({ ...axis, domain: [3, 3] }, 3)).toBe(50)
  })

  test('ticks are round and inside', () => {
    expect(niceTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
    expect(niceTicks(3, 97, 4)).toEqual([25, 50, 75])
    expect(niceTicks(5, 5)).toEqual([5])
    expect(logTicks(0.1, 1)).toEqual([0.1, 0.2, 0.5, 1])
    expect(logTicks(1, 1e5)).toEqual([1, 10, 100, 1000, 10_000, 100_000])
  })

  test('a line breaks where a value is missing', () => {
    const drawn = line(axis, axis, [0, 1, 2, 3], [0, Number.NaN, 2, 3], 'class="a"').text
    expect(attribute(drawn, 'path', 'd')[0]).toBe('M100 100M80 80L70 70')
  })
})

test('learning curves: one panel per member, points in their places, the best epoch marked', () => {
  const members = [
    { epochs: [1, 2, 3], trainLoss: [1, 0.5, 0.25], validationLoss: [1, 0.6, 0.7], bestEpoch: 2 },
    { name: 'late', epochs: [1, 2], trainLoss: [0.9, 0.8], validationLoss: [Number.NaN, 0.8] },
  ]
  const drawn = learningCurves({ loss: 'cross-entropy', members }).text
  expect(problems(drawn)).toEqual([])
  const paths = attribute(drawn, 'path', 'd', 'line-validation').map(points)
  expect(paths.map((p) => p.length)).toEqual([3, 1])
  const [first, second, third] = paths[0]!
  // Epochs 1 to 3 span the panel; loss 1 lies above 0.7, which lies above 0.6 (SVG grows downwards).
  expect(second![0]! - first![0]!).toBeCloseTo(third![0]! - second![0]!, 1)
  expect((second![1]! - first![1]!) / (third![1]! - first![1]!)).toBeCloseTo(0.4 / 0.3, 1)
  expect(attribute(drawn, 'circle', 'cx')[0]).toBe(String(second![0]))
  expect(textOf(drawn)).toContain('epoch 2: 0.6')
  expect(textOf(drawn)).toContain('late')
  expect(learningCurves({ loss: 'x', members: [] }).text).not.toContain('NaN')
})

test('precision-recall: the curve ends where everything is taken, the average precision is written', () => {
  const curve = precisionRecallCurve(Float32Array.from([0.9, 0.8, 0.7, 0.6]), [1, 0, 1, 0])
  const empty = precisionRecallCurve(Float32Array.from([0.9]), [0])
  const drawn = precisionRecall([
    { name: 'scar', curve, colour: '#c8502d' },
    { name: 'none', curve: empty, colour: '#000000' },
  ]).text
  expect(problems(drawn)).toEqual([])
  const path = points(/<g data-class="scar"><path[^>]*d="([^"]*)"/.exec(drawn)![1]!)
  // Recall 0, 0.5 and 1 at precision 1, 1 and 2/3 in a frame from (52, 358) to (374, 12).
  expect(path[0]).toEqual([52, 12])
  expect(path[1]).toEqual([213, 12])
  expect(path.at(-1)![0]).toBe(374)
  expect(path.at(-1)![1]).toBeCloseTo(358 - (2 / 3) * 346, 1)
  expect(textOf(drawn)).toContain('average precision 0.833')
  expect(drawn).not.toContain('data-class="none"')
})

test('reliability: one bar per bin with pixels, as high as its accuracy', () => {
  const p = [0.95, 0.95, 0.95, 0.95, 0.55, 0.55]
  const belief = Float32Array.from([...p, ...p.map((v) => 1 - v)])
  const drawn = reliabilityDiagram('After', reliability(belief, [0, 0, 0, 1, 0, 1], { bins: 10 })).text
  expect(problems(drawn)).toEqual([])
  expect(attribute(drawn, 'g', 'data-accuracy', 'bin')).toEqual(['0.5000', '0.7500'])
  const heights = attribute(drawn, 'rect', 'height', 'bar').map(Number)
  expect(heights[1]! / heights[0]!).toBeCloseTo(0.75 / 0.5, 1)
  expect(textOf(drawn)).toContain('4 pixels stated 95.0')
})

test('areas: dots at estimates, whiskers over intervals; logarithmic where a class is rare', () => {
  const input = {
    names: ['rare', 'common'],
    mapped: [1000, 999_000],
    sample: [
      [40, 10],
      [1, 399],
    ],
    pixelAreaSquareMetres: 100,
    design: { kind: 'stratified' },
  } as const
  const estimate = areaEstimate(input)
  if (isRefusal(estimate)) throw new Error(estimate.refused)
  const drawn = areaChart(estimate, ['#111111', '#222222']).text
  expect(problems(drawn)).toEqual([])
  expect(textOf(drawn)).toContain('logarithmic')
  const dots = attribute(drawn, 'circle', 'cx').map(Number)
  expect(dots[0]!).toBeLessThan(dots[1]!)
  const even = areaEstimate({ ...input, mapped: [500_000, 500_000] })
  if (isRefusal(even)) throw new Error(even.refused)
  expect(textOf(areaChart(even, ['#111111', '#222222']).text)).not.toContain('logarithmic')
})

test('blocks: cells in their places, dots for all, no text where cells are small', () => {
  const scores = [
    { row: 0, column: 1, pixels: 100, overallAccuracy: 0.9 },
    { row: 1, column: 0, pixels: 50, overallAccuracy: 0.5 },
  ]
  const map = blockMap({ rows: 2, columns: 2, scores }).text
  expect(problems(map)).toEqual([])
  expect(attribute(map, 'rect', 'x').slice(1)).toEqual(['230', '0'])
  expect(attribute(map, 'rect', 'y').slice(1)).toEqual(['0', '230'])
  expect(textOf(map)).toContain('row 1, column 2')
  expect(map).toContain('>90</text>')
  expect(blockMap({ rows: 50, columns: 50, scores }).text).not.toContain('>90</text>')
  const strip = blockStrip({ rows: 2, columns: 2, scores }, 0.77).text
  expect(attribute(strip, 'circle', 'cx', 'dot').length).toBe(2)
  expect(textOf(strip)).toContain('all blocks 77.0')
})

test('footprints: drawn for two layers or more, north up', () => {
  const layer = { name: 'a', path: 'a.tif', role: 'features', crs: 'EPSG:4326' } as const
  const square = [
    [0, 0],
    [2, 0],
    [2, 1],
    [0, 1],
  ] as const
  expect(footprints([{ ...layer, footprint: square }])).toBeUndefined()
  const drawn = footprints([
    { ...layer, footprint: square },
    layer,
    {
      ...layer,
      name: 'b',
      footprint: [
        [1, 0],
        [2, 0],
        [2, 1],
      ],
    },
  ])!
  const [ring, triangle] = attribute(drawn.text, 'polygon', 'points').map((p) =>
    p.split(' ').map((q) => q.split(',').map(Number)),
  )
  expect(triangle!.length).toBe(3)
  const [low, , high] = ring!
  expect(high![1]!).toBeLessThan(low![1]!)
})
