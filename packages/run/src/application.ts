/** The seam between a domain (segmentation) and whoever runs recipes (the command line, later the server). Types only. */
import type { WorkOptions } from '@ecotope/core'
import type { Device } from '@ecotope/tensor'
import type { Run } from './execute.ts'
import type { JsonValue } from './json.ts'
import type { Process } from './process.ts'

/** Results as a person finds them. */
export interface Published {
  /** Files written, relative to the output folder. */
  readonly files: readonly string[]
  /** The page to open, where there is one; relative to the output folder. */
  readonly report?: string
  /** A few lines for the terminal: what and how much. */
  readonly summary: readonly (readonly [label: string, text: string])[]
  /** The numbers behind it, for machines. */
  readonly metrics?: JsonValue
}

export interface PublishOptions extends WorkOptions {
  /** The command that repeats the run. */
  readonly command: string
}

export interface PredictOptions extends WorkOptions {
  /** Folder of a model that a run published. */
  readonly model: string
  readonly features: readonly string[]
  /** For rasters that name none. */
  readonly crs?: string
  readonly out: string
  readonly threads: number
  /** Where the network runs. Default: the processors. */
  readonly device?: Device | undefined
  readonly memoryBytes: number
  readonly command: string
}

export interface Application {
  readonly processes: readonly Process[]
  /** Puts the results of a run into a folder, each file whole or not at all. */
  publish(run: Run, out: string, options: PublishOptions): Promise<Published>
  /** Applies a published model to other features. */
  predict(options: PredictOptions): Promise<Published>
}
