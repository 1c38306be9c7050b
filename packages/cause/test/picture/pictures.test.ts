import { type Drawing, pictureOf, type Shape } from '@ecotope/cube'
import { describe, expect, it } from 'vitest'
import { LinkGraph } from '../../src/discovery/graph.ts'
import { LagArray } from '../../src/discovery/lag-array.ts'
import { edgesOf, ownStrength } from '../../src/picture/edges.ts'
import { drawLagFunctions } from '../../src/picture/lag-functions.ts'
import { penOf, roundUp } from '../../src/picture/link-style.ts'
import { drawNetwork } from '../../src/picture/network.ts'
import { drawTimeSeriesGraph } from '../../src/picture/time-series-graph.ts'

const variables = ['Niño', 'rain', 'a very long name']

function found(
  links: readonly (readonly [i: number, j: number, tau: number, link: string, value: number])[],
  tauMax = 3,
) {
  const graph = new LinkGraph(3, tauMax)
  const values = new LagArray(3, tauMax)
  for (const [i, j, tau, link, value] of links) {
    graph.put(i, j, tau, link)
    values.set(i, j, tau, value)
    if (tau === 0) values.set(j, i, 0, value)
  }
  return { variables, tauMax, graph, values }
}

const some = found([
  [0, 0, 1, '-->', 0.8],
  [0, 1, 2, '-->', 0.3],
  [0, 1, 3, '-->', -0.5],
  [1, 2, 0, '<--', 0.2],
  [2, 0, 1, 'o->', 0.1],
])

const ofKind = <K extends Shape['kind']>(drawing: Drawing, kind: K) =>
  drawing.shapes.filter((shape): shape is Extract<Shape, { kind: K }> => shape.kind === kind)
const texts = (drawing: Drawing): string[] => ofKind(drawing, 'text').map(({ text }) => text)

describe('edges', () => {
  it('gather lags, the strongest first, and turn backward links round', () => {
    expect(edgesOf(some)).toEqual([
      { from: 0, to: 1, link: '-->', lags: [3, 2], value: -0.5 },
      { from: 2, to: 1, link: '-->', lags: [0], value: 0.2 },
      { from: 2, to: 0, link: 'o->', lags: [1], value: 0.1 },
    ])
    expect([0, 1, 2].map((i) => ownStrength(some, i))).toEqual([0.8, 0, 0])
  })
})

describe('strength', () => {
  it('is seen without colour', () => {
    const scale = { most: 1, title: '' }
    const pens = [0.1, 0.5, 1, -0.1, -0.5, -1].map((value) => penOf(value, scale))
    expect(pens.map(({ isDashed }) => isDashed)).toEqual([false, false, false, true, true, true])
    expect(pens[0]!.width).toBeLessThan(pens[1]!.width)
    expect(pens[4]!.width).toBe(pens[1]!.width)
    for (const [weak, strong] of [
      [0, 1],
      [1, 2],
      [3, 4],
      [4, 5],
    ] as const)
      expect(luminance(pens[strong]!.colour)).toBeLessThan(luminance(pens[weak]!.colour))
    for (const pen of pens) expect(luminance(pen.colour)).toBeLessThan(0.75)
  })

  it.each([
    [0.3, 0.5],
    [0.5, 0.5],
    [0.051, 0.1],
    [17, 20],
    [0, 1],
    [Number.NaN, 1],
  ])('%f is shown on a scale to %f', (value, most) => {
    expect(roundUp(value)).toBeCloseTo(most, 12)
  })
})

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

describe('process graph', () => {
  it('names variables and lags and says all in its alternative text', () => {
    const drawing = drawNetwork(some, { title: 'Sahel' })
    expect(texts(drawing)).toEqual(expect.arrayContaining([...variables, '3, 2', '1', 'Sahel']))
    expect(drawing.alt).toBe(
      'Sahel: Niño --> rain at lag 3, 2; a very long name --> rain at lag 0; a very long name o-> Niño at lag 1',
    )
  })

  it('stays inside its frame, on circles and on maps', () => {
    const places = [
      [-120, 0],
      [5, 15],
      [36, 1],
    ] as const
    for (const drawing of [
      drawNetwork(some),
      drawNetwork(some, {
        places,
        outlines: [
          [
            [-130, -20],
            [40, 30],
          ],
        ],
      }),
    ]) {
      for (const { points } of ofKind(drawing, 'line'))
        for (const [i, value] of points.entries()) {
          expect(value).toBeGreaterThanOrEqual(0)
          expect(value).toBeLessThanOrEqual(i % 2 === 0 ? drawing.width : drawing.height)
        }
    }
  })

  it('puts the north up and the west left', () => {
    const drawing = drawNetwork(some, {
      places: [
        [-120, 0],
        [5, 15],
        [36, -10],
      ],
    })
    const at = (name: string) => ofKind(drawing, 'text').find(({ text }) => text === name)!
    expect(at('Niño').x).toBeLessThan(at('rain').x)
    expect(at('rain').y).toBeLessThan(at('Niño').y)
  })

  it('refuses places that are not there', () => {
    expect(() => drawNetwork(some, { places: [[0, 0]] })).toThrow(/1 places for 3 variables/)
  })

  it('is drawn without any link', () => {
    expect(drawNetwork(found([])).alt).toContain('no links')
  })
})

describe('graph through time', () => {
  it('repeats links at every step where they fit', () => {
    const heads = (links: Parameters<typeof found>[0]): number =>
      ofKind(drawTimeSeriesGraph(found(links)), 'line').filter(
        ({ fill, stroke, points }) => fill === stroke && points.length === 8,
      ).length
    expect(heads([[0, 1, 1, '-->', 0.5]])).toBe(3)
    expect(heads([[0, 1, 3, '-->', 0.5]])).toBe(1)
    expect(heads([[0, 1, 0, '-->', 0.5]])).toBe(4)
    expect(heads([[0, 1, 0, 'o-o', 0.5]])).toBe(0)
    expect(texts(drawTimeSeriesGraph(some))).toEqual(expect.arrayContaining(['t', 't−1', 't−3']))
  })
})

describe('lag functions', () => {
  it('have a dot for each pair and lag, filled where there is a link', () => {
    const dots = ofKind(drawLagFunctions(some), 'line').filter(({ points }) => points.length === 98)
    expect(dots).toHaveLength(9 * 4 - 3)
    expect(dots.filter(({ fill }) => fill !== '#ffffff')).toHaveLength(6)
  })

  it('show bounds where there are some', () => {
    const lower = new LagArray(3, 3, Number.NaN)
    const upper = new LagArray(3, 3, Number.NaN)
    lower.set(0, 1, 2, 0.1)
    upper.set(0, 1, 2, 0.5)
    const bars = (drawing: Drawing) => ofKind(drawing, 'line').filter(({ strokeWidth }) => strokeWidth === 3)
    expect(bars(drawLagFunctions({ ...some, intervals: { lower, upper } }))).toHaveLength(1)
    expect(bars(drawLagFunctions(some))).toHaveLength(0)
  })
})

it('pictures are SVG and PNG', () => {
  const picture = pictureOf(drawNetwork(some))
  expect(picture.svg()).toMatch(/^<svg .*<\/svg>\n$/s)
  expect([...picture.png().subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47])
})
