import { expect, test } from 'vitest'
import {
  duration,
  hectares,
  listed,
  literal,
  metres,
  number,
  percent,
  plural,
  significant,
  withError,
} from '../../src/report/format.ts'
import { escaped, html, raw } from '../../src/report/html.ts'

/** Narrow no-break spaces are hard to see in an editor. */
const plain = (text: string): string => text.replaceAll('\u202f', '_')

test('numbers as people read them', () => {
  expect(number(1234567)).toBe('1,234,567')
  expect(number(-0.5, 1)).toBe('−0.5')
  expect([number(Number.NaN), number(undefined), significant(Number.POSITIVE_INFINITY), percent(undefined)]).toEqual([
    '–',
    '–',
    '–',
    '–',
  ])
  expect([0, 0.031234, 4.5678, 1234.5, 100, 1e-9].map((v) => significant(v))).toEqual([
    '0',
    '0.0312',
    '4.57',
    '1,235',
    '100',
    '1.00e−9',
  ])
  expect(plain(percent(0.97251))).toBe('97.3_%')
  expect([withError(21_157.76, 3141.8), withError(0.02351, 0.00349), withError(12, 0)]).toEqual([
    '21,158',
    '0.0235',
    '12',
  ])
})

test('units', () => {
  expect([hectares(12.345), hectares(21157.7), hectares(undefined)].map(plain)).toEqual(['12.3_ha', '21,158_ha', '–'])
  expect([0.44, 59.4, 83, 3725].map(duration).map(plain)).toEqual(['0.4_s', '59_s', '1_min 23_s', '1_h 2_min'])
  expect([500, 2000, 2500].map(metres).map(plain)).toEqual(['500_m', '2_km', '2.5_km'])
  expect([plural(1, 'class', 'classes'), plural(4, 'class', 'classes')].map(plain)).toEqual(['1_class', '4_classes'])
})

test('lists and parameter values', () => {
  expect([listed([]), listed(['a']), listed(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c'])
  expect(['x', '', 3, true, ['a', 1], null, undefined].map(literal)).toEqual([
    'x',
    '(empty)',
    '3',
    'true',
    '["a",1]',
    '–',
    '–',
  ])
})

test('templates escape text, keep markup, drop nothing', () => {
  expect(
    html`<p title="${'a"b'}">${'<i>'}${raw('<b>x</b>')}${[html`<u>${1}</u>`, 'y&z']}${undefined}${false}</p>`.text,
  ).toBe('<p title="a&quot;b">&lt;i&gt;<b>x</b><u>1</u>y&amp;z</p>')
  expect(escaped('a\u0000b\n')).toBe('a\u2426b\n')
})
