/**
 * Reductions over windows that move along a dimension, each element taken in twice whatever the length of a window: a
 * window is a stretch before a turning point, of which the states of all lengths are kept, and a stretch from there on
 * that grows; when the first has been left behind, the second becomes it. Nothing is ever taken out again (what has been
 * infinite or huge is gone without a trace), and turning points are fixed, so that tiles do not matter to results.
 */
import type { Reducer } from '../cell.ts'
import { type Code, i32, type Local, repeatWhile, when } from '../wasm/assembler.ts'
import { v128 } from '../wasm/simd.ts'
import { scopeAt } from './elements.ts'
import type { Generator } from './generator.ts'
import type { Source } from './reductions.ts'
import { indexOf, type Scope } from './scope.ts'
import type { ReduceCell } from './siblings.ts'
import type { State } from './state.ts'
import type { Value } from './values.ts'

export interface Windows {
  /** Per window its first index, the one after its last, and the turning point between them. */
  readonly table: Int32Array
  readonly longest: number
  readonly shortest: number
}

/** Shorter windows, on average, are reduced one by one as quickly. */
const LEAST_LENGTH = 4
/** So many states of windows stay in the cache. */
const LONGEST = 2048

/** Reducers that have a `State`. */
const JOINED: ReadonlySet<Reducer> = new Set<Reducer>([
  ...(['sum', 'mean', 'min', 'max', 'count', 'countValid'] as const),
  ...(['variance', 'sd', 'any', 'all'] as const),
])

/** Runs of indices whose starts and ends never go back, none empty; undefined for other groups. */
export function windowsOf(groups: readonly (readonly number[])[]): Windows | undefined {
  const table = new Int32Array(3 * groups.length)
  let [start, end, turn, cells] = [0, 0, 0, 0]
  let [longest, shortest] = [0, Number.POSITIVE_INFINITY]
  for (const [g, group] of groups.entries()) {
    const [first, last] = [group[0] ?? -1, group.at(-1) ?? -1]
    if (first < start || last + 1 < end || !group.every((index, i) => index === first + i)) return undefined
    start = first
    end = last + 1
    if (start >= turn) turn = end
    table.set([start, end, turn], 3 * g)
    cells += group.length
    longest = Math.max(longest, group.length)
    shortest = Math.min(shortest, group.length)
  }
  const covered = end - (table[0] ?? 0)
  const isWorth = cells >= LEAST_LENGTH * groups.length && cells >= LEAST_LENGTH * covered * 0.5 && longest <= LONGEST
  return isWorth && groups.length > 0 ? { table, longest, shortest } : undefined
}

const known = new WeakMap<readonly (readonly number[])[], { readonly windows: Windows | undefined }>()

/** The windows of a reduction that can slide. */
export function slidingWindows({ groups, reducer }: ReduceCell): Windows | undefined {
  if (groups === undefined || !JOINED.has(reducer)) return undefined
  let found = known.get(groups)
  if (found === undefined) {
    found = { windows: windowsOf(groups) }
    known.set(groups, found)
  }
  return found.windows
}

/** A reduction as far as its step. */
export interface Sliding {
  step(scope: Scope, counter: Code): void
  finish(): Value
  readonly state?: State
}

interface Joined {
  readonly all: readonly Sliding[]
  readonly locals: readonly Local[]
}

function joined(all: readonly Sliding[]): Joined {
  const locals = all.flatMap(({ state }) => {
    if (state === undefined) throw new Error('a reducer without a state cannot slide')
    return state.locals
  })
  return { all, locals }
}

/**
 * The values of reductions over windows along a dimension whose loop is the innermost one here; `begin` emits the start
 * of them.
 */
export function emitSliding(
  generator: Generator,
  cell: ReduceCell,
  windows: Windows,
  scope: Scope,
  begin: (source: Source) => readonly Sliding[],
): Value[] {
  const index = indexOf(scope, cell.dim)
  if (index.kind !== 'uniform') throw new Error('windows slide along a loop')
  const row = generator.keepInteger(
    i32.add(i32.mul(index.code, i32.const(12)), i32.const(generator.table(windows.table))),
  )
  const [start, end, turn] = [0, 4, 8].map((offset) => generator.keepInteger(i32.load(row, offset)))
  const count = generator.keepInteger(i32.sub(end!, start!))
  const source = { most: windows.longest, least: windows.shortest, count }
  // Before the loop: nothing is known of any window.
  const [turned, reached] = generator.shared(index.depth - 1, `sliding ${generator.unique()}`, () => [
    generator.variable(i32.const(-1), 'i32'),
    generator.variable(i32.const(0), 'i32'),
  ]) as [Local, Local]
  const stepAt = ({ all }: Joined, at: Code): void => {
    const below = scopeAt(generator, cell, scope, at)
    for (const { step } of all) step(below, at)
  }
  let earlier: Joined | undefined
  let later: Joined | undefined
  let slot = 0
  let slots = 0
  const turning = generator.captured(() => {
    generator.emit([turned.set(turn!), reached.set(turn!)])
    later = joined(begin(source))
    const growing = joined(begin(source))
    earlier = growing
    slot = 16 * growing.locals.length
    slots = generator.allocate((windows.longest + 1) * slot)
    const place = generator.variable(i32.const(slots), 'i32')
    const at = generator.variable(turn!, 'i32')
    const save = (): void => {
      for (const [i, local] of growing.locals.entries()) generator.emit(v128.store(place.get, local.get, i * 16))
    }
    save()
    const back = generator.captured(() => {
      generator.emit([at.set(i32.sub(at.get, i32.const(1))), place.set(i32.add(place.get, i32.const(slot)))])
      stepAt(growing, at.get)
      save()
    })
    generator.emit(repeatWhile(i32.gtS(at.get, start!), back))
  })
  generator.emit(when(i32.ne(turned.get, turn!), turning))
  const forth = generator.captured(() => {
    stepAt(later!, reached.get)
    generator.emit(reached.set(i32.add(reached.get, i32.const(1))))
  })
  generator.emit(repeatWhile(i32.ltS(reached.get, end!), forth))
  const from = i32.add(i32.mul(i32.sub(turn!, start!), i32.const(slot)), i32.const(slots))
  const place = generator.keepInteger(from)
  for (const [i, local] of earlier!.locals.entries()) generator.emit(local.set(v128.load(place, i * 16)))
  return earlier!.all.map(({ state, finish }, i) => {
    state!.join(later!.all[i]!.state!.locals.map((local) => local.get))
    return finish()
  })
}
