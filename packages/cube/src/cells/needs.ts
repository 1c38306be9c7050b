/**
 * Which region of each input the cells of an output region read. `accessesOf` finds the ways in which a cell reads its
 * inputs once; `regionsOf` answers for one region after the other.
 */
import type { CubeSchema } from '../model/node.ts'
import type { Region } from '../model/region.ts'
import type { Cell } from './cell.ts'
import { renamed } from './structure.ts'

/** Indices start (included) to end (excluded); undefined: none. */
export type Interval = readonly [start: number, end: number] | undefined

/** Steps from an index above to those below: `take` has one (or -1) per index, groups have many. */
type Step = readonly number[] | readonly (readonly number[])[]

/** Where an index of an input comes from. */
type Origin =
  | { readonly kind: 'fixed'; readonly interval: Interval }
  | { readonly kind: 'output'; readonly dimension: number; readonly steps: readonly Step[]; readonly key: string }

type Scope = ReadonlyMap<string, Origin>

/** One way in which an input is read: where the index of each of its dimensions comes from. */
export interface Access {
  readonly input: number
  readonly origins: readonly Origin[]
}

const keyOf = (origin: Origin): string =>
  origin.kind === 'fixed' ? `f${origin.interval?.join(':') ?? 'none'}` : `o${origin.dimension}${origin.key}`

function hull(step: Step, [start, end]: readonly [number, number]): Interval {
  let low = Number.POSITIVE_INFINITY
  let high = -1
  for (let i = start; i < end; i++) {
    const below = step[i]!
    if (typeof below === 'number') {
      if (below < 0) continue
      if (below < low) low = below
      if (below > high) high = below
    } else {
      for (const index of below) {
        if (index < low) low = index
        if (index > high) high = index
      }
    }
  }
  return high < 0 ? undefined : [low, high + 1]
}

/** All ways in which a cell of the output reads inputs, each once. */
export function accessesOf(root: Cell, output: CubeSchema, inputs: readonly CubeSchema[]): readonly Access[] {
  const found = new Map<string, Access>()
  const seen = new Map<Cell, Set<string>>()
  const stepIds = new Map<Step, number>()

  const through = (origin: Origin, step: Step): Origin => {
    if (origin.kind === 'fixed') {
      return { kind: 'fixed', interval: origin.interval && hull(step, origin.interval) }
    }
    const id = stepIds.get(step) ?? stepIds.size
    stepIds.set(step, id)
    return { ...origin, steps: [...origin.steps, step], key: `${origin.key},${id}` }
  }

  const visit = (cell: Cell, scope: Scope): void => {
    const signature = [...scope].map(([name, origin]) => `${name}=${keyOf(origin)}`).join('|')
    const before = seen.get(cell) ?? new Set()
    if (before.has(signature)) return
    seen.set(cell, before.add(signature))
    switch (cell.kind) {
      case 'input': {
        const origins = inputs[cell.input]!.dims.map(({ name }) => originOf(scope, name))
        found.set(`${cell.input}#${origins.map(keyOf).join('|')}`, { input: cell.input, origins })
        return
      }
      case 'call':
        for (const arg of cell.args) visit(arg, scope)
        return
      case 'constant':
      case 'label':
        return
      default:
        visit(cell.of, scopeBelow(cell, scope, through))
    }
  }
  visit(
    root,
    new Map(output.dims.map(({ name }, dimension) => [name, { kind: 'output', dimension, steps: [], key: '' }])),
  )
  return [...found.values()]
}

function originOf(scope: Scope, name: string): Origin {
  const origin = scope.get(name)
  if (origin === undefined) throw new Error(`a cell reads dimension '${name}', which is not in its scope`)
  return origin
}

function scopeBelow(
  cell: Exclude<Cell, { kind: 'input' | 'call' | 'constant' | 'label' }>,
  scope: Scope,
  through: (origin: Origin, step: Step) => Origin,
): Scope {
  const below = new Map(scope)
  switch (cell.kind) {
    case 'at':
      return below.set(cell.dim, { kind: 'fixed', interval: [cell.index, cell.index + 1] })
    case 'take':
      return below.set(cell.dim, through(originOf(scope, cell.dim), cell.indices))
    case 'reduce':
      return below.set(
        cell.dim,
        cell.groups === undefined
          ? { kind: 'fixed', interval: cell.length > 0 ? [0, cell.length] : undefined }
          : through(originOf(scope, cell.dim), cell.groups),
      )
    default: {
      for (const above of Object.keys(cell.names)) below.delete(above)
      for (const above of Object.keys(cell.names)) {
        const origin = scope.get(above)
        if (origin !== undefined) below.set(renamed(cell.names, above), origin)
      }
      return below
    }
  }
}

function intervalOf(origin: Origin, region: Region): Interval {
  if (origin.kind === 'fixed') return origin.interval
  const start = region.start[origin.dimension]!
  let interval: Interval = [start, start + region.shape[origin.dimension]!]
  for (const step of origin.steps) {
    if (interval === undefined) return undefined
    interval = hull(step, interval)
  }
  return interval
}

/** Whether neighbours along a dimension of the output read twice as many indices as there are: windows that move. */
export function overlapsAlong(accesses: readonly Access[], dimension: number): boolean {
  return accesses.some(({ origins }) =>
    origins.some((origin) => {
      if (origin.kind !== 'output' || origin.dimension !== dimension) return false
      return origin.steps.some((step) => {
        const read = hull(step, [0, step.length])
        const all = step.reduce<number>((sum, below) => sum + (typeof below === 'number' ? 1 : below.length), 0)
        return read !== undefined && all >= 2 * (read[1] - read[0])
      })
    }),
  )
}

/** The least box of each input that covers all its accesses. */
export function regionsOf(accesses: readonly Access[], inputs: number, region: Region): (Region | undefined)[] {
  const boxes: [number, number][][] = new Array(inputs)
  const intervals: (readonly [number, number])[] = []
  for (const { input, origins } of accesses) {
    intervals.length = 0
    for (const origin of origins) {
      const interval = intervalOf(origin, region)
      if (interval !== undefined) intervals.push(interval)
    }
    if (intervals.length < origins.length) continue
    const box = boxes[input]
    if (box === undefined) boxes[input] = intervals.map(([start, end]) => [start, end])
    else {
      for (const [d, [start, end]] of intervals.entries()) {
        const side = box[d]!
        if (start < side[0]) side[0] = start
        if (end > side[1]) side[1] = end
      }
    }
  }
  return Array.from({ length: inputs }, (_, input) => {
    const box = boxes[input]
    return box && { start: box.map(([start]) => start), shape: box.map(([start, end]) => end - start) }
  })
}

/** The region of each input that a region of the output reads; undefined where none of it. */
export function inputRegions(
  cell: Cell,
  output: CubeSchema,
  inputs: readonly CubeSchema[],
  region: Region,
): (Region | undefined)[] {
  return regionsOf(accessesOf(cell, output, inputs), inputs.length, region)
}
