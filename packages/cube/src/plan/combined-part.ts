/** A reduction of ranges whose results join: sums, means, extremes and the like. One pass. */
import { type Kernel, kernelOf } from '../cells/kernel.ts'
import { accessesOf, regionsOf } from '../cells/needs.ts'
import { FLOAT64 } from '../model/block.ts'
import type { Dimension } from '../model/dimension.ts'
import { own, release } from '../model/garbage.ts'
import type { CubeSchema } from '../model/node.ts'
import { cellCount, type Region } from '../model/region.ts'
import { COMBINATIONS, type State } from './combine.ts'
import {
  keptDims,
  type Part,
  type PartPlan,
  type Range,
  type Reduce,
  type Run,
  regionOn,
  runsOf,
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
      const take = (part: State, run: Run, isFirst: boolean): void => {
        if (!isFirst) combination.join(state, part, run, ignoreNodata)
        else
          for (const [k, data] of part.entries()) state[k]!.set(data.subarray(run.from, run.from + run.length), run.to)
      }
      return {
        add: (r, isFirst, blocks) => {
          const made = kernels.map(
            (kernel) => kernel.run(rangeRegion(region, r), blocks).data as Float64Array<ArrayBuffer>,
          )
          for (const run of runsOf(split, dims, region, ranges[r]!.group)) take(made, run, isFirst)
          for (const data of made) release(own(data))
        },
        again: () => false,
        progress: () => undefined,
        found: () => state,
        join: (found, groups) => {
          for (const { group, isFirst } of groups)
            for (const { to, length } of runsOf(split, dims, region, group))
              take(found as State, { from: to, to, length }, isFirst)
        },
        end: () => combination.results(state),
      }
    },
  }
}
