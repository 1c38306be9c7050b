/** Kernels that a plan needs, each made once; a kernel may call another by its place in the module. */
import { assemble, type Code, call, type WasmFunction } from '../../linalg/wasm/assembler.ts'

export type Kernel = (...operands: readonly number[]) => void

export class Registry {
  readonly #places = new Map<string, number>()
  readonly #functions: WasmFunction[] = []

  /** The name under which the kernel is exported; `make` is called the first time only, and makes what it calls first. */
  add(name: string, make: (name: string) => WasmFunction): string {
    if (!this.#places.has(name)) {
      const made = make(name)
      this.#places.set(name, this.#functions.push(made) - 1)
    }
    return name
  }

  call(name: string, ...operands: readonly Code[]): Code {
    return call(this.#places.get(name)!, ...operands)
  }

  /** The module, for a memory of at most so many pages of 64 KiB. */
  bytes(shared: boolean, maximum: number): Uint8Array<ArrayBuffer> {
    return assemble(this.#functions, { maximum, shared })
  }
}
