/** Reducers as methods of cubes, by their names. Compositions of openEO processes; computes nothing. */
import { InputError } from '@ecotope/core'
import type { Dimension } from '../model/dimension.ts'
import { type CallbackInput, Expression, graphOf } from './expression.ts'
import { Operand } from './operand.ts'

export interface LabelOptions {
  /** The instant from which days are counted where the labels are dates. Default 1970-01-01. */
  readonly since?: string
}

export type Extreme = 'max' | 'min'

/** The label of an element that equals the extreme, which comes as context. */
const LABEL_OF_EQUAL = {
  process_graph: graphOf((x, label, extreme) => x!.eq(extreme!).select(label!), ['x', 'label', 'context']),
}

/** What a cube and its reductions have in common; `Self` is the cube. */
export abstract class Reductions<Self> extends Operand<Self> {
  /** One value from all along a dimension, which is dropped: `cube.reduce('t', 'median')`. */
  abstract reduce(dimension: string, reducer: CallbackInput): Self
  /** The cube with numbers as labels of a dimension: days since an instant of dates. Throws InputError `NoNumbers`. */
  protected abstract numbered(dimension: string, since: string, extreme: Extreme): this

  mean(dimension: string): Self {
    return this.reduce(dimension, 'mean')
  }
  median(dimension: string): Self {
    return this.reduce(dimension, 'median')
  }
  min(dimension: string): Self {
    return this.reduce(dimension, 'min')
  }
  max(dimension: string): Self {
    return this.reduce(dimension, 'max')
  }
  sum(dimension: string): Self {
    return this.reduce(dimension, 'sum')
  }
  /** Standard deviation of a sample (n - 1). */
  sd(dimension: string): Self {
    return this.reduce(dimension, 'sd')
  }
  /** The number of values that are not missing. */
  count(dimension: string): Self {
    return this.reduce(dimension, 'count')
  }

  /** The number, from 0, of the cell with the greatest value, the first of equal ones; missing where all are. */
  argmax(dimension: string): Self {
    return this.reduce(dimension, place('max'))
  }
  /** The number, from 0, of the cell with the least value, the first of equal ones; missing where all are. */
  argmin(dimension: string): Self {
    return this.reduce(dimension, place('min'))
  }
  /**
   * The label of the greatest value, the first of equal ones; missing where all are. Of dates the days since 1970-01-01,
   * or `since`, in their calendar (of periods their first instant). Throws InputError `NoNumbers` where labels are texts.
   */
  idxmax(dimension: string, options: LabelOptions = {}): Self {
    return this.#label('max', dimension, options)
  }
  /** As `idxmax`, of the least value. */
  idxmin(dimension: string, options: LabelOptions = {}): Self {
    return this.#label('min', dimension, options)
  }

  #label(extreme: Extreme, dimension: string, { since = '1970-01-01' }: LabelOptions): Self {
    return this.numbered(dimension, since, extreme).reduce(dimension, (data) =>
      Expression.process('array_apply', { data, process: LABEL_OF_EQUAL, context: data.reduce(extreme) }).reduce(
        'first',
      ),
    )
  }
}

const place =
  (extreme: Extreme) =>
  (data: Expression): Expression =>
    data.reduce('array_find', { value: data.reduce(extreme) })

/** Throws InputError `NoNumbers` where labels are texts. */
export function requireNumbers({ name, labels }: Dimension, extreme: Extreme): void {
  if (labels.every((label) => typeof label === 'number')) return
  throw new InputError('NoNumbers', `the labels of ${name} are texts such as ${labels[0]}, which no cell can hold`, {
    hint: `arg${extreme} gives their numbers, counted from 0`,
    data: { dimension: name },
  })
}
