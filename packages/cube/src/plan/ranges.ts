/**
 * What a reduction is cut into where its extent does not fit in memory: the outermost reductions of a cell, and ranges
 * of the dimension that they go over.
 */
import type { Cell } from '../cells/cell.ts'
import type { Block } from '../model/block.ts'
import type { CellNode, CubeSchema } from '../model/node.ts'
import { cellCount, type Region } from '../model/region.ts'
import { consumersFirst } from './nodes.ts'

export type Reduce = Extract<Cell, { kind: 'reduce' }>

/** One of the outermost reductions of a cell. */
export interface Part {
  readonly reduce: Reduce
  /** Dimensions of the result that it depends on, by index. */
  readonly dims: readonly number[]
}

/** A node split into ranges, reductions of ranges, and what is made of their results. */
export interface Split {
  readonly node: CellNode
  readonly parts: readonly Part[]
  /** Some parts are order statistics, which take several passes. */
  readonly inPasses: boolean
  readonly dim: string
  readonly length: number
  /** Of the reduced dimension: for each group the indices; one group where it is reduced to nothing. */
  readonly groups: readonly (readonly number[])[]
  /** Index of the reduced dimension in the result; -1 where it is gone. */
  readonly along: number
  readonly final: { readonly cell: Cell; readonly inputs: readonly CubeSchema[] }
}

/** One range of one group. */
export interface Range {
  readonly group: number
  readonly indices: readonly number[]
}

/** How one part is made from ranges, for any region of the result. */
export interface PartPlan {
  /** The regions of the inputs that range `r` takes. */
  needs(region: Region, r: number): readonly (Region | undefined)[]
  /** Bytes that are held from range to range. */
  stateBytes(region: Region): number
  /** Bytes that taking in range `r` takes beside it. */
  workBytes(region: Region, r: number): number
  /** `progress`: of the run that this one takes some ranges in for. */
  begin(region: Region, progress?: unknown): PartRun
}

/** One part on its way. */
export interface PartRun {
  /** Takes a range in; `isFirst` of its group. */
  add(r: number, isFirst: boolean, inputs: readonly (Block | undefined)[]): void
  /** Ends a pass. Whether all ranges have to be taken in once more. */
  again(): boolean
  /** The results, over the part's dimensions of the region. */
  end(): Float64Array<ArrayBuffer>
  /** What earlier passes found, for workers; plain data, as what they find. */
  progress(): unknown
  found(): unknown
  /** Takes in what a worker found of groups, of each of which it may be the first part. */
  join(found: unknown, groups: readonly { readonly group: number; readonly isFirst: boolean }[]): void
}

export const regionOn = (region: Region, dims: readonly number[]): Region => ({
  start: dims.map((d) => region.start[d]!),
  shape: dims.map((d) => region.shape[d]!),
})

/** Dimensions of a part's result but for the reduced one. */
export const keptDims = ({ along }: Split, { dims }: Part): number[] => dims.filter((d) => d !== along)

/** Labels along the dimension that sources store as one piece. */
export function chunkAlong({ node, dim, length }: Split): number {
  let chunk = 1
  for (const one of consumersFirst(node)) {
    if (one.kind !== 'source') continue
    const d = one.schema.dims.findIndex(({ name, labels }) => name === dim && labels.length === length)
    if (d >= 0) chunk = Math.max(chunk, one.source.chunks[d]!)
  }
  return Math.min(chunk, length)
}

/** Cuts at multiples of `step`, so that a stored chunk is in one range only. */
export function rangesOf(groups: Split['groups'], step: number): Range[] {
  return groups.flatMap((indices, group) => {
    const ranges: Range[] = []
    let own: number[] = []
    for (const index of indices) {
      if (own.length > 0 && Math.floor(index / step) !== Math.floor(own[0]! / step)) {
        ranges.push({ group, indices: own })
        own = []
      }
      own.push(index)
    }
    // A group of nothing has a result too.
    if (own.length > 0 || ranges.length === 0) ranges.push({ group, indices: own })
    return ranges
  })
}

/** Groups of a region of the result. */
export function groupsOf({ along }: Split, region: Region): readonly [from: number, to: number] {
  if (along < 0) return [0, 1]
  return [region.start[along]!, region.start[along]! + region.shape[along]!]
}

/** Cells of a range's result, from `from` on, that lie side by side in the state too, from `to` on. */
export interface Run {
  readonly from: number
  readonly to: number
  readonly length: number
}

/** Where the result of a range of a group is in the state, which has the dimension of groups somewhere among the others. */
export function runsOf({ along }: Split, dims: readonly number[], region: Region, group: number): Run[] {
  const at = dims.indexOf(along)
  const sides = dims.map((d) => region.shape[d]!)
  if (at < 0) return [{ from: 0, to: 0, length: cellCount(sides) }]
  const length = cellCount(sides.slice(at + 1))
  return Array.from({ length: cellCount(sides.slice(0, at)) }, (_, outer) => ({
    from: outer * length,
    to: (outer * sides[at]! + group - region.start[along]!) * length,
    length,
  }))
}
