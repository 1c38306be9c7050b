/** The main thread's side of the worker: requests, replies, and its end. Knows nothing of programs. */

import { EnvironmentError, InputError } from '@ecotope/core'
import { platform } from '#platform'
import type { Plan } from '../inference/steps.ts'
import { type LoweringTarget, portable } from '../lower/target.ts'
import { webGpu } from '../lower/web-gpu.ts'
import type { Channel } from './platform.ts'
import type {
  Bytes,
  Device,
  OpenRequest,
  ReplyMessage,
  RequestKind,
  RequestMessage,
  Requests,
  RunReply,
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

export interface EngineOptions {
  /** Default `cpu` in Node, `wasm` in a page. */
  readonly device?: Device | undefined
  /** Threads of each session; a GPU needs none. Default 2. */
  readonly threads?: number
}

export interface Engine {
  readonly device: Device
  readonly threads: number
  /** The target for which graphs should be lowered on this machine. */
  target(choice: TargetChoice): Promise<LoweringTarget>
  /** Loads a model; its bytes are moved to the worker. `kept`: outputs that will stay there. Returns its number. */
  load(bytes: Bytes, kept?: readonly string[]): Promise<number>
  /** Loads a plan of the image engine; its numbers are moved to the worker. Returns its number. */
  loadPlan(plan: Plan): Promise<number>
  unload(session: number): Promise<void>
  run(request: RunRequest, transfer?: boolean): Promise<RunReply>
  put(name: string, tensor: TensorMessage): Promise<void>
  get(name: string): Promise<TensorMessage>
  /** Ends the worker; requests that are under way are rejected. */
  close(): Promise<void>
}

class WorkerEngine implements Engine {
  readonly device: Device
  readonly threads: number
  readonly #channel: Channel
  readonly #pending = new Map<number, Pending>()
  #opened: Promise<{ readonly nchwcBlock: number }> | undefined
  #count = 0
  #sessions = 0
  #ended: Error | undefined

  constructor(options: OpenRequest) {
    this.device = options.device
    this.threads = options.threads
    this.#channel = platform.open({
      onMessage: (message) => this.#settle(message),
      onLost: (reason, cause) => this.#end(new EnvironmentError('WorkerLost', `the worker ${reason}`, { cause })),
    })
  }

  /** ONNX Runtime on the device, made ready by the first request that needs it. */
  #open(): Promise<{ readonly nchwcBlock: number }> {
    const { device, threads } = this
    this.#opened ??= this.#request('open', { device, threads })
    return this.#opened
  }

  async target({ exact, fixedWeights }: TargetChoice): Promise<LoweringTarget> {
    const { nchwcBlock } = await this.#open()
    if (this.device === 'webgpu') return webGpu
    if (this.device !== 'cpu') return portable
    return { name: 'node-cpu', nchwcBlock: exact ? 0 : nchwcBlock, winograd: !exact && !fixedWeights, fixedWeights }
  }

  async load(bytes: Bytes, kept: readonly string[] = []): Promise<number> {
    await this.#open()
    const session = this.#sessions++
    await this.#request('load', { session, bytes, kept }, [bytes.buffer])
    return session
  }

  async loadPlan(plan: Plan): Promise<number> {
    const session = this.#sessions++
    const numbers = plan.buffers.flatMap(({ constant }) => (constant === undefined ? [] : [constant.data.buffer]))
    await this.#request('plan', { session, plan, threads: this.threads }, numbers)
    return session
  }

  async unload(session: number): Promise<void> {
    await this.#request('unload', { session })
  }

  run(request: RunRequest, transfer = false): Promise<RunReply> {
    return this.#request('run', request, transfer ? Object.values(request.feeds).map(({ data }) => data.buffer) : [])
  }

  async put(name: string, tensor: TensorMessage): Promise<void> {
    await this.#open()
    await this.#request('put', { name, tensor })
  }

  get(name: string): Promise<TensorMessage> {
    return this.#request('get', { name })
  }

  async close(): Promise<void> {
    this.#end(new EnvironmentError('WorkerLost', 'the session has been closed'))
    await this.#channel.close()
  }

  #request<K extends RequestKind>(
    kind: K,
    request: Requests[K]['request'],
    move: readonly ArrayBuffer[] = [],
  ): Promise<Requests[K]['reply']> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const id = this.#count++
    if (this.#pending.size === 0) this.#channel.hold(true)
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject })
      this.#channel.post({ id, kind, request } as RequestMessage, [...new Set(move)])
    })
  }

  #settle(message: ReplyMessage): void {
    const pending = this.#pending.get(message.id)
    this.#pending.delete(message.id)
    if (this.#pending.size === 0) this.#channel.hold(false)
    if (pending === undefined) return
    if (!('error' in message)) {
      pending.resolve(message.reply)
      return
    }
    const { tag, message: text, hint } = message.error
    pending.reject(new EnvironmentError(tag, text, hint === undefined ? {} : { hint }))
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#pending.values()) reject(this.#ended)
    this.#pending.clear()
  }
}

/** Which devices this platform has; the first is the default. */
export const devices: readonly [Device, ...Device[]] = platform.devices

/** Starts a worker. Raises `InputError` for a device that this platform does not have, or an odd number of threads. */
export function openEngine({ device = devices[0], threads = 2 }: EngineOptions = {}): Engine {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new InputError('ParameterOutOfRange', `threads must be a positive integer, not ${threads}`)
  }
  if (!devices.includes(device)) {
    throw new InputError('UnknownDevice', `there is no device ${device} here`, {
      hint: `There are: ${devices.join(', ')}.`,
      data: { device, known: devices },
    })
  }
  return new WorkerEngine({ device, threads })
}
