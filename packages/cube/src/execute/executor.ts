/** What runs chunk tasks: the interface that one conformance suite holds every implementation to. */
import type { EcotopeError, WorkOptions } from '@ecotope/core'

/** A pure, idempotent piece of work as plain data: any machine that has the inputs can do it, twice if need be. */
export interface Task<Payload = unknown> {
  /** Unique within the job; the same task has the same id in every run. */
  readonly id: string
  readonly payload: Payload
  /** Peak bytes while it runs; the executor keeps the sum of running tasks below its budget. */
  readonly bytes: number
}

/**
 * Where a task's code is: a module (URL or package specifier) that exports `open(context) -> TaskRunner`. It is opened
 * once per worker; the context is plain data (a process graph, a sink's handle).
 */
export interface JobSpec<Context = unknown> {
  readonly module: string
  readonly context: Context
}

export interface TaskRunner<Payload = unknown, Result = unknown> {
  run(payload: Payload, work: WorkOptions): Promise<Result>
  close(): Promise<void>
}

/** `result`, or the error that remained after all attempts. */
export type Outcome<Result = unknown> =
  | { readonly task: Task; readonly result: Result; readonly attempts: number }
  | { readonly task: Task; readonly error: EcotopeError; readonly attempts: number }

export interface RunOptions extends WorkOptions {
  /** Attempts of a task that fails for reasons of its surroundings (a lost worker, the network). Default 3. */
  readonly attempts?: number
  /** `fail`: the first error ends the job (default). `skip`: it is an outcome like any other. */
  readonly onError?: 'fail' | 'skip'
  /** `task`: outcomes in the order of tasks (held back); `any`: as they come (default). */
  readonly order?: 'task' | 'any'
}

export interface Executor {
  readonly workers: number
  /** Tasks are pulled as there is room for them, so an endless iterable is fine; outcomes are pulled likewise. */
  run<Payload, Result>(
    job: JobSpec,
    tasks: Iterable<Task<Payload>> | AsyncIterable<Task<Payload>>,
    options?: RunOptions,
  ): AsyncIterable<Outcome<Result>>
  close(): Promise<void>
}
