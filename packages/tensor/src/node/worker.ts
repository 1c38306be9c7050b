/** The worker thread that owns ONNX Runtime sessions: `session.run` blocks, and so it blocks here and not elsewhere. */

import { parentPort } from 'node:worker_threads'
import * as ort from 'onnxruntime-node'
import { encodeModel } from '../onnx/encode.ts'
import { OnnxGraph } from '../onnx/graph.ts'
import type {
  Bytes,
  ReplyMessage,
  RequestKind,
  RequestMessage,
  Requests,
  RunRequest,
  TensorMessage,
} from './protocol.ts'

const sessions = new Map<number, ort.InferenceSession>()
const kept = new Map<string, ort.Tensor>()

/** Sequential, no memory pattern (it costs memory and, in training graphs, time), threads that sleep when idle. */
function sessionOptions(threads: number): ort.InferenceSession.SessionOptions {
  return {
    executionMode: 'sequential',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    enableMemPattern: false,
    enableCpuMemArena: true,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  }
}

function toTensor({ type, data, shape }: TensorMessage): ort.Tensor {
  return new ort.Tensor(type, data, shape)
}

function toMessage(tensor: ort.Tensor): TensorMessage {
  const { type, data, dims } = tensor
  if (type === 'float32' || type === 'int32' || type === 'bool') {
    return { type, data: data as TensorMessage['data'], shape: dims }
  }
  throw new TypeError(`an output of type ${type} is not supported`)
}

/**
 * Blocked convolutions lay channels out in blocks of 8 or 16, as the processor's vectors demand. A reordered ramp
 * of 16 channels x 2 pixels shows which; where the operator is missing, there is no blocked layout.
 */
async function probe(): Promise<number> {
  const graph = new OnnxGraph()
  const x = graph.input('x', [1, 16, 1, 2], 'float32')
  graph.output('y', graph.emit('ReorderInput', [x], x.shape, { domain: 'com.microsoft.nchwc' }))
  try {
    const session = await ort.InferenceSession.create(encodeModel(graph, { opset: 18 }), sessionOptions(1))
    const ramp = Float32Array.from({ length: 32 }, (_, i) => i)
    const { y } = await session.run({ x: new ort.Tensor('float32', ramp, x.shape) })
    await session.release()
    const position = (y!.data as Float32Array).indexOf(1)
    return position === 8 || position === 16 ? position : 0
  } catch {
    return 0
  }
}

async function load(session: number, bytes: Bytes, threads: number): Promise<Requests['load']['reply']> {
  const loaded = await ort.InferenceSession.create(bytes, sessionOptions(threads))
  sessions.set(session, loaded)
  return { inputs: loaded.inputNames, outputs: loaded.outputNames }
}

async function run({ session, feeds, resident, keep }: RunRequest): Promise<Requests['run']['reply']> {
  const loaded = sessions.get(session)
  if (loaded === undefined) throw new Error(`session ${session} is not loaded`)
  const all: Record<string, ort.Tensor> = {}
  for (const [name, message] of Object.entries(feeds)) all[name] = toTensor(message)
  for (const [name, from] of Object.entries(resident)) all[name] = keptTensor(from)
  const outputs = await loaded.run(all)
  const replies: Record<string, TensorMessage> = {}
  for (const [name, tensor] of Object.entries(outputs)) {
    const to = keep[name]
    if (to === undefined) replies[name] = toMessage(tensor)
    else kept.set(to, tensor)
  }
  return replies
}

function keptTensor(name: string): ort.Tensor {
  const tensor = kept.get(name)
  if (tensor === undefined) throw new Error(`nothing is kept under the name ${name}`)
  return tensor
}

const handlers: { readonly [K in RequestKind]: (request: Requests[K]['request']) => Promise<Requests[K]['reply']> } = {
  probe: async () => ({ nchwcBlock: await probe() }),
  load: ({ session, bytes, threads }) => load(session, bytes, threads),
  unload: async ({ session }) => {
    await sessions.get(session)?.release()
    sessions.delete(session)
    return null
  },
  put: async ({ name, tensor }) => {
    kept.set(name, toTensor(tensor))
    return null
  },
  get: async ({ name }) => toMessage(keptTensor(name)),
  run,
}

async function answer(message: RequestMessage): Promise<ReplyMessage> {
  const { id, kind, request } = message
  try {
    const handle = handlers[kind] as (request: unknown) => Promise<unknown>
    return { id, reply: await handle(request) }
  } catch (cause) {
    return { id, error: { tag: 'OnnxRuntime', message: cause instanceof Error ? cause.message : String(cause) } }
  }
}

// One request at a time, in order: sessions share the kept arrays.
let queue: Promise<void> = Promise.resolve()
parentPort?.on('message', (message: RequestMessage) => {
  queue = queue.then(async () => parentPort?.postMessage(await answer(message)))
})
