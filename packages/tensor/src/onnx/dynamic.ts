/**
 * Whether a program's graph holds for other extents than those it was traced for: it is made once more with the axes
 * that vary twice as long, and must come out the same, operator by operator and constant by constant.
 */

import { InputError } from '@ecotope/core'
import { apply, input, onBehalf } from '../apply.ts'
import { type LowerOptions, lowerProgram } from '../lower/lower.ts'
import { type Tensor, topological } from '../primitive.ts'
import { sameShape } from '../shape.ts'
import type { Program } from '../trace.ts'
import type { Initialiser, OnnxGraph, OnnxNode } from './graph.ts'

/** Axes of inputs that may vary, with their names: `{ x: { 2: 'height', 3: 'width' } }`. */
export type DynamicAxes = Readonly<Record<string, Readonly<Record<number, string>>>>

function notDynamic(what: string, scope: string, cause?: unknown): InputError {
  const where = scope === '' || what.includes(scope) ? '' : ` in ${scope}`
  return new InputError('NotDynamic', `${what}${where} needs fixed extents, so that the chosen axes cannot vary`, {
    hint: 'Export with fixed extents, or write the layer without it.',
    data: { primitive: what, scope },
    cause,
  })
}

/** The same node of operands with other extents. */
function remade(node: Tensor, inputs: readonly Tensor[]): Tensor {
  // Bodies of loops and calls were traced for one extent; a slice would keep cutting where it did.
  const { axes = [] } = node.op === 'slice' ? (node as Tensor<'slice'>).attributes : {}
  const cuts = axes.some((axis) => node.inputs[0]!.shape[axis] !== inputs[0]!.shape[axis])
  if (cuts || node.op === 'scan' || node.op === 'call') throw notDynamic(node.op, node.scope)
  try {
    return onBehalf(node, () => apply(node.op, inputs, node.attributes))
  } catch (cause) {
    throw notDynamic(node.op, node.scope, cause)
  }
}

/** The program with the axes that vary twice as long. */
function doubled(program: Program, dynamic: DynamicAxes): Program {
  const twins = new Map<Tensor, Tensor>()
  for (const [name, node] of Object.entries(program.inputs)) {
    const shape = node.shape.map((extent, axis) => (dynamic[name]?.[axis] === undefined ? extent : 2 * extent))
    twins.set(node, sameShape(shape, node.shape) ? node : input(name, { shape, dtype: node.dtype }))
  }
  for (const node of topological(Object.values(program.outputs))) {
    if (twins.has(node)) continue
    const inputs = node.inputs.map((operand) => twins.get(operand)!)
    const same = inputs.every((operand, i) => operand === node.inputs[i])
    twins.set(node, same ? node : remade(node, inputs))
  }
  const all = (named: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(named).map(([name, node]) => [name, twins.get(node)!]))
  return { ...program, inputs: all(program.inputs), outputs: all(program.outputs) }
}

const sameNode = (a: OnnxNode, b: OnnxNode): boolean =>
  a.op === b.op &&
  a.inputs.join() === b.inputs.join() &&
  a.outputs.join() === b.outputs.join() &&
  JSON.stringify(a.attributes) === JSON.stringify(b.attributes)

const sameConstant = (a: Initialiser, b: Initialiser): boolean =>
  a.value.name === b.value.name &&
  sameShape(a.value.shape, b.value.shape) &&
  a.data.length === b.data.length &&
  a.data.every((value, i) => Object.is(value, b.data[i]))

/** The first node that is another in the other graph, or reads another constant. */
function firstDifference(graph: OnnxGraph, other: OnnxGraph): OnnxNode | undefined {
  const others = new Map(other.initialisers.map((constant) => [constant.value.name, constant]))
  const changed = new Set<string>()
  for (const constant of graph.initialisers) {
    const twin = others.get(constant.value.name)
    if (twin === undefined || !sameConstant(constant, twin)) changed.add(constant.value.name)
  }
  return graph.nodes.find((node, i) => {
    const twin = other.nodes[i]
    return twin === undefined || !sameNode(node, twin) || node.inputs.some((name) => changed.has(name))
  })
}

/**
 * Names for the outputs' axes that vary: the input's name where the extent is the same, else one of their own. Raises
 * `InputError` where the graph holds for the traced extents only.
 */
export function varyingOutputs(
  program: Program,
  dynamic: DynamicAxes,
  graph: OnnxGraph,
  lowering: LowerOptions,
): DynamicAxes {
  const twin = doubled(program, dynamic)
  const different = firstDifference(graph, lowerProgram(twin, lowering))
  if (different !== undefined) throw notDynamic(different.op, different.scope)
  const inputs = Object.entries(program.inputs)
  const named = Object.entries(program.outputs).map(([name, { shape }]) => {
    const axes = shape.flatMap((extent, axis) => {
      if (twin.outputs[name]!.shape[axis] === extent) return []
      const source = inputs.find(([key, given]) => dynamic[key]?.[axis] !== undefined && given.shape[axis] === extent)
      return [[axis, source === undefined ? `${name}.${axis}` : dynamic[source[0]]![axis]!] as const]
    })
    return [name, Object.fromEntries(axes)] as const
  })
  return Object.fromEntries(named)
}
