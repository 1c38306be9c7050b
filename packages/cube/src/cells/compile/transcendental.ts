/** exp, ln and power. */
import type { Code } from '../wasm/assembler.ts'
import type { Emitter } from './emissions.ts'

export const emitExp = (e: Emitter, x: Code): Code => e.scalar('exp', x)
export const emitLn = (e: Emitter, x: Code): Code => e.scalar('ln', x)
export const emitPower = (e: Emitter, x: Code, y: Code): Code => e.scalar('power', x, y)
