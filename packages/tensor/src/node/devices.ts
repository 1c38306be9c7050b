/** Whether a device is there, found out by a graph of one addition; if not, what to do about it. */

import { EnvironmentError } from '@ecotope/core'
import * as ort from 'onnxruntime-node'
import { encodeModel } from '../onnx/encode.ts'
import { OnnxGraph } from '../onnx/graph.ts'
import type { Device } from '../run/protocol.ts'

const hints: Readonly<Record<Exclude<Device, 'cpu' | 'wasm'>, string>> = {
  cuda:
    'ONNX Runtime runs CUDA on Linux x64, with an NVIDIA driver, CUDA 12 and cuDNN 9 on the library path. Its provider ' +
    'is not in the npm package; fetch it once with: node node_modules/onnxruntime-node/script/install.js ' +
    '--onnxruntime-node-install=cuda12',
  webgpu:
    'ONNX Runtime needs a Vulkan driver (Linux), Direct3D 12 (Windows) or Metal (macOS). On Linux install the ' +
    "graphics card's driver and libvulkan1; VK_ICD_FILENAMES may name the driver's file.",
}

/** Raises `EnvironmentError` with the cause and a hint when a session cannot be opened on the device. */
export async function checkDevice(device: Device, options: ort.InferenceSession.SessionOptions): Promise<void> {
  const graph = new OnnxGraph()
  const x = graph.input('x', [4], 'float32')
  graph.output('y', graph.emit('Add', [x, x], x.shape))
  try {
    const session = await ort.InferenceSession.create(encodeModel(graph, { opset: 18 }), options)
    await session.run({ x: new ort.Tensor('float32', new Float32Array(4), [4]) })
    await session.release()
  } catch (cause) {
    const why = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]
    throw new EnvironmentError('DeviceMissing', `the device ${device} cannot be used: ${why}`, {
      hint: hints[device as keyof typeof hints],
      cause,
    })
  }
}
