/** An order statistic of ranges: all values pass by several times, see `cells/selection.ts`. */
import { kernelOf } from '../cells/kernel.ts'
import { accessesOf, regionsOf } from '../cells/needs.ts'
import { Selection, type SelectionFound, type SelectionProgress, selectionBytes } from '../cells/selection.ts'
import { DTYPES } from '../dtype.ts'
import { FLOAT32, FLOAT64 } from '../model/block.ts'
import { consecutive } from '../model/consecutive.ts'
import type { Dimension } from '../model/dimension.ts'
import { own, release } from '../model/garbage.ts'
import type { CubeSchema } from '../model/node.ts'
import { cellCount, type Region } from '../model/region.ts'
import { kernelBytes } from './kernels.ts'
import { keptDims, type Part, type PartPlan, type Range, regionOn, runsOf, type Split } from './ranges.ts'

/** The probability of each order statistic; undefined of other reducers. */
export function probabilityOf({ reducer, probability }: Part['reduce']): number | undefined {
  if (reducer === 'median') return 0.5
  return reducer === 'quantile' ? (probability ?? 0.5) : undefined
}

/** From the first to the last of ascending indices. */
const spanOf = (indices: readonly number[]): number => (indices.length === 0 ? 0 : indices.at(-1)! + 1 - indices[0]!)

/** The values themselves, made by a kernel range after range, in the type that a kernel of the node computes in. */
export function selectedPart(
  split: Split,
  part: Part,
  unordered: readonly Range[],
  options: { readonly type: 'float32' | 'float64'; readonly bytes: number },
): PartPlan {
  const { node, dim, length } = split
  const { reduce, dims } = part
  const { type } = options
  const kept = keptDims(split, part)
  const ranges = unordered.map(({ group, indices }) => ({ group, indices: [...indices].sort((a, b) => a - b) }))
  const along: Dimension = { type: 'other', name: dim, labels: Array.from({ length }, (_, i) => i) }
  const packing = type === 'float32' ? FLOAT32 : FLOAT64
  const schema: CubeSchema = { dims: [along, ...kept.map((d) => node.schema.dims[d]!)], packing }
  const inputs = node.inputs.map((input) => input.schema)
  const accesses = accessesOf(reduce.of, schema, inputs)
  const kernel = kernelOf(
    reduce.of,
    inputs.map((input) => ({ schema: input })),
    { schema },
  )
  const rangeRegion = (region: Region, r: number): Region => {
    const { indices } = ranges[r]!
    const others = regionOn(region, kept)
    const first = indices[0] ?? 0
    return { start: [first, ...others.start], shape: [spanOf(indices), ...others.shape] }
  }
  const needs: PartPlan['needs'] = (region, r) =>
    ranges[r]!.indices.length === 0
      ? inputs.map(() => undefined)
      : regionsOf(accesses, inputs.length, rangeRegion(region, r))
  const workBytes = (region: Region, r: number): number => {
    const wanted = rangeRegion(region, r)
    return cellCount(wanted.shape) * DTYPES[packing.dtype].bytes + kernelBytes(kernel, wanted)
  }
  return {
    needs,
    stateBytes: (region) => selectionBytes(cellCount(regionOn(region, dims).shape), options.bytes),
    workBytes,
    begin: (region, progress) => {
      const given = { probability: probabilityOf(reduce)!, ignoreNodata: reduce.ignoreNodata ?? true, ...options }
      const cells = cellCount(regionOn(region, dims).shape)
      const selection = new Selection(cells, given, progress as SelectionProgress | undefined)
      const step = cellCount(regionOn(region, kept).shape)
      return {
        add: (r, _isFirst, blocks) => {
          const { group, indices } = ranges[r]!
          if (indices.length === 0) return
          const { data } = kernel.run(rangeRegion(region, r), blocks)
          const runs = runsOf(split, dims, region, group)
          for (const { start, length: count } of consecutive(indices)) {
            const first = (start - indices[0]!) * step
            for (const { from, to, length: cells } of runs)
              for (let i = 0; i < cells; i++) selection.add(to + i, { data, from: first + from + i, step, count })
          }
          release(own(data))
        },
        again: () => selection.again(),
        end: () => selection.results(),
        progress: () => selection.progress(),
        found: () => selection.found(),
        join: (found) => selection.join(found as SelectionFound),
      }
    },
  }
}
