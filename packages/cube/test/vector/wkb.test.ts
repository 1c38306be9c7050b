/** Well-known binary by hand: byte orders, dimensions, EWKB flags, nesting, and what happens to broken bytes. */

import { InputError } from '@ecotope/core'
import { assert as check, integer, property, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeTypes, polygonalPart } from '../../src/vector/layer.ts'
import { parseWkb } from '../../src/vector/wkb.ts'

type Item = ['u8' | 'u32' | 'f64', number]

function bytesOf(items: readonly Item[], little: boolean): Uint8Array {
  const sizes = { u8: 1, u32: 4, f64: 8 }
  const view = new DataView(new ArrayBuffer(items.reduce((n, [kind]) => n + sizes[kind], 0)))
  let at = 0
  for (const [kind, value] of items) {
    if (kind === 'u8') view.setUint8(at, value)
    else if (kind === 'u32') view.setUint32(at, value, little)
    else view.setFloat64(at, value, little)
    at += sizes[kind]
  }
  return new Uint8Array(view.buffer)
}

const SQUARE = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 0],
] as const

/** A polygon of one ring with extra numbers in every position. */
function polygon(little: boolean, type: number, extra: number, srid = false): Item[] {
  const head: Item[] = [
    ['u8', little ? 1 : 0],
    ['u32', type],
  ]
  if (srid) head.push(['u32', 4326])
  head.push(['u32', 1], ['u32', SQUARE.length])
  for (const [x, y] of SQUARE) {
    head.push(['f64', x], ['f64', y])
    for (let k = 0; k < extra; k++) head.push(['f64', 9])
  }
  return head
}

describe('parseWkb', () => {
  it.each([
    ['two dimensions', 3, 0, false],
    ['ISO z', 1003, 1, false],
    ['ISO m', 2003, 1, false],
    ['ISO z and m', 3003, 2, false],
    ['EWKB z', 0x80000003, 1, false],
    ['EWKB z and m with a reference system', 0xe0000003, 2, true],
  ])('%s, both byte orders', (_, type, extra, srid) => {
    for (const little of [true, false]) {
      const geometry = parseWkb(bytesOf(polygon(little, type, extra, srid), little), 'file')
      expect(geometry).toEqual({ type: 'Polygon', coordinates: [SQUARE] })
    }
  })

  it('multipolygons and collections', () => {
    const two: Item[] = [['u8', 1], ['u32', 6], ['u32', 2], ...polygon(true, 3, 0), ...polygon(true, 3, 0)]
    expect(parseWkb(bytesOf(two, true), 'file').coordinates).toEqual([[SQUARE], [SQUARE]])
    const point: Item[] = [
      ['u8', 1],
      ['u32', 1],
      ['f64', 5],
      ['f64', 6],
    ]
    const mixed: Item[] = [['u8', 1], ['u32', 7], ['u32', 2], ...point, ...polygon(true, 3, 0)]
    expect(polygonalPart(parseWkb(bytesOf(mixed, true), 'file'))).toEqual({ type: 'Polygon', coordinates: [SQUARE] })
  })

  it('names curves without making lines of them', () => {
    const curve = parseWkb(
      bytesOf(
        [
          ['u8', 1],
          ['u32', 10],
          ['u32', 0],
        ],
        true,
      ),
      'file',
    )
    expect(curve.type).toBe('CurvePolygon')
    expect(polygonalPart(curve)).toBeUndefined()
    expect(describeTypes([{ geometry: curve, properties: {}, id: '1' }])).toBe('1 CurvePolygon')
  })

  it('says InvalidGeometry for any broken bytes, and never runs away', async () => {
    const whole = bytesOf(polygon(true, 3, 0), true)
    for (let length = 0; length < whole.length; length++) {
      expect(() => parseWkb(whole.subarray(0, length), 'feature 7')).toThrow(/feature 7 holds a geometry/)
    }
    await check(
      property(uint8Array({ maxLength: 60 }), integer({ min: 0, max: 20 }), (bytes, type) => {
        if (bytes.length > 4) bytes.set([1, type, 0, 0, 0])
        try {
          parseWkb(bytes, 'x')
        } catch (error) {
          expect(error).toBeInstanceOf(InputError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
