import { type Drawing, type Shape, textWidth } from '@ecotope/cube'
import { describe, expect, it } from 'vitest'
import { LinkGraph } from '../../src/discovery/graph.ts'
import { LagArray } from '../../src/discovery/lag-array.ts'
import { curve, type Point } from '../../src/picture/geometry.ts'
import { labelsAround, wrapped } from '../../src/picture/labels.ts'
import { drawLagFunctions } from '../../src/picture/lag-functions.ts'
import { drawNetwork } from '../../src/picture/network.ts'
import { bendsOf } from '../../src/picture/routes.ts'

const NAMES = [
  'Sea surface temperature Nino 3.4 (degC)',
  'Standardised precipitation evapotranspiration index 6M',
  'x',
  'Internally displaced persons due to drought',
  'NDVI',
]

const named = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${NAMES[i % NAMES.length]}${i < NAMES.length ? '' : ` ${i}`}`)

function ring(count: number) {
  const graph = new LinkGraph(count, 1)
  const values = new LagArray(count, 1)
  for (let i = 0; i < count; i++) {
    graph.put(i, (i + 1) % count, 1, '-->')
    values.set(i, (i + 1) % count, 1, 0.5)
  }
  return { variables: named(count), tauMax: 1, graph, values }
}

type Text = Extract<Shape, { kind: 'text' }>
type Box = readonly [left: number, top: number, right: number, bottom: number]

function boxOf({ text, size, x, y, anchor = 'start', isUpright }: Text): Box {
  const width = textWidth(text, size)
  if (isUpright) return [x - size, y - width, x, y]
  const left = x - { start: 0, middle: 0.5, end: 1 }[anchor] * width
  return [left, y - 0.75 * size, left + width, y + 0.1 * size]
}

const overlap = (a: Box, b: Box): boolean => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]

/** Every text lies in the picture, and none on another. */
function checkTexts({ shapes, width, height }: Drawing): void {
  const texts = shapes.filter((shape): shape is Text => shape.kind === 'text')
  const boxes = texts.map(boxOf)
  for (const [k, [left, top, right, bottom]] of boxes.entries()) {
    expect(left, texts[k]!.text).toBeGreaterThanOrEqual(0)
    expect(top, texts[k]!.text).toBeGreaterThanOrEqual(0)
    expect(right, texts[k]!.text).toBeLessThanOrEqual(width)
    expect(bottom, texts[k]!.text).toBeLessThanOrEqual(height)
  }
  for (const [k, box] of boxes.entries())
    for (let other = k + 1; other < boxes.length; other++)
      if (overlap(box, boxes[other]!)) expect([texts[k]!.text, texts[other]!.text]).toEqual([])
}

describe('names', () => {
  it('are broken between words only', () => {
    expect(wrapped('Red Sorghum Price (SOS/kg)', 90).join(' ')).toBe('Red Sorghum Price (SOS/kg)')
    expect(wrapped('evapotranspiration', 20)).toEqual(['evapotranspiration'])
    expect(wrapped('')).toEqual([''])
  })

  it.each([1, 2, 5, 12, 30, 60])('of %i nodes stand apart, in the picture', (count) => {
    checkTexts(drawNetwork(ring(count)))
  })

  it.each([2, 5, 12])('of %i columns of lag functions stand apart, in the picture', (count) => {
    checkTexts(drawLagFunctions(ring(count)))
  })

  it('stand outside of the nodes', () => {
    for (const count of [5, 12, 30]) {
      const [reach, radius] = [count * 12, 10]
      for (const { x, y, lines } of labelsAround(named(count), reach, radius)) {
        const nearest = Math.min(
          Math.hypot(x, y),
          Math.hypot(x, y + 14 * lines.length),
          Math.hypot(x, y + 7 * lines.length),
        )
        expect(nearest).toBeGreaterThan(reach - 14)
      }
    }
  })

  it('stay in the picture at places on its edge', () => {
    checkTexts(
      drawNetwork(ring(3), {
        places: [
          [0, 0],
          [40, 20],
          [80, 0],
        ],
      }),
    )
  })
})

describe('edges', () => {
  const points: Point[] = [
    [0, 0],
    [100, 0],
    [200, 0],
  ]
  const edge = { from: 0, to: 2, link: '-->', lags: [1], value: 1 } as const

  it('run around other nodes', () => {
    for (const lags of [[0], [1]]) {
      const [bend] = bendsOf([{ ...edge, lags }], points, 12)
      for (const [x, y] of curve(points[0]!, points[2]!, bend!)) expect(Math.hypot(x - 100, y)).toBeGreaterThan(12)
    }
  })

  it('of one pair do not cover each other', () => {
    const far: Point[] = [points[0]!, [100, 500], points[2]!]
    const pair = [edge, { ...edge, from: 2, to: 0 }, { ...edge, lags: [0] }, { ...edge, link: 'o->' as const }]
    const bends = bendsOf(pair, far, 12).map((bend, k) => (k === 1 ? -bend : bend))
    expect(new Set(bends).size).toBe(4)
  })
})
