/** The worker's side: owns sessions and the arrays that stay with them. Knows ONNX Runtime by its common interface only. */

import { EnvironmentError } from '@ecotope/core'
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common'
import { draw } from '../draw.ts'
import type { Session, StartHelper } from '../inference/run/session.ts'
import type {
  Bytes,
  ErrorMessage,
  OpenRequest,
  ReplyMessage,
  RequestKind,
  RequestMessage,
  Requests,
  RunReply,
  RunRequest,
  TensorMessage,
} from './protocol.ts'

/** ONNX Runtime on one device. */
export interface Runtime {
  readonly Tensor: TensorConstructor
  /** `kept` names outputs that may stay on the device. */
  create(bytes: Bytes, kept: readonly string[]): Promise<InferenceSession>
  /** Channels per block of the blocked layout; 0 where there is none. */
  readonly nchwcBlock: number
}

/** Tensors on a device hold memory that no collector frees. */
function dispose(tensor: Tensor | undefined): void {
  if (tensor !== undefined && tensor.location !== 'cpu') tensor.dispose()
}

async function toMessage(tensor: Tensor): Promise<TensorMessage> {
  const { type, dims } = tensor
  if (type !== 'float32' && type !== 'int32' && type !== 'bool') {
    throw new TypeError(`an output of type ${type} is not supported`)
  }
  return { type, data: (await tensor.getData()) as TensorMessage['data'], shape: dims }
}

const allFinite = (tensor: Tensor | undefined): boolean =>
  tensor === undefined || (tensor.data as Float32Array).every(Number.isFinite)

/** What differs between Node and a page. */
export interface Surroundings {
  readonly openRuntime: (request: OpenRequest) => Promise<Runtime>
  /** Starts a thread of the image engine. */
  readonly startHelper: StartHelper
  /** 1 where threads cannot share memory. */
  readonly mostThreads: number
}

class Host {
  readonly #surroundings: Surroundings
  readonly #sessions = new Map<number, InferenceSession>()
  readonly #plans = new Map<number, Session>()
  readonly #kept = new Map<string, Tensor>()
  #runtime: Runtime | undefined

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  readonly handlers: {
    readonly [K in RequestKind]: (request: Requests[K]['request']) => Promise<Requests[K]['reply']>
  } = {
    open: async (request) => {
      this.#runtime = await this.#surroundings.openRuntime(request)
      return { nchwcBlock: this.#runtime.nchwcBlock }
    },
    load: async ({ session, bytes, kept }) => {
      this.#sessions.set(session, await this.#opened().create(bytes, kept))
      return null
    },
    plan: async ({ session, plan, threads }) => {
      const { openSession } = await import('../inference/run/session.ts')
      const { startHelper, mostThreads } = this.#surroundings
      this.#plans.set(session, await openSession(plan, Math.min(threads, mostThreads), startHelper))
      return null
    },
    unload: async ({ session }) => {
      await this.#sessions.get(session)?.release()
      this.#plans.get(session)?.release()
      this.#sessions.delete(session)
      this.#plans.delete(session)
      return null
    },
    put: async ({ name, tensor }) => {
      this.#keep(name, this.#toTensor(tensor))
      return null
    },
    get: async ({ name }) => toMessage(this.#keptTensor(name)),
    run: async (request) => this.#plans.get(request.session)?.run(request.feeds) ?? this.#run(request),
  }

  /** Buffers of a reply that the worker needs no more; ONNX Runtime keeps its own. */
  movable({ kind, request }: RequestMessage, reply: unknown): readonly ArrayBuffer[] {
    if (kind !== 'run' || !this.#plans.has(request.session)) return []
    return Object.values(reply as RunReply).map(({ data }) => data.buffer)
  }

  async #run({ session, feeds, resident, keep, guard = [], draws }: RunRequest): Promise<RunReply> {
    const loaded = this.#sessions.get(session)
    if (loaded === undefined) throw new Error(`session ${session} is not loaded`)
    const all: Record<string, Tensor> = {}
    for (const [name, message] of Object.entries(feeds)) all[name] = this.#toTensor(message)
    for (const [name, from] of Object.entries(resident)) all[name] = this.#keptTensor(from)
    for (const leaf of draws?.leaves ?? []) {
      all[leaf.name] = this.#toTensor({
        type: 'float32',
        data: draw(draws!.seed, draws!.step, leaf),
        shape: leaf.shape,
      })
    }
    const outputs = await loaded.run(all)
    const good = guard.every((name) => allFinite(outputs[name]))
    const replies: Record<string, TensorMessage> = {}
    for (const [name, tensor] of Object.entries(outputs)) {
      const to = keep[name]
      if (to === undefined) replies[name] = await toMessage(tensor)
      else if (good) this.#keep(to, tensor)
      else dispose(tensor)
    }
    return replies
  }

  #keep(name: string, tensor: Tensor): void {
    dispose(this.#kept.get(name))
    this.#kept.set(name, tensor)
  }

  #keptTensor(name: string): Tensor {
    const tensor = this.#kept.get(name)
    if (tensor === undefined) throw new Error(`nothing is kept under the name ${name}`)
    return tensor
  }

  #opened(): Runtime {
    if (this.#runtime === undefined) throw new Error('no device is open')
    return this.#runtime
  }

  #toTensor({ type, data, shape }: TensorMessage): Tensor {
    const { Tensor } = this.#opened()
    return new Tensor(type, data, shape)
  }
}

function toError(cause: unknown): ErrorMessage {
  if (cause instanceof EnvironmentError) {
    const { tag, message, hint } = cause
    return { tag, message, ...(hint === undefined ? {} : { hint }) }
  }
  const message = cause instanceof Error ? cause.message : String(cause)
  if (!message.includes('fallback to CPU EP has been explicitly disabled')) return { tag: 'OnnxRuntime', message }
  return {
    tag: 'NotOnDevice',
    message: 'the device lacks an operator of this graph, and nothing is computed elsewhere unseen',
    hint: "Use the device 'cpu' (in a page: 'wasm').",
  }
}

/** Answers requests one at a time, in order: sessions share the kept arrays. `reply` moves the buffers that it is told. */
export function serve(
  surroundings: Surroundings,
  reply: (message: ReplyMessage, move: readonly ArrayBuffer[]) => void,
): (message: RequestMessage) => void {
  const host = new Host(surroundings)
  const answer = async (message: RequestMessage): Promise<void> => {
    const { id, kind, request } = message
    try {
      const handle = host.handlers[kind] as (request: unknown) => Promise<unknown>
      const answered = await handle(request)
      reply({ id, reply: answered }, host.movable(message, answered))
    } catch (cause) {
      reply({ id, error: toError(cause) }, [])
    }
  }
  let queue: Promise<void> = Promise.resolve()
  return (message) => {
    queue = queue.then(() => answer(message))
  }
}
