/** Sources whose cells can be missing although their files have no value for that: where damaged chunks are skipped. */
import { newArray } from '../dtype.ts'
import { type ArraySource, partsApart, withoutPlaces } from '../model/array-source.ts'
import { canBeMissing, withMissing } from '../model/packing.ts'

/** The source as it is read where damaged chunks stop the work (default), or where they are skipped. */
export const sourceFor = (source: ArraySource, { onError }: { readonly onError?: 'fail' | 'skip' }): ArraySource =>
  onError === 'skip' ? sourceWithMissing(source) : source

/**
 * The same cells in a type with a value that none of them has; whoever fails to read some can say so by it. The source
 * itself where it has such a value.
 */
export function sourceWithMissing(source: ArraySource): ArraySource {
  const { schema } = source
  if (canBeMissing(schema.packing)) return source
  const packing = withMissing(schema.packing)
  return {
    ...withoutPlaces(source),
    schema: { ...schema, packing },
    read: async (region, options) => {
      const data = await source.read(region, options)
      const out = newArray(packing.dtype, data.length)
      out.set(data)
      return out
    },
    narrow: (dimension, indices) => {
      const narrow = source.narrow?.(dimension, indices)
      return narrow && sourceWithMissing(narrow)
    },
    apart: (region) => partsApart(source, region),
    close: () => source.close(),
  }
}
