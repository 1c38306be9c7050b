/** The worker thread that owns onnxruntime-node: `session.run` blocks, and so it blocks here and not elsewhere. */

import { parentPort } from 'node:worker_threads'
import type * as Ort from 'onnxruntime-node'
import { encodeModel } from '../onnx/encode.ts'
import { OnnxGraph } from '../onnx/graph.ts'
import { type Runtime, serve } from '../run/host.ts'
import type { OpenRequest, RequestMessage } from '../run/protocol.ts'
import { startHelper } from './inference-threads.ts'

/** Sequential, no memory pattern (it costs memory and, in training graphs, time), threads that sleep when idle. */
function cpuOptions(threads: number): Ort.InferenceSession.SessionOptions {
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

function sessionOptions({ device, threads }: OpenRequest): Ort.InferenceSession.SessionOptions {
  const options = cpuOptions(threads)
  if (device === 'cpu') return options
  const { session } = options.extra as { session: object }
  const provider = device === 'webgpu' ? { name: device, preferredLayout: 'NCHW' } : { name: device }
  return {
    ...options,
    executionProviders: [provider],
    extra: { session: { ...session, disable_cpu_ep_fallback: '1' } },
  }
}

/**
 * Blocked convolutions lay channels out in blocks of 8 or 16, as the processor's vectors demand. A reordered ramp
 * of 16 channels x 2 pixels shows which; where the operator is missing, there is no blocked layout.
 */
async function probe(ort: typeof Ort): Promise<number> {
  const graph = new OnnxGraph()
  const x = graph.input('x', [1, 16, 1, 2], 'float32')
  graph.output('y', graph.emit('ReorderInput', [x], x.shape, { domain: 'com.microsoft.nchwc' }))
  try {
    const session = await ort.InferenceSession.create(encodeModel(graph, { opset: 18 }), cpuOptions(1))
    const ramp = Float32Array.from({ length: 32 }, (_, i) => i)
    const { y } = await session.run({ x: new ort.Tensor('float32', ramp, x.shape) })
    await session.release()
    const position = (y!.data as Float32Array).indexOf(1)
    return position === 8 || position === 16 ? position : 0
  } catch {
    return 0
  }
}

async function openRuntime(request: OpenRequest): Promise<Runtime> {
  // Loaded when it is asked for: programs that the image engine runs do without its memory.
  const ort = await import('onnxruntime-node')
  const options = sessionOptions(request)
  if (request.device !== 'cpu') {
    // What is missing is told by an error of our own.
    ort.env.logLevel = 'fatal'
    const { checkDevice } = await import('./devices.ts')
    await checkDevice(request.device, options)
  }
  return {
    Tensor: ort.Tensor,
    nchwcBlock: request.device === 'cpu' ? await probe(ort) : 0,
    create: (bytes) => ort.InferenceSession.create(bytes, options),
  }
}

const surroundings = { openRuntime, startHelper, mostThreads: Number.POSITIVE_INFINITY }
const handle = serve(surroundings, (message, move) => parentPort?.postMessage(message, move))
parentPort?.on('message', (message: RequestMessage) => handle(message))
