/** Instances of compiled kernels: a module, its memory, and room in it. Knows nothing of what kernels do. */

const PAGE = 65536

/** A kernel module with its own memory. Not re-entrant: fill, call, read, without an `await` in between. */
export interface KernelInstance<Functions> {
  readonly call: Functions
  /** Makes the memory at least this large (bytes) and returns a view of it; earlier views may be detached. */
  room(bytes: number): Uint8Array<ArrayBuffer>
}

/** Compiles at the first call, then always gives the same instance: one per thread. */
export function kernelInstance<Functions>(wasm: string): () => KernelInstance<Functions> {
  let instance: KernelInstance<Functions> | undefined
  return () => {
    instance ??= instantiate<Functions>(wasm)
    return instance
  }
}

function instantiate<Functions>(wasm: string): KernelInstance<Functions> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 })
  const bytes = Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0))
  const abort = (): never => {
    throw new Error('a kernel stopped')
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, abort } })
  return {
    call: exports as Functions,
    room: (size) => {
      const missing = size - memory.buffer.byteLength
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE))
      return new Uint8Array(memory.buffer)
    },
  }
}
