/** Context variables added to several data sets: what distinguishes places, and what all of them share in time. */
import { InputError } from '@ecotope/core'
import type { NodeKind } from '../discovery/jpcmci-context.ts'
import { type TimeSeries, timeSeries } from './series.ts'

export interface ContextColumn {
  readonly name: string
  /** Of space: one per data set. Of time: one per step of the common clock. */
  readonly values: ArrayLike<number>
}

export interface Contexts {
  readonly space?: readonly ContextColumn[]
  readonly time?: readonly ContextColumn[]
}

/** Series with contexts as further variables, and the kind of each. Throws `InputError`: BadContext, DuplicateName. */
export function withContexts(
  series: TimeSeries,
  { space = [], time = [] }: Contexts,
): { series: TimeSeries; kinds: NodeKind[] } {
  if (series.vectors !== undefined)
    throw new InputError('BadContext', 'contexts cannot be added to series of vectors', {
      hint: 'Add them as columns before.',
    })
  for (const { name, values } of space)
    check(
      name,
      values.length === series.datasets.length,
      `${values.length} values for ${series.datasets.length} data sets`,
    )
  const steps = Math.max(...series.datasets.map(({ offset, length }) => offset + length))
  for (const { name, values } of time)
    check(name, values.length >= steps, `${values.length} values for ${steps} time steps`)
  const datasets = series.datasets.map((set, m) => {
    const added = [
      ...space.map(({ values }) => new Float64Array(set.length).fill(values[m]!)),
      ...time.map(({ values }) => Float64Array.from({ length: set.length }, (_, t) => values[t + set.offset]!)),
    ]
    const flags = added.map(() => new Uint8Array(set.length))
    return {
      ...set,
      columns: [...set.columns, ...added],
      ...(set.masks && { masks: [...set.masks, ...flags] }),
      ...(set.types && { types: [...set.types, ...flags] }),
      ...(set.weights && { weights: [...set.weights, ...added.map(({ length }) => new Float64Array(length).fill(1))] }),
    }
  })
  const names = [...series.names, ...[...space, ...time].map(({ name }) => name)]
  const kinds: NodeKind[] = [
    ...series.names.map((): NodeKind => 'system'),
    ...space.map((): NodeKind => 'space-context'),
    ...time.map((): NodeKind => 'time-context'),
  ]
  const whole = timeSeries(datasets, {
    names,
    missingUpToMaxLag: series.missingUpToMaxLag,
    ...(series.referencePoints && { referencePoints: series.referencePoints }),
  })
  return { series: whole, kinds }
}

function check(name: string, isRight: boolean, what: string): void {
  if (!isRight)
    throw new InputError('BadContext', `context ${name} has ${what}`, {
      hint: 'A context of space has one value per data set, one of time a value per time step.',
      data: { name },
    })
}
