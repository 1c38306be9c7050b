/** Boxes that can be read one without the others: they fill a region, and each lies in one stored chunk. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { westToEast } from '../../src/cf/longitudes.ts'
import { transposedSource } from '../../src/collection/transposed.ts'
import { sourceWithMissing } from '../../src/collection/with-missing.ts'
import { parseCrs } from '../../src/crs/crs.ts'
import { spatialDimensions } from '../../src/geotiff/array-source.ts'
import type { Grid } from '../../src/index.ts'
import { type ArraySource, partsApart } from '../../src/model/array-source.ts'
import { memorySource } from '../../src/model/memory.ts'
import { shapeOf } from '../../src/model/node.ts'
import { cellCount, chunkCount, type Region } from '../../src/model/region.ts'
import { selectedSource } from '../../src/model/selected.ts'

const grid: Grid = { crs: parseCrs('EPSG:4326'), affine: [30, 0, 0, 0, -30, 60], width: 12, height: 4 }
const labels = Array.from({ length: 7 }, (_, i) => `2020-01-0${i + 1}T00:00:00Z`)

/** Reads are noted. */
function stored(chunks: readonly number[]): { readonly source: ArraySource; readonly reads: Region[] } {
  const t = { name: 't', type: 'temporal', labels, calendar: 'standard' } as const
  const packing = { dtype: 'uint16', scale: 1, offset: 0 } as const
  const data = Uint16Array.from({ length: 7 * 4 * 12 }, (_, i) => i)
  const { source } = memorySource(data, { dims: [t, ...spatialDimensions(grid)], grid, packing })
  const reads: Region[] = []
  const read: ArraySource['read'] = (region, options) => {
    reads.push(region)
    return source.read(region, options)
  }
  return { source: { ...source, chunks, read }, reads }
}

const wrappers: Readonly<Record<string, (source: ArraySource) => ArraySource>> = {
  'turned longitudes': westToEast,
  'labels taken': (source) => selectedSource(source, 0, [5, 6, 0, 1, 1, 4])!,
  'dimensions moved': (source) => transposedSource(source, [2, 0, 1]),
  'another type': sourceWithMissing,
  'all of them': (source) =>
    sourceWithMissing(transposedSource(westToEast(selectedSource(source, 0, [6, 2, 3])!), [1, 0, 2])),
}

test.each(Object.entries(wrappers))('of %s', async (_, wrap) => {
  const side = fc.integer({ min: 1, max: 5 })
  const cuts = fc.tuple(fc.double({ min: 0, max: 0.99, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  await fc.assert(
    fc.asyncProperty(fc.tuple(side, side, side), fc.tuple(cuts, cuts, cuts), async (chunks, where) => {
      const { source, reads } = stored(chunks)
      const wrapped = wrap(source)
      const lengths = shapeOf(wrapped.schema)
      const start = lengths.map((length, d) => Math.floor(length * where[d]![0]))
      const shape = lengths.map((length, d) => Math.max(1, Math.ceil((length - start[d]!) * where[d]![1])))
      const seen = new Set<string>()
      for (const box of partsApart(wrapped, { start, shape })) {
        reads.length = 0
        await wrapped.read(box)
        const chunksRead = new Set(
          reads.map((region) => region.start.map((at, d) => Math.floor(at / chunks[d]!)).join()),
        )
        expect([chunksRead.size, ...reads.map((region) => chunkCount(region, chunks))]).toEqual([
          1,
          ...reads.map(() => 1),
        ])
        for (let i = 0; i < cellCount(box.shape); i++) seen.add(cellOf(box, i))
      }
      expect(seen.size).toBe(cellCount(shape))
    }),
    { numRuns: 100 },
  )
})

function cellOf({ start, shape }: Region, flat: number): string {
  let rest = flat
  const at = shape.map(() => 0)
  for (let d = shape.length - 1; d >= 0; d--) {
    at[d] = start[d]! + (rest % shape[d]!)
    rest = Math.floor(rest / shape[d]!)
  }
  return at.join()
}
