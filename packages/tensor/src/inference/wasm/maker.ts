/** What a kernel under construction may ask for: locals, and constants that are made once, in front of its loops. */
import type { Code, Declare, Local } from '../../linalg/wasm/assembler.ts'
import { f32x4, i32x4 } from './f32x4.ts'

export interface Maker {
  readonly declare: Declare
  /** A float32 in all lanes. */
  all(value: number): Code
  /** An int32 in all lanes. */
  whole(value: number): Code
}

/** A maker, and the code that sets its constants, complete once the kernel's body has been made. */
export function makerOf(declare: Declare): Maker & { readonly constants: () => Code } {
  const locals = new Map<string, { readonly local: Local; readonly code: Code }>()
  const constant = (key: string, code: Code): Code => {
    const known = locals.get(key)
    if (known !== undefined) return known.local.get
    const local = declare('v128')
    locals.set(key, { local, code: local.set(code) })
    return local.get
  }
  return {
    declare,
    all: (value) => constant(`f${Object.is(value, -0) ? '-0' : value}`, f32x4.all(value)),
    whole: (value) => constant(`i${value}`, i32x4.all(value)),
    constants: () => [...locals.values()].map(({ code }) => code),
  }
}
