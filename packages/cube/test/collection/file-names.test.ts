/** Dates and bands from names of files. */
import { InputError } from '@ecotope/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bandsOfNames, expressionOf, fromName, instantOfName, stemOf } from '../../src/collection/file-names.ts'

const instant = (name: string, pattern: RegExp) => instantOfName(name, expressionOf(fromName(pattern)))

describe('fromName', () => {
  it('is plain data that survives JSON, without flags that keep a state', () => {
    const pattern = fromName(/_(\d{8})_/gi)
    expect(pattern).toEqual({ from: 'name', pattern: '_(\\d{8})_', flags: 'i' })
    expect(JSON.parse(JSON.stringify(pattern))).toEqual(pattern)
    expect(fromName('(\\d{4})')).toEqual({ from: 'name', pattern: '(\\d{4})' })
  })

  it('refuses what is no expression, and says which dates look how', () => {
    expect(() => expressionOf({ from: 'name', pattern: '(' })).toThrow(InputError)
  })
})

describe('instants', () => {
  it.each([
    ['S2_20200601_B04.tif', /(\d{8})/, '2020-06-01T00:00:00Z'],
    ['ndvi-2020-06-01.tif', /(\d{4}-\d{2}-\d{2})/, '2020-06-01T00:00:00Z'],
    ['T32_20200601T101031_B04.jp2', /_(\d{8}T\d{6})_/, '2020-06-01T10:10:31Z'],
    ['MOD13Q1.A2020153.tif', /A(\d{7})/, '2020-06-01T00:00:00Z'],
    ['lai_202006.tif', /_(\d{6})/, '2020-06-01T00:00:00Z'],
    ['landcover_2018.tif', /_(\d{4})/, '2018-01-01T00:00:00Z'],
    ['01.06.2020.tif', /(?<day>\d{2})\.(?<month>\d{2})\.(?<year>\d{4})/, '2020-06-01T00:00:00Z'],
    ['x_20-153.tif', /_(?<year>\d\d)-(?<doy>\d{3})/, '2020-06-01T00:00:00Z'],
  ])('%s', (name, pattern, expected) => {
    expect(instant(name, pattern)).toBe(expected)
  })

  it('is undefined where the pattern does not match', () => {
    expect(instant('dem.tif', /(\d{8})/)).toBeUndefined()
  })

  it.each(['x_20200231.tif', 'x_20201301.tif', 'x_20200100.tif'])('refuses %s, which is no date', (name) => {
    expect(() => instant(name, /_(\d{8})/)).toThrow(/is not a date/)
  })

  it('refuses digits that no date has', () => {
    expect(() => instant('x_123.tif', /_(\d{3})/)).toThrow(expect.objectContaining({ tag: 'BadDate' }))
  })

  it('gives back any date that was written into a name', () => {
    const days = fc.date({ min: new Date('1970-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(days, (date) => {
        const day = date.toISOString().slice(0, 10)
        expect(instant(`a_${day.replaceAll('-', '')}_b.tif`, /_(\d{8})_/)).toBe(`${day}T00:00:00Z`)
      }),
    )
  })
})

describe('bands of names', () => {
  it('takes the tokens that sensors call their bands', () => {
    const stems = ['T32UQD_20200601T101031_B04_10m', 'T32UQD_20200601T101031_SCL_20m', 'T33UUU_20200601T101031_B8A_20m']
    expect(bandsOfNames(stems, /_(\d{8}T\d{6})_/)).toEqual(['B04', 'SCL', 'B8A'])
  })

  it('else takes what differs between the names besides the date', () => {
    expect(bandsOfNames(['lake_ndvi_2020', 'lake_ndvi_2021', 'lake_lst_2020'], /_(\d{4})/)).toEqual([
      'ndvi',
      'ndvi',
      'lst',
    ])
  })

  it('takes the whole name where nothing differs', () => {
    expect(bandsOfNames(['ndvi_2020', 'ndvi_2021'], /_(\d{4})/)).toEqual(['ndvi', 'ndvi'])
    expect(bandsOfNames(['dem'], undefined)).toEqual(['dem'])
    expect(bandsOfNames(['20200601'], /(\d{8})/)).toEqual(['20200601'])
  })

  it('knows names without folders and extensions', () => {
    expect(stemOf('/data/s2/a.b_20200601.tif')).toBe('a.b_20200601')
    expect(stemOf('https://example.org/x/B04.tif?sig=1')).toBe('B04')
    expect(stemOf('/data/Köln #1/what?/B04.tif')).toBe('B04')
    expect(stemOf('cube.zarr.zip')).toBe('cube')
    expect(stemOf('store.zarr/')).toBe('store')
  })
})
