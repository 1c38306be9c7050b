/**
 * How much memory a graph's values need at most when its nodes run in order, each value from its node to its last
 * reader. An estimate of what ONNX Runtime's sequential executor holds: it reuses what is free, but rounds and keeps.
 */

import { InputError } from '@ecotope/core'
import { type OnnxGraph, type OnnxNode, readsOf } from '../onnx/graph.ts'
import type { Program } from '../trace.ts'
import { lowerProgram } from './lower.ts'
import type { LoweringTarget } from './target.ts'

/** Operators whose result is the operand's memory under another shape. */
const views: ReadonlySet<string> = new Set(['Reshape', 'Identity', 'Squeeze', 'Unsqueeze', 'Flatten'])

/** Operators that write over an operand of the result's size which nothing else reads any more. */
const inPlace: ReadonlySet<string> = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Exp',
  'Sqrt',
  'Log',
  'Neg',
  'Relu',
  'Sigmoid',
  'Tanh',
  'Clip',
])

/** The value whose memory each name stands for. */
function owners(nodes: readonly OnnxNode[]): (name: string) => string {
  const of = new Map<string, string>()
  const owner = (name: string): string => of.get(name) ?? name
  for (const { op, inputs, outputs } of nodes) if (views.has(op)) of.set(outputs[0]!, owner(inputs[0]!))
  return owner
}

export interface GraphMemory {
  /** Initialisers. */
  readonly constantBytes: number
  /** Inputs and, at their most, what the nodes hold at one time. */
  readonly peakBytes: number
}

export function memoryOf(graph: OnnxGraph): GraphMemory {
  const { nodes } = graph
  const owner = owners(nodes)
  const lastUse = new Map<string, number>()
  nodes.forEach((node, i) => {
    for (const input of readsOf(node)) lastUse.set(owner(input), i)
  })
  for (const { name } of graph.outputs) lastUse.set(owner(name), nodes.length)
  const held = new Set(graph.inputs.map(({ name }) => name))
  let now = [...held].reduce((sum, name) => sum + graph.bytesOf(name), 0)
  let peakBytes = now
  nodes.forEach((node, i) => {
    const dying = new Set(
      readsOf(node)
        .map(owner)
        .filter((name) => held.has(name) && lastUse.get(name) === i),
    )
    const made = views.has(node.op) ? [] : node.outputs
    const grown = made.reduce((sum, name) => sum + graph.bytesOf(name), 0)
    const reused = inPlace.has(node.op) && [...dying].some((name) => graph.bytesOf(name) === grown) ? grown : 0
    peakBytes = Math.max(peakBytes, now + grown - reused)
    now += grown
    for (const name of made) held.add(name)
    for (const name of [...dying, ...made.filter((output) => !lastUse.has(output))]) {
      held.delete(name)
      now -= graph.bytesOf(name)
    }
  })
  const constantBytes = graph.initialisers.reduce((sum, { data }) => sum + data.byteLength, 0)
  return { constantBytes, peakBytes }
}

/** From this size on a graph's plan is worth spoiling, and for values of this many elements; measured on U-Nets. */
const LARGE_BYTES = 2 ** 28
const LARGE_ELEMENTS = 2 ** 16

/** Lowers a training step; a large one so that ONNX Runtime frees what is dead (see `hidesShapesFrom`). */
export function lowerStep(program: Program, target: LoweringTarget): OnnxGraph {
  const graph = lowerProgram(program, { target })
  if (target.name !== 'node-cpu' || memoryOf(graph).peakBytes < LARGE_BYTES) return graph
  return lowerProgram(program, { target: { ...target, hidesShapesFrom: LARGE_ELEMENTS } })
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MB`

/** The bytes that a graph needs. Raises `InputError` where they are more than `limitBytes`, before anything is loaded. */
export function checkMemory(graph: OnnxGraph, limitBytes = Number.POSITIVE_INFINITY): number {
  const { constantBytes, peakBytes } = memoryOf(graph)
  const bytes = constantBytes + peakBytes
  if (bytes <= limitBytes) return bytes
  throw new InputError(
    'MemoryLimit',
    `the program needs about ${megabytes(bytes)}, the limit is ${megabytes(limitBytes)}`,
    {
      hint: 'Use a smaller batch or image, wrap layers in checkpoint(), or raise memoryLimitBytes.',
      data: { bytes, limitBytes },
    },
  )
}
