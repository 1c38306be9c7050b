/** What users say to methods of cubes. Types only. */
import type { WorkOptions } from '@ecotope/core'
import type { Region } from '../model/region.ts'
import type { FailedChunk } from '../plan/reader.ts'
import type { SaveOptions } from '../plan/save.ts'
import type { InterpolationMethod } from '../process/cubes/gaps.ts'

/** Periods of `aggregate_temporal_period`. */
export type Period =
  | 'hour'
  | 'day'
  | 'week'
  | 'dekad'
  | 'month'
  | 'season'
  | 'tropical-season'
  | 'year'
  | 'decade'
  | 'decade-ad'

export interface ComputeCubeOptions extends WorkOptions {
  /** Bytes that computing may take beside the result. Default 512 MB. */
  readonly budgetBytes?: number
  /** Cells to compute, by index; default all. Computed in this thread. */
  readonly region?: Region
  /** Threads. Default: one for each processor where the work is large enough to gain by it, else this thread. */
  readonly workers?: number
  /** `skip`: cells that depend on chunks that cannot be read are missing. Default `fail`. */
  readonly onError?: 'fail' | 'skip'
  /** Told of each chunk that was skipped. */
  readonly onFailedChunk?: (failure: FailedChunk) => void
}

export interface SaveCubeOptions extends Omit<SaveOptions, 'sink' | 'sinkModule' | 'budgetBytes'> {
  /** Memory that may be used, in bytes or as text such as `1GB`. Default 512 MB. */
  readonly budget?: number | string
  /** Name of the format, where the extension of the path does not tell. */
  readonly format?: string
}

export interface InterpolateOptions {
  /** `linear` (default) and `nearest` between two known cells; `previous` and `next`: the value of one of them. */
  readonly method?: InterpolationMethod
  /** How many consecutive cells are filled at most, counted from the known cell before them (of `next`, after them). */
  readonly limit?: number
  /** Known cells further apart stay so: days, or the unit of the labels; a number of cells without `useCoordinate`. */
  readonly maxGap?: number
  /** false: cells are as far apart as their numbers, whatever their labels. Default true. */
  readonly useCoordinate?: boolean
}
