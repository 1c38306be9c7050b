/** Samples of several data sets in 120 settings drawn at random, against the reference implementation (oracles/cause/samples.py). */
import { describe, expect, test } from 'vitest'
import { type CutOff, type MaskType, samplesOf } from '../../src/series/samples.ts'
import { type Node, type TimeSeries, timeSeries } from '../../src/series/series.ts'
import { golden } from '../discovery/reference.ts'

type Place = readonly [step: number, column: number]

interface Setting {
  readonly lengths: readonly number[]
  readonly offsets: readonly number[]
  readonly width: number
  readonly upto: boolean
  readonly tauMax: number
  readonly points: readonly number[] | null
  readonly vectors: readonly (readonly Node[])[] | null
  readonly x: readonly Node[]
  readonly y: readonly Node[]
  readonly z: readonly Node[]
  readonly cut: string
  readonly mask_type: MaskType | null
  readonly gaps: readonly (readonly Place[])[]
  readonly masks: readonly (readonly Place[])[] | null
  readonly found: { readonly rows: readonly (readonly number[])[]; readonly roles: readonly number[] } | null
}

const settings = golden<readonly Setting[]>('samples')

function seriesOf(one: Setting): TimeSeries {
  const columns = (m: number, value: (t: number, v: number) => number): Float64Array[] =>
    Array.from({ length: one.width }, (_, v) => Float64Array.from({ length: one.lengths[m]! }, (__, t) => value(t, v)))
  const has = (places: readonly Place[], t: number, v: number): boolean => places.some(([a, b]) => a === t && b === v)
  const inputs = one.lengths.map((_, m) => ({
    columns: columns(m, (t, v) => (has(one.gaps[m]!, t, v) ? Number.NaN : m * 10000 + t * 10 + v)),
    offset: one.lengths.length > 1 ? one.offsets[m]! : 0,
    ...(one.masks && { masks: columns(m, (t, v) => Number(has(one.masks![m]!, t, v))) }),
  }))
  return timeSeries(inputs, {
    missingUpToMaxLag: one.upto,
    ...(one.points && { referencePoints: one.points }),
    ...(one.vectors && { vectors: one.vectors }),
  })
}

describe('samples as the reference takes them', () => {
  for (const [index, one] of settings.entries())
    test(`setting ${index}`, () => {
      const options = {
        tauMax: one.tauMax,
        cutOff: one.cut.replace('_max', '-max').replaceAll('_', '-') as CutOff,
        maskType: one.mask_type ?? '',
      } as const
      const take = () => samplesOf(seriesOf(one), one.x, one.y, one.z, options)
      if (one.found === null) {
        expect(take).toThrow(expect.objectContaining({ tag: 'NoSamples' }))
        return
      }
      const { rows, roles } = take()
      expect(rows.map((row) => [...row])).toEqual(one.found.rows)
      expect([...roles]).toEqual(one.found.roles)
    })
})
