/** What `oracles/tensor/elementary.py` wrote. */

import { readFileSync } from 'node:fs'
import type { Shape } from '../src/index.ts'

export interface Golden {
  readonly name: string
  readonly inputs: readonly { readonly shape: Shape; readonly data: readonly number[] }[]
  readonly shape: Shape
  readonly value: readonly number[]
  /** Of the sum of the values times (i % 7) - 2.5. */
  readonly gradients: readonly (readonly number[])[]
}

export interface ElementaryOracle {
  readonly cases: readonly Golden[]
  /** Derivatives of gamma samples with respect to their concentration, by PyTorch and by differences of quantiles. */
  readonly gammaGradients: readonly {
    readonly concentration: number
    readonly sample: readonly number[]
    readonly torch: readonly number[]
    readonly quantile: readonly number[]
  }[]
  readonly quantiles: Readonly<Record<string, readonly number[]>>
}

const url = new URL('../../../oracles/tensor/elementary.json', import.meta.url)
export const oracle = JSON.parse(readFileSync(url, 'utf8')) as ElementaryOracle
