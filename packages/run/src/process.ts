/** What a step of a recipe is made of: a process with a published specification. Types only. */
import type { WorkOptions } from '@ecotope/core'
import type { Device } from '@ecotope/tensor'
import type { JsonValue } from './json.ts'
import type { Schemas } from './schema.ts'

/** One parameter in an openEO process specification. */
export interface ProcessParameter {
  readonly name: string
  readonly description: string
  readonly schema: Schemas
  readonly optional?: boolean
  readonly default?: JsonValue
}

/** An openEO process specification (API 1.2): what `GET /processes` lists. */
export interface ProcessSpec {
  readonly id: string
  readonly summary?: string
  readonly description: string
  readonly categories?: readonly string[]
  readonly parameters: readonly ProcessParameter[]
  readonly returns: { readonly description?: string; readonly schema: Schemas }
  readonly links?: readonly { readonly rel: string; readonly href: string; readonly title?: string }[]
}

/** The outcome of a step, as the steps that depend on it see it. */
export interface StepResult {
  /** SHA-256 that names the process, its version, its arguments and everything upstream. */
  readonly address: string
  /** Folder with the files that the step wrote. Read only. */
  readonly directory: string
  readonly value: JsonValue
}

/** What a process may use while it runs. */
export interface StepContext extends WorkOptions {
  /**
   * The step's own folder, made before it starts: results go here. What lies in it survives a kill, so a step that is
   * called again finds its own checkpoints. It becomes read-only in the store when the step succeeds.
   */
  readonly directory: string
  /** The result behind an argument that came `from_node`. Throws when the argument is something else. */
  step(value: unknown): StepResult
  readonly seed: number
  /** Processor budget. */
  readonly threads: number
  /** Memory budget. */
  readonly memoryBytes: number
  /** Where networks run. Default: the processors. It changes results by rounding only, and so no step is run again. */
  readonly device?: Device | undefined
}

/** What a step is expected to cost; every field is a guess that the plan shows as one. */
export interface Estimate {
  readonly seconds?: number
  readonly memoryBytes?: number
  readonly diskBytes?: number
  /** A forecast of the step's value, handed to the estimates downstream as the result's value. */
  readonly value?: JsonValue
}

export interface EstimateContext {
  readonly threads: number
  readonly memoryBytes: number
  readonly seed: number
  /** As in StepContext; of a step that has not run yet, `value` is its own forecast or null. */
  step(value: unknown): StepResult
}

/** A step's implementation. `version` is raised whenever the same arguments would give another result. */
export interface Process<A = Record<string, unknown>> {
  readonly id: string
  readonly namespace?: 'ecotope'
  readonly version: string
  readonly spec: ProcessSpec
  /** False where the seed has no influence, so that another seed reuses the result. Default true. */
  readonly seeded?: boolean
  run(args: A, context: StepContext): Promise<JsonValue>
  estimate?(args: A, context: EstimateContext): Estimate | Promise<Estimate>
}
