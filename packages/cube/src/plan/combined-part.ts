/** A reduction of ranges whose results join: sums, means, extremes and the like. One pass. */
import { type Kernel, kernelOf } from '../cells/kernel.ts'
import { accessesOf, regionsOf } from '../cells/needs.ts'
import { FLOAT64 } from '../model/block.ts'
import type { Dimension } from '../model/dimension.ts'
import { own, release } from '../model/garbage.ts'
import type { CubeSchema } from '../model/node.ts'
import { cellCount, type Region } from '../model/region.ts'
import { COMBINATIONS } from './combine.ts'
import {
  keptDims,
  type Part,
  type PartPlan,
  placesOf,
  type Range,
  type Reduce,
  regionOn,
  type Split,
} from './ranges.ts'

/** Numbers of one cell that are kept between ranges, at most, with their kernels' results. */
const STATE_BYTES = 4 * 8

/** Every range is reduced by a kernel, over the cube of ranges. */
export function combinedPart(split: Split, part: Part, ranges: readonly Range[]): PartPlan {
  const { node, dim } = split
  const { reduce, dims } = part
  const combination = COMBINATIONS[reduce.reducer]!
  const kept = keptDims(split, part)
  const along: Dimension = { type: 'other', name: dim, labels: ranges.map((_, r) => r) }
  const schema: CubeSchema = { dims: [along, ...kept.map((d) => node.schema.dims[d]!)], packing: FLOAT64 }
  const inputs = node.inputs.map((input) => input.schema)
  const grouped: Reduce = { ...reduce, groups: ranges.map(({ indices }) => indices) }
  const cells = combination.kept(grouped)
  const accesses = cells.flatMap((cell) => accessesOf(cell, schema, inputs))
  const sources = inputs.map((input) => ({ schema: input }))
  // Planning tries ranges of many lengths; only those that are chosen need kernels.
  let known: readonly Kernel[] | undefined
  const rangeRegion = (region: Region, r: number): Region => {
    const others = regionOn(region, kept)
    return { start: [r, ...others.start], shape: [1, ...others.shape] }
  }
  return {
    needs: (region, r) => regionsOf(accesses, inputs.length, rangeRegion(region, r)),
    stateBytes: (region) => STATE_BYTES * cellCount(regionOn(region, dims).shape),
    // Results of a range are few, and counted with the state.
    workBytes: () => 0,
    begin: (region) => {
      known ??= cells.map((cell) => kernelOf(cell, sources, { schema }))
      const kernels = known
      const state = kernels.map(() => new Float64Array(cellCount(regionOn(region, dims).shape)).fill(Number.NaN))
      const ignoreNodata = reduce.ignoreNodata ?? true
      return {
        add: (r, isFirst, blocks) => {
          const made = kernels.map(
            (kernel) => kernel.run(rangeRegion(region, r), blocks).data as Float64Array<ArrayBuffer>,
          )
          const places = placesOf(split, dims, region, ranges[r]!.group)
          for (let from = 0; from < made[0]!.length; from++) {
            const to = places(from)
            if (isFirst) for (const [k, data] of made.entries()) state[k]![to] = data[from]!
            else combination.join(state, to, made, from, ignoreNodata)
          }
          for (const data of made) release(own(data))
        },
        again: () => false,
        progress: () => undefined,
        found: () => state,
        join: (found, groups) => {
          const part = found as typeof state
          const count = cellCount(regionOn(region, kept).shape)
          for (const { group, isFirst } of groups) {
            const places = placesOf(split, dims, region, group)
            for (let i = 0; i < count; i++) {
              const at = places(i)
              if (isFirst) for (const [k, data] of part.entries()) state[k]![at] = data[at]!
              else combination.join(state, at, part, at, ignoreNodata)
            }
          }
        },
        end: () => Float64Array.from(state[0]!, (_, i) => combination.result(state, i)),
      }
    },
  }
}
