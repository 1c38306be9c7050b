/** What processes do to the units of values. */
import { describe, expect, test } from 'vitest'
import { Cube } from '../../../src/fluent/cube.ts'
import { type CallbackInput, Expression } from '../../../src/fluent/expression.ts'
import { memorySource } from '../../../src/model/memory.ts'
import type { CubeSchema } from '../../../src/model/node.ts'
import { UNIT_RULES } from '../../../src/process/cubes/units.ts'
import { registry } from '../../../src/process/registry.ts'

const times = Array.from({ length: 4 }, (_, i) => `2020-01-0${i + 1}T01:00:00Z`)
const FLOAT32 = { dtype: 'float32', scale: 1, offset: 0 } as const

/** Three dates of two hours in two bands of other units. */
function cubeOf(units: readonly [string?, string?] = ['K', 'mm']): Cube {
  const bands = ['tas', 'pr'].map((name, i) => ({ name, ...(units[i] === undefined ? {} : { unit: units[i] }) }))
  const schema: CubeSchema = {
    dims: [
      { type: 'temporal', name: 't', labels: times, calendar: 'standard' },
      { type: 'bands', name: 'bands', labels: ['tas', 'pr'], bands },
    ],
    packing: FLOAT32,
  }
  return new Cube(
    memorySource(
      Float32Array.from({ length: 8 }, (_, i) => i + 1),
      schema,
      'weather',
    ),
  )
}

const unitsOf = (cube: Cube): (string | undefined)[] => cube.bands.map(({ unit }) => unit)

describe('units', () => {
  test('there is a rule for every process that callbacks may have', () => {
    const categories = ['arrays', 'math', 'statistics', 'logic', 'comparison', 'texts', 'dates']
    // On cubes only.
    const others = ['ndvi', 'fit_curve', 'predict_curve']
    const ids = [...registry.values()].flatMap(({ id, category }) => (categories.includes(category) ? [id] : []))
    expect(ids.filter((id) => !UNIT_RULES.has(id) && !others.includes(id))).toEqual([])
  })

  test.each<[string, string | undefined, (cube: Cube) => Cube]>([
    ['mean', 'K', (cube) => cube.mean('t')],
    ['sum', 'K', (cube) => cube.sum('t')],
    ['sd', 'K', (cube) => cube.sd('t')],
    ['variance', 'K2', (cube) => cube.reduce('t', 'variance')],
    ['its root', 'K', (cube) => cube.reduce('t', 'variance').apply('sqrt')],
    ['count', undefined, (cube) => cube.count('t')],
    ['argmax', undefined, (cube) => cube.argmax('t')],
    ['product', undefined, (cube) => cube.reduce('t', 'product')],
    ['a comparison', undefined, (cube) => cube.gt(3)],
    ['is_nan', undefined, (cube) => cube.apply('is_nan')],
    ['ln', undefined, (cube) => cube.apply('ln')],
    ['a number added', 'K', (cube) => cube.add(1)],
    ['a number as a factor', 'K', (cube) => cube.multiply(2)],
    ['a square', 'K2', (cube) => cube.apply((x) => Expression.process('power', { base: x, p: 2 }))],
    ['a difference', 'K', (cube) => cube.subtract(cube.mean('t'))],
    ['a product', 'K2', (cube) => cube.multiply(cube)],
    ['a ratio', undefined, (cube) => cube.divide(cube)],
    ['where something holds', 'K', (cube) => cube.multiply(cube.gt(3))],
    ['what is unknown', undefined, (cube) => cube.add(cubeOf([]))],
    ['a period', undefined, (cube) => cube.aggregateTemporalPeriod('month', 'count')],
    ['groups', 'K2', (cube) => cube.groupBy('t', 'month', 'variance')],
    ['a moving window', 'K2', (cube) => cube.rolling(2, 'variance')],
    ['running sums', 'K', (cube) => cube.applyDimension('t', 'cumsum')],
    ['places in an order', undefined, (cube) => cube.applyDimension('t', 'order')],
    ['what callbacks make', undefined, (cube) => cube.reduce('t', arrayApply('sgn'))],
    ['what callbacks keep', 'K', (cube) => cube.reduce('t', arrayApply('absolute'))],
  ])('of %s', (_, unit, make) => {
    expect(unitsOf(make(cubeOf()))[0]).toBe(unit)
  })

  test('of each band by itself; those of one band, and what bands make together', () => {
    expect(unitsOf(cubeOf().reduce('t', 'variance'))).toEqual(['K2', 'mm2'])
    expect(cubeOf().band('pr').node.schema.unit).toBe('mm')
    expect(cubeOf().sum('bands').node.schema.unit).toBeUndefined()
    expect(cubeOf(['mm', 'mm']).sum('bands').node.schema.unit).toBe('mm')
    expect(cubeOf(['mm', 'mm']).count('bands').node.schema.unit).toBeUndefined()
  })

  test.each([
    ['m s-1', '(m s-1)2'],
    ['degC', 'K2'],
    ['1', '1'],
    ['%', '(%)2'],
    ['days since 1970-01-01', undefined],
  ])('the square of %s is %s', (unit, square) => {
    expect(unitsOf(cubeOf([unit]).reduce('t', 'variance'))[0]).toBe(square)
  })

  test('classes are not those of counts and comparisons', () => {
    const { node } = cubeOf()
    const classes = [{ value: 1, name: 'snow' }]
    const dims = node.schema.dims.map((dim) =>
      dim.type === 'bands' ? { ...dim, bands: dim.bands.map((band) => ({ ...band, classes })) } : dim,
    )
    const cube = new Cube({ ...node, schema: { ...node.schema, dims } } as typeof node)
    expect(cube.max('t').bands[0]).toHaveProperty('classes')
    expect(cube.gt(1).bands[0]).not.toHaveProperty('classes')
    expect(cube.count('t').bands[0]).not.toHaveProperty('classes')
  })

  test('the date of the greatest value counts from its instant, to the second', async () => {
    const cube = cubeOf().idxmax('t', { since: '2000-01-01' })
    expect(unitsOf(cube)).toEqual(['days since 2000-01-01', 'days since 2000-01-01'])
    expect((await cube.compute()).data[0]).toBeCloseTo((Date.UTC(2020, 0, 4, 1) - Date.UTC(2000, 0, 1)) / 864e5, 9)
  })
})

const arrayApply =
  (process: string): CallbackInput =>
  (data) =>
    Expression.process('array_apply', {
      data,
      process: {
        process_graph: { f: { process_id: process, arguments: { x: { from_parameter: 'x' } }, result: true } },
      },
    }).reduce('first')
