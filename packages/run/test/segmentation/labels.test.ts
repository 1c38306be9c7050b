import { type Features, type Grid, parseCrs } from '@ecotope/cube'
import { describe, expect, test } from 'vitest'
import { classesOf, labelWindow, NO_LABEL } from '../../src/segmentation/labels.ts'

const crs = parseCrs('EPSG:32632')
const grid: Grid = { crs, affine: [10, 0, 0, 0, -10, 100], width: 10, height: 10 }

function square(west: number, south: number, size: number, properties: Record<string, unknown>) {
  const ring = [
    [west, south],
    [west + size, south],
    [west + size, south + size],
    [west, south + size],
    [west, south],
  ]
  return { geometry: { type: 'Polygon' as const, coordinates: [ring] }, properties }
}

const features = (...list: ReturnType<typeof square>[]): Features => ({ crs, features: list, label: 'test' })
const whole = { column: 0, row: 0, width: 10, height: 10 }
const options = { property: 'class', name: 'scar', background: 'auto', only: [] } as const

describe('classes', () => {
  test('text values are sorted and numbered, unlabelled pixels stay unknown', () => {
    const polygons = features(square(0, 0, 20, { class: 'water' }), square(50, 50, 30, { class: 'forest' }))
    const classes = classesOf(polygons, options)
    expect(classes.names).toEqual(['forest', 'water'])
    expect(classes.codes).toEqual([0, 1])
    expect(classes.background).toBe('ignore')
    const labels = labelWindow(polygons, classes, grid, whole)
    expect(labels.filter((v) => v === 0).length).toBe(9)
    expect(labels.filter((v) => v === 1).length).toBe(4)
    expect(labels.filter((v) => v === NO_LABEL).length).toBe(87)
  })

  test('whole numbers keep their value as code', () => {
    const polygons = features(square(0, 0, 20, { class: 30 }), square(50, 50, 30, { class: 7 }))
    expect(classesOf(polygons, options)).toMatchObject({ names: ['7', '30'], codes: [7, 30] })
  })

  test('without a property everything else inside the hull is background, beyond it nothing is known', () => {
    const polygons = features(square(0, 0, 20, {}), square(60, 0, 20, {}))
    const classes = classesOf(polygons, { ...options, property: null })
    expect(classes.names).toEqual(['background', 'scar'])
    const labels = labelWindow(polygons, classes, grid, whole)
    // The hull is 80 m x 20 m at the lower edge: 16 pixels, 8 of them in the squares.
    expect(labels.filter((v) => v === 1).length).toBe(8)
    expect(labels.filter((v) => v === 0).length).toBe(8)
    expect(labels.slice(0, 80).every((v) => v === NO_LABEL)).toBe(true)
  })

  test('a class that is contrasted with everything else', () => {
    const polygons = features(square(0, 0, 20, { class: 'a' }), square(50, 50, 30, { class: 'b' }))
    expect(classesOf(polygons, { ...options, background: 'class' }).names).toEqual(['background', 'a', 'b'])
  })

  test('only some of the values', () => {
    const polygons = features(
      square(0, 0, 20, { class: 'a' }),
      square(50, 50, 30, { class: 'b' }),
      square(0, 50, 10, { class: 'c' }),
    )
    const classes = classesOf(polygons, { ...options, only: ['c', 'a'] })
    expect(classes.names).toEqual(['a', 'c'])
    const labels = labelWindow(polygons, classes, grid, whole)
    expect([0, 1, NO_LABEL].map((k) => labels.filter((v) => v === k).length)).toEqual([4, 1, 95])
    expect(() => classesOf(polygons, { ...options, only: ['d', 'a'] })).toThrow(
      expect.objectContaining({ tag: 'NoClass' }),
    )
  })

  test.each([
    ['NoProperty', { ...options, property: 'klass' }, /present: class/],
    ['OneClass', { ...options, property: 'only' }, /two or more/],
  ])('%s', (tag, given, hint) => {
    const polygons = features(square(0, 0, 20, { class: 'a', only: 1 }), square(50, 50, 30, { class: 'b', only: 1 }))
    const failure = (): unknown => classesOf(polygons, given)
    expect(failure).toThrow(expect.objectContaining({ tag, hint: expect.stringMatching(hint) }))
  })
})
