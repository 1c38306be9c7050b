/** The networks that `oracles/tensor/export_models.py` exported, with what PyTorch computes in float64. */

import { readdirSync, readFileSync } from 'node:fs'
import type { Shape } from '../../src/index.ts'

const folder = new URL('../../../../oracles/tensor/models/', import.meta.url)

interface Stored {
  readonly shape: Shape
  readonly offset: number
}

interface Entry {
  readonly input: Stored
  readonly weights: Stored
  readonly output: Stored
  readonly gradients: Readonly<Record<string, Stored>>
  readonly float32Error: number
}

export interface Values {
  readonly shape: Shape
  readonly data: Float32Array<ArrayBuffer>
}

export interface Network {
  readonly input: Values
  /** Of the sum whose gradient is stored. */
  readonly weights: Values
  readonly output: Values
  /** By the parameters' names in PyTorch. */
  readonly gradients: ReadonlyMap<string, Values>
  /** Of the gradient, PyTorch in float32 relative to float64. */
  readonly float32Error: number
}

const meta = JSON.parse(readFileSync(new URL('values.json', folder), 'utf8')) as Readonly<Record<string, Entry>>
const bytes = readFileSync(new URL('values.f32', folder))
const numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))

function read({ shape, offset }: Stored): Values {
  return {
    shape,
    data: numbers.slice(offset, offset + shape.reduce((n, extent) => n * extent, 1)),
  }
}

export function network(name: string): Network {
  const { input, weights, output, gradients, float32Error } = meta[name]!
  return {
    input: read(input),
    weights: read(weights),
    output: read(output),
    gradients: new Map(Object.entries(gradients).map(([key, stored]) => [key, read(stored)])),
    float32Error,
  }
}

export interface ModelFile {
  readonly file: string
  readonly name: string
  /** `torchscript` and `dynamo` keep the parameters as they are in PyTorch; `default` and `optimised` rework them. */
  readonly exporter: string
  readonly opset: number
}

export const files: readonly ModelFile[] = readdirSync(folder)
  .filter((file) => file.endsWith('.onnx'))
  .sort()
  .map((file) => {
    const [, name, exporter, opset] = /^(.+)-(\w+)-(\d+)\.onnx$/.exec(file)!
    return { file, name: name!, exporter: exporter!, opset: Number(opset) }
  })

export const modelBytes = (file: string): Uint8Array => new Uint8Array(readFileSync(new URL(file, folder)))
