/** Messages between the main thread and the worker that owns the ONNX Runtime sessions. Types only. */

import type { Draw } from '../draw.ts'
import type { Plan } from '../inference/steps.ts'
import type { Shape } from '../shape.ts'

export type Bytes = Uint8Array<ArrayBuffer>
export type TensorArray = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Bytes

/** A dense array with its shape. `bool` is held as one byte per element. */
export interface TensorMessage {
  readonly type: 'float32' | 'int32' | 'bool'
  readonly data: TensorArray
  readonly shape: Shape
}

/** Where sessions run: `cpu` and `cuda` in Node, `wasm` in a page, `webgpu` in both. */
export type Device = 'cpu' | 'wasm' | 'webgpu' | 'cuda'

export interface OpenRequest {
  readonly device: Device
  readonly threads: number
}

export interface Requests {
  /** Makes the device ready; tells what this processor's blocked layout is like (0: none). */
  readonly open: { readonly request: OpenRequest; readonly reply: { readonly nchwcBlock: number } }
  readonly load: { readonly request: LoadRequest; readonly reply: null }
  /** Loads a plan of the image engine, which needs no ONNX Runtime. */
  readonly plan: { readonly request: PlanRequest; readonly reply: null }
  readonly unload: { readonly request: { readonly session: number }; readonly reply: null }
  /** Keeps an array in the worker under a name. */
  readonly put: { readonly request: { readonly name: string; readonly tensor: TensorMessage }; readonly reply: null }
  readonly get: { readonly request: { readonly name: string }; readonly reply: TensorMessage }
  readonly run: { readonly request: RunRequest; readonly reply: RunReply }
}

export interface LoadRequest {
  readonly session: number
  readonly bytes: Bytes
  /** Outputs that will be kept: they stay on the device where there is one. */
  readonly kept: readonly string[]
}

export interface PlanRequest {
  readonly session: number
  readonly plan: Plan
  readonly threads: number
}

export interface RunRequest {
  readonly session: number
  readonly feeds: Readonly<Record<string, TensorMessage>>
  /** Inputs that are fed from kept arrays: input name to kept name. */
  readonly resident: Readonly<Record<string, string>>
  /** Outputs that stay in the worker: output name to kept name. */
  readonly keep: Readonly<Record<string, string>>
  /** Outputs that must be finite for anything to be kept; otherwise what was kept before stays. */
  readonly guard?: readonly string[]
  readonly draws?: Draws
}

/** Random inputs, drawn in the worker. */
export interface Draws {
  readonly leaves: readonly Draw[]
  readonly seed: number
  readonly step: number
}

export type RunReply = Readonly<Record<string, TensorMessage>>

export type RequestKind = keyof Requests

export type RequestMessage = {
  readonly [K in RequestKind]: { readonly id: number; readonly kind: K; readonly request: Requests[K]['request'] }
}[RequestKind]

/** What an error of the worker carries over. */
export interface ErrorMessage {
  readonly tag: string
  readonly message: string
  readonly hint?: string
}

export type ReplyMessage =
  | { readonly id: number; readonly reply: unknown }
  | { readonly id: number; readonly error: ErrorMessage }
