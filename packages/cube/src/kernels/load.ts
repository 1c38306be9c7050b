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

/** By their text: instances over several memories share one. */
const modules = new Map<string, WebAssembly.Module>()

function moduleOf(wasm: string): WebAssembly.Module {
  const known = modules.get(wasm)
  if (known !== undefined) return known
  const module = new WebAssembly.Module(Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0)))
  modules.set(wasm, module)
  return module
}

/** The functions of a kernel over memory of somebody else's. */
export function kernelOver<Functions>(wasm: string, memory: WebAssembly.Memory): Functions {
  const abort = (): never => {
    throw new Error('a kernel stopped')
  }
  return new WebAssembly.Instance(moduleOf(wasm), { env: { memory, abort } }).exports as Functions
}

function instantiate<Functions>(wasm: string): KernelInstance<Functions> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 })
  return {
    call: kernelOver<Functions>(wasm, memory),
    room: (size) => {
      const missing = size - memory.buffer.byteLength
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE))
      return new Uint8Array(memory.buffer)
    },
  }
}
