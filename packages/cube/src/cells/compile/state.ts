/** What a reduction has of the elements so far, for those that can be put together of two stretches of elements. */
import type { Code, Local } from '../wasm/assembler.ts'
import type { Generator } from './generator.ts'

export interface State {
  readonly locals: readonly Local[]
  /** Emits the taking in of the elements that follow, of which the locals' codes are given. */
  join(later: readonly Code[]): void
}

/** A state whose locals are combined one by one. */
export const stateOf = (
  generator: Generator,
  locals: readonly Local[],
  combine: (a: Code, b: Code) => Code,
): State => ({
  locals,
  join: (later) => {
    for (const [i, local] of locals.entries()) generator.emit(local.set(combine(local.get, later[i]!)))
  },
})

/** States that are joined one after the other. */
export const together = (states: readonly State[]): State => ({
  locals: states.flatMap(({ locals }) => locals),
  join: (later) => {
    let from = 0
    for (const { locals, join } of states) {
      const to = from + locals.length
      join(later.slice(from, to))
      from = to
    }
  },
})
