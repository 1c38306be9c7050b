/** The Web Worker that owns onnxruntime-web: each device has a build of its own, loaded when it is asked for. */

import { EnvironmentError } from '@ecotope/core'
import type { InferenceSession } from 'onnxruntime-common'
import { type Runtime, serve } from '../run/host.ts'
import type { OpenRequest, RequestMessage } from '../run/protocol.ts'
import { startHelper } from './inference-threads.ts'

/** As on Node: sequential, and no memory pattern. */
const common: InferenceSession.SessionOptions = {
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  enableMemPattern: false,
  logSeverityLevel: 3,
}

async function openWasm(threads: number): Promise<Runtime> {
  const ort = await import('onnxruntime-web/wasm')
  // Threads share memory, which a page has only when it is isolated from other origins.
  ort.env.wasm.numThreads = globalThis.crossOriginIsolated ? threads : 1
  return {
    Tensor: ort.Tensor,
    nchwcBlock: 0,
    create: (bytes) => ort.InferenceSession.create(bytes, { ...common, executionProviders: ['wasm'] }),
  }
}

async function openWebGpu(): Promise<Runtime> {
  const adapter = await (navigator as { gpu?: { requestAdapter(): Promise<unknown> } }).gpu?.requestAdapter()
  if (adapter === undefined || adapter === null) {
    throw new EnvironmentError('DeviceMissing', 'this browser has no WebGPU adapter', {
      hint: "Use the device 'wasm', or a browser and a graphics driver with WebGPU (in Chromium: see chrome://gpu).",
    })
  }
  const ort = await import('onnxruntime-web/webgpu')
  ort.env.wasm.numThreads = 1
  return {
    Tensor: ort.Tensor,
    nchwcBlock: 0,
    create: (bytes, kept) =>
      ort.InferenceSession.create(bytes, {
        ...common,
        // NHWC is silently wrong where the number of channels divides by 3 but not by 4.
        executionProviders: [{ name: 'webgpu', preferredLayout: 'NCHW' }],
        preferredOutputLocation: Object.fromEntries(kept.map((name) => [name, 'gpu-buffer'])),
        extra: { session: { disable_cpu_ep_fallback: '1' } },
      }),
  }
}

const openRuntime = ({ device, threads }: OpenRequest): Promise<Runtime> =>
  device === 'webgpu' ? openWebGpu() : openWasm(threads)

const worker = globalThis as unknown as {
  onmessage: (event: MessageEvent<RequestMessage>) => void
  postMessage(message: unknown, move: readonly ArrayBuffer[]): void
}
const mostThreads = globalThis.crossOriginIsolated ? Number.POSITIVE_INFINITY : 1
const handle = serve({ openRuntime, startHelper, mostThreads }, (message, move) => worker.postMessage(message, move))
worker.onmessage = ({ data }) => handle(data)
