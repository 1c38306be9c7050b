/** Messages between the main thread and the worker that owns the ONNX Runtime sessions. Types only. */

import type { Shape } from '../shape.ts'

export type Bytes = Uint8Array<ArrayBuffer>
export type TensorArray = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Bytes

/** A dense array with its shape. `bool` is held as one byte per element. */
export interface TensorMessage {
  readonly type: 'float32' | 'int32' | 'bool'
  readonly data: TensorArray
  readonly shape: Shape
}

export interface Requests {
  /** What this processor's blocked layout is like. */
  readonly probe: { readonly request: Record<never, never>; readonly reply: { readonly nchwcBlock: number } }
  readonly load: {
    readonly request: { readonly session: number; readonly bytes: Bytes; readonly threads: number }
    readonly reply: { readonly inputs: readonly string[]; readonly outputs: readonly string[] }
  }
  readonly unload: { readonly request: { readonly session: number }; readonly reply: null }
  /** Keeps an array in the worker under a name. */
  readonly put: { readonly request: { readonly name: string; readonly tensor: TensorMessage }; readonly reply: null }
  readonly get: { readonly request: { readonly name: string }; readonly reply: TensorMessage }
  readonly run: { readonly request: RunRequest; readonly reply: Readonly<Record<string, TensorMessage>> }
}

export interface RunRequest {
  readonly session: number
  readonly feeds: Readonly<Record<string, TensorMessage>>
  /** Inputs that are fed from kept arrays: input name to kept name. */
  readonly resident: Readonly<Record<string, string>>
  /** Outputs that stay in the worker: output name to kept name. */
  readonly keep: Readonly<Record<string, string>>
}

export type RequestKind = keyof Requests

export type RequestMessage = {
  readonly [K in RequestKind]: { readonly id: number; readonly kind: K; readonly request: Requests[K]['request'] }
}[RequestKind]

export type ReplyMessage =
  | { readonly id: number; readonly reply: unknown }
  | { readonly id: number; readonly error: { readonly tag: string; readonly message: string } }
