/** Where a saved cube goes: the interface between the planner's tasks and the formats that write. */
import { InputError, nearest, type WorkOptions } from '@ecotope/core'
import type { Block } from '../model/block.ts'
import type { CubeSchema } from '../model/node.ts'
import type { Region } from '../model/region.ts'

/** Plain data by which a worker opens its side of a sink. */
export interface SinkHandle {
  readonly format: string
  readonly path: string
  readonly [option: string]: unknown
}

/** The worker's side: turns a block into what the main side files, or files it itself and returns what to note. */
export interface SinkEncoder {
  /** Called for regions that start on multiples of the sink's chunks. What it returns crosses threads. */
  encode(region: Region, block: Block, work: WorkOptions): Promise<unknown>
  close(): Promise<void>
}

/** The main side of one output being written. Nothing is at the final path before `finish`. */
export interface SinkJob {
  readonly handle: SinkHandle
  /** Regions to write are these boxes (cut at the cube's edge), or whole multiples of them. */
  readonly chunks: readonly number[]
  /** Whether `write` has to be called in row-major order of regions. */
  readonly order: 'any' | 'row-major'
  /** Peak bytes that a region costs while it is encoded, beyond the block. */
  encodeBytes(region: Region): number
  /** True where an earlier, killed run of the same job has written this region. */
  isDone(region: Region): boolean
  /** When the first of the killed runs began that have left something, in milliseconds since 1970. */
  readonly resumesFromMs?: number
  /** `isFinal` (default true) says whether a later run of the same job may take it as done. */
  write(region: Region, encoded: unknown, isFinal?: boolean): Promise<void>
  /** Completes metadata and overviews, then renames to the final path. */
  finish(work?: FinishOptions): Promise<void>
  /** Ends without result. `keep` leaves what is written for a later run of the same job, where the format can. */
  abandon(keep: boolean): Promise<void>
}

export interface FinishOptions extends WorkOptions {
  /** Called when all is written, right before the output takes its name. */
  readonly beforePublish?: () => Promise<void>
}

export interface SinkOptions extends WorkOptions {
  /** Hash of what is computed (graph, inputs): a partial output is only resumed by the same job. */
  readonly job: string
  /** Format options of `save_result`. */
  readonly options: Readonly<Record<string, unknown>>
}

/** One format that can be written, as a row of the format table. */
export interface SinkFormat {
  /** openEO name: `GTiff`, `Zarr`, `netCDF`, `JSON`, `PNG`. */
  readonly format: string
  readonly extensions: readonly string[]
  /** Whether a job that was stopped goes on where it was. Default: it starts anew. */
  readonly resumes?: boolean
  /** Names of its options, as `save_result` has them. Default: none. */
  readonly options?: readonly string[]
  create(path: string, schema: CubeSchema, options: SinkOptions): Promise<SinkJob>
  encoder(handle: SinkHandle): Promise<SinkEncoder>
}

/** Options that a format does not have are mistakes, not wishes. Throws InputError `BadOption`. */
export function refuseOptions(
  { format, options = [] }: Pick<SinkFormat, 'format' | 'options'>,
  given: Readonly<Record<string, unknown>>,
): void {
  const unknown = Object.keys(given).find((name) => !options.includes(name))
  if (unknown === undefined) return
  const near = nearest(unknown, options)
  const all = options.length === 0 ? `${format} has no options` : `options of ${format} are ${options.join(', ')}`
  throw new InputError('BadOption', `${format} has no option ${unknown}`, {
    hint: near === undefined ? all : `did you mean ${near}? ${all}`,
    data: { format, option: unknown, options },
  })
}
