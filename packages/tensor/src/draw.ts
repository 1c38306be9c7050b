/**
 * Random leaves made into numbers, outside the graph: a value depends only on seed, step, key, distribution and shape,
 * so that every target and the interpreter see the same ones, whatever the number of threads.
 */

import { hashText, philox, philoxWords } from '@ecotope/core'
import { type Tensor, topological } from './primitive.ts'
import { type Shape, sizeOf } from './shape.ts'
import type { Program } from './trace.ts'

export interface Draw {
  /** Name of the graph input that takes the numbers: `random.<i>`. */
  readonly name: string
  readonly shape: Shape
  readonly distribution: 'uniform' | 'normal'
  readonly key: string
}

/** The distinct draws that some outputs need, each with the leaves that read it. */
export function randomLeaves(outputs: Iterable<Tensor>): { draw: Draw; leaves: Tensor<'random'>[] }[] {
  const known = new Map<string, { draw: Draw; leaves: Tensor<'random'>[] }>()
  for (const node of topological(outputs)) {
    if (node.op !== 'random') continue
    const leaf = node as Tensor<'random'>
    const id = JSON.stringify([leaf.attributes.key, leaf.attributes.distribution, leaf.shape])
    const entry = known.get(id)
    if (entry === undefined) {
      const draw = { name: `random.${known.size}`, shape: leaf.shape, ...leaf.attributes }
      known.set(id, { draw, leaves: [leaf] })
    } else entry.leaves.push(leaf)
  }
  return [...known.values()]
}

/** The random numbers that a program needs beside its inputs, in the order of its graph inputs `random.<i>`. */
export function drawsOf(program: Program): Draw[] {
  return randomLeaves(Object.values(program.outputs)).map(({ draw }) => draw)
}

const TO_UNIT = 2 ** -24

/** The key of one draw: Philox over the hash of its name, its shape and the step, under the seed. */
function keyOf(seed: number, step: number, { key, distribution, shape }: Omit<Draw, 'name'>): [number, number] {
  const text = `${distribution}|${shape.join()}|${key}`
  const high = (x: number): number => Math.floor(x / 2 ** 32) >>> 0
  const counter = [hashText(text, 0), hashText(text, 0x5bd1e995), step >>> 0, high(step)] as const
  const [a, b] = philox(counter, [seed >>> 0, high(seed)])
  return [a, b]
}

/**
 * The numbers of a draw, row-major: uniform multiples of 2^-24 in [0, 1), or standard normal (Box and Muller 1958).
 * `seed` and `step` are safe integers from 0 on.
 */
export function draw(seed: number, step: number, leaf: Omit<Draw, 'name'>): Float32Array<ArrayBuffer> {
  const n = sizeOf(leaf.shape)
  const even = n + (n % 2)
  const words = philoxWords(even, keyOf(seed, step, leaf))
  const out = new Float32Array(even)
  if (leaf.distribution === 'uniform') {
    for (let i = 0; i < n; i++) out[i] = (words[i]! >>> 8) * TO_UNIT
  } else {
    for (let i = 0; i < even; i += 2) {
      const radius = Math.sqrt(-2 * Math.log((words[i]! + 1) * 2 ** -32))
      const angle = 2 * Math.PI * 2 ** -32 * words[i + 1]!
      out[i] = radius * Math.cos(angle)
      out[i + 1] = radius * Math.sin(angle)
    }
  }
  return out.length === n ? out : out.slice(0, n)
}
