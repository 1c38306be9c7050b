/** Runs layers in float64 with drawn parameters. */

import { random } from '@ecotope/core'
import {
  evaluate,
  initialise,
  type ParameterTree,
  type Shape,
  type Tensor,
  type Traced,
  trace,
} from '../../src/index.ts'
import { sizeOf } from '../../src/shape.ts'

export const normals = (shape: Shape, seed: number): Float32Array<ArrayBuffer> => random(seed).normals(sizeOf(shape))

/** Runs a function of a tree and inputs in float64, with drawn parameters. */
export function run<T extends ParameterTree>(
  tree: T,
  inputs: Readonly<Record<string, readonly [shape: Shape, data: ArrayLike<number>]>>,
  fn: (p: Traced<T>, inputs: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>,
  options: { readonly seed?: number; readonly step?: number } = {},
): Record<string, Float64Array> {
  const specs = Object.fromEntries(Object.entries(inputs).map(([name, [shape]]) => [name, { shape }]))
  const program = trace<T, typeof specs>(fn, { parameters: tree, inputs: specs })
  const data = Object.fromEntries(Object.entries(inputs).map(([name, [, values]]) => [name, values]))
  const found = evaluate(program, data, initialise(tree, random(1)), options)
  return Object.fromEntries(Object.entries(found).map(([name, { data: values }]) => [name, values]))
}

export const largest = (values: ArrayLike<number>): number => Math.max(...Array.from(values, Math.abs))
export const differ = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  largest(Array.from(a, (v, i) => v - b[i]!))
