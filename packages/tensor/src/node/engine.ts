/** The main thread's side of the worker: requests, replies, and its end. Knows nothing of programs. */

import { Worker } from 'node:worker_threads'
import { EnvironmentError, InputError } from '@ecotope/core'
import type { LoweringTarget } from '../lower/target.ts'
import type {
  Bytes,
  ReplyMessage,
  RequestKind,
  RequestMessage,
  Requests,
  RunRequest,
  TensorMessage,
} from './protocol.ts'

interface Pending {
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: Error) => void
}

export interface TargetChoice {
  /** Neither Winograd nor blocked layouts of our own. */
  readonly exact: boolean
  /** The weights are constants of the graph. Then Winograd gains little, and images of all sizes get equal values. */
  readonly fixedWeights: boolean
}

export interface Engine {
  /** The target for which graphs should be lowered on this machine. */
  target(choice: TargetChoice): Promise<LoweringTarget>
  /** Loads a model; its bytes are moved to the worker. Returns the session's number. */
  load(bytes: Bytes): Promise<number>
  unload(session: number): Promise<void>
  run(request: RunRequest, transfer?: boolean): Promise<Readonly<Record<string, TensorMessage>>>
  put(name: string, tensor: TensorMessage): Promise<void>
  get(name: string): Promise<TensorMessage>
  /** Ends the worker; requests that are under way are rejected. */
  close(): Promise<void>
}

class WorkerEngine implements Engine {
  readonly #worker: Worker
  readonly #threads: number
  readonly #pending = new Map<number, Pending>()
  #count = 0
  #sessions = 0
  #ended: Error | undefined
  #block: number | undefined

  constructor(threads: number) {
    this.#threads = threads
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url))
    this.#worker.unref()
    this.#worker.on('message', (message: ReplyMessage) => this.#settle(message))
    this.#worker.on('error', (cause) =>
      this.#end(new EnvironmentError('WorkerLost', `the worker failed: ${String(cause)}`, { cause })),
    )
    this.#worker.on('exit', (code) =>
      this.#end(new EnvironmentError('WorkerLost', `the worker ended with code ${code}`)),
    )
  }

  async target({ exact, fixedWeights }: TargetChoice): Promise<LoweringTarget> {
    this.#block ??= (await this.#request('probe', {})).nchwcBlock
    return { name: 'node-cpu', nchwcBlock: exact ? 0 : this.#block, winograd: !exact && !fixedWeights, fixedWeights }
  }

  async load(bytes: Bytes): Promise<number> {
    const session = this.#sessions++
    await this.#request('load', { session, bytes, threads: this.#threads }, [bytes.buffer])
    return session
  }

  async unload(session: number): Promise<void> {
    await this.#request('unload', { session })
  }

  run(request: RunRequest, transfer = false): Promise<Readonly<Record<string, TensorMessage>>> {
    return this.#request('run', request, transfer ? Object.values(request.feeds).map(({ data }) => data.buffer) : [])
  }

  async put(name: string, tensor: TensorMessage): Promise<void> {
    await this.#request('put', { name, tensor })
  }

  get(name: string): Promise<TensorMessage> {
    return this.#request('get', { name })
  }

  async close(): Promise<void> {
    this.#end(new EnvironmentError('WorkerLost', 'the session has been closed'))
    await this.#worker.terminate()
  }

  #request<K extends RequestKind>(
    kind: K,
    request: Requests[K]['request'],
    move: ArrayBuffer[] = [],
  ): Promise<Requests[K]['reply']> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const id = this.#count++
    // A process stays alive for a reply, not for an idle worker.
    if (this.#pending.size === 0) this.#worker.ref()
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject })
      this.#worker.postMessage({ id, kind, request } as RequestMessage, [...new Set(move)])
    })
  }

  #settle(message: ReplyMessage): void {
    const pending = this.#pending.get(message.id)
    this.#pending.delete(message.id)
    if (this.#pending.size === 0) this.#worker.unref()
    if (pending === undefined) return
    if ('error' in message) pending.reject(new EnvironmentError(message.error.tag, message.error.message))
    else pending.resolve(message.reply)
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#pending.values()) reject(this.#ended)
    this.#pending.clear()
  }
}

/** Starts a worker whose sessions use `threads` threads each. */
export function openEngine(threads: number): Engine {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new InputError('ParameterOutOfRange', `threads must be a positive integer, not ${threads}`)
  }
  return new WorkerEngine(threads)
}
