/** What the variables of several data sets are to J-PCMCI+, and the dummies that stand for contexts nobody observed. */
import { InputError } from '@ecotope/core'
import type { DataSet, Node, TimeSeries } from '../series/series.ts'

/**
 * `system`: what causes are sought of. `time-context`: the same in all data sets (the climate's modes). `space-context`: the
 * same at all time steps of a data set (elevation). `time-dummy`, `space-dummy`: which time step, which data set.
 */
export type NodeKind = 'system' | 'time-context' | 'space-context' | 'time-dummy' | 'space-dummy'

/** Variables of each kind, in order. */
export interface Roles {
  readonly system: readonly number[]
  /** Those of space before those of time, as conditions are ordered. */
  readonly contexts: readonly number[]
  readonly timeContexts: readonly number[]
  readonly spaceContexts: readonly number[]
  /** Those of time before those of space. */
  readonly dummies: readonly number[]
}

/** Throws `InputError` BadKinds (not one per variable, unknown), NoSystem. */
export function rolesOf(series: TimeSeries, kinds: readonly NodeKind[]): Roles {
  const known: ReadonlySet<string> = new Set(['system', 'time-context', 'space-context', 'time-dummy', 'space-dummy'])
  const bad = kinds.find((kind) => !known.has(kind))
  if (bad !== undefined || kinds.length !== series.names.length)
    throw new InputError(
      'BadKinds',
      bad === undefined
        ? `${kinds.length} kinds are given for ${series.names.length} variables`
        : `there is no kind of variable ${bad}`,
      { hint: `Give one of ${[...known].join(', ')} for each variable.`, data: { kinds } },
    )
  const of = (wanted: NodeKind): number[] => kinds.flatMap((kind, i) => (kind === wanted ? i : []))
  const [system, timeContexts, spaceContexts] = [of('system'), of('time-context'), of('space-context')]
  if (system.length === 0)
    throw new InputError('NoSystem', 'no variable is of the system: there is nothing to find causes of', {
      hint: 'Call the variables whose causes you seek `system`.',
    })
  return {
    system,
    timeContexts,
    spaceContexts,
    contexts: [...spaceContexts, ...timeContexts],
    dummies: [...of('time-dummy'), ...of('space-dummy')],
  }
}

export interface DummyOptions {
  /** A dummy of the time step; it stands for what changes over time in all data sets alike. */
  readonly time?: boolean
  /** A dummy of the data set; it stands for what differs between them at all times. */
  readonly space?: boolean
}

/** Series and kinds with dummies at the end. */
export interface WithDummies {
  readonly series: TimeSeries
  readonly kinds: readonly NodeKind[]
}

/**
 * Adds dummies: vectors with a component for each time step (of the common clock), or for each data set, that is 1 there and
 * else 0. They need a test of vectors (`parcorr-mult`). A dummy of time takes (time steps)² numbers per data set.
 * Throws `InputError` BadKinds, DuplicateName.
 */
export function withDummies(
  series: TimeSeries,
  kinds: readonly NodeKind[],
  { time = false, space = false }: DummyOptions,
): WithDummies {
  rolesOf(series, kinds)
  const steps = Math.max(...series.datasets.map(({ offset, length }) => offset + length))
  const added: Dummy[] = [
    ...(time ? [{ kind: 'time-dummy', size: steps, one: (_: number, t: number, set: DataSet) => t + set.offset }] : []),
    ...(space ? [{ kind: 'space-dummy', size: series.datasets.length, one: (m: number) => m }] : []),
  ] as Dummy[]
  const clash = added.find(({ kind }) => series.names.includes(kind))
  if (clash !== undefined)
    throw new InputError('DuplicateName', `a variable is named ${clash.kind}, as the dummy will be`, {
      hint: 'Rename the variable.',
      data: { name: clash.kind },
    })
  let column = series.datasets[0]!.columns.length
  const vectors: (readonly Node[])[] = [...(series.vectors ?? series.names.map((_, i): Node[] => [[i, 0]]))]
  for (const { size } of added) {
    const first = column
    vectors.push(Array.from({ length: size }, (_, k): Node => [first + k, 0]))
    column += size
  }
  return {
    series: {
      ...series,
      names: [...series.names, ...added.map(({ kind }) => kind)],
      datasets: series.datasets.map((set, m) => extended(set, m, added)),
      ...(added.length > 0 && { vectors }),
    },
    kinds: [...kinds, ...added.map(({ kind }) => kind)],
  }
}

interface Dummy {
  readonly kind: 'time-dummy' | 'space-dummy'
  /** Components. */
  readonly size: number
  /** The component that is 1. */
  one(dataset: number, step: number, set: DataSet): number
}

function extended(set: DataSet, m: number, added: readonly Dummy[]): DataSet {
  const columns = added.flatMap((dummy) => {
    const made = Array.from({ length: dummy.size }, () => new Float64Array(set.length))
    for (let t = 0; t < set.length; t++) made[dummy.one(m, t, set)]![t] = 1
    return made
  })
  const flags = (value: number): Uint8Array[] => columns.map(() => new Uint8Array(set.length).fill(value))
  return {
    ...set,
    columns: [...set.columns, ...columns],
    ...(set.masks && { masks: [...set.masks, ...flags(0)] }),
    ...(set.types && { types: [...set.types, ...flags(1)] }),
    ...(set.weights && { weights: [...set.weights, ...columns.map(() => new Float64Array(set.length).fill(1))] }),
  }
}
