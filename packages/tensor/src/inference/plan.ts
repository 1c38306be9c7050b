/** From a program with fixed weights to a plan of the image engine, where it has every primitive and pays. */
import { type Tensor, topological } from '../primitive.ts'
import type { Float64Dense } from '../reference/array.ts'
import { evaluateNodes } from '../reference/evaluate.ts'
import { sizeOf } from '../shape.ts'
import type { Program } from '../trace.ts'
import { Unsupported } from './layout.ts'
import { asImage, imageExtent, Planner, type Value } from './planner.ts'
import { rules } from './rules/index.ts'
import type { Rule } from './rules/rule.ts'
import type { Plan } from './steps.ts'

export interface PlanNames {
  readonly inputs: Readonly<Record<string, string>>
  readonly outputs: Readonly<Record<string, string>>
}

/** How many nodes read each node; an output counts as a reader. */
function usesOf(nodes: readonly Tensor[], outputs: readonly Tensor[]): Map<Tensor, number> {
  const uses = new Map<Tensor, number>()
  for (const node of [...nodes.flatMap(({ inputs }) => inputs), ...outputs]) uses.set(node, (uses.get(node) ?? 0) + 1)
  return uses
}

/** The value of a node that depends on no input, in float64. */
function folded(node: Tensor, known: Map<Tensor, Float64Dense>): Value {
  return { kind: 'constant', array: evaluateNodes([node], known)[0]! }
}

function loadInputs(planner: Planner, program: Program, names: PlanNames, values: Map<Tensor, Value>): void {
  for (const [name, node] of Object.entries(program.inputs)) {
    if (node.dtype !== 'float32') throw new Unsupported(`inputs of type ${node.dtype}`)
    const to = planner.newImage(imageExtent(node.shape))
    planner.emit('load', { input: names.inputs[name]!, planes: planner.buffer(sizeOf(node.shape)), to })
    values.set(node, planner.stored(to, node.shape))
  }
}

function bindParameters({ leaves, parameters }: Program, flat: Float32Array): Map<Tensor, Float64Dense> {
  return new Map(
    leaves.map((leaf, i) => {
      const { offset, size, shape } = parameters.leaves[i]!
      return [leaf, { shape, data: new Float64Array(flat.subarray(offset, offset + size)) }] as const
    }),
  )
}

/** Masks are ones in all bits, which constants are not. */
function checkMasks({ inputs }: Tensor, values: readonly Value[]): void {
  if (inputs.some(({ dtype }, i) => dtype === 'bool' && values[i]!.kind === 'constant')) {
    throw new Unsupported('constant masks')
  }
}

/** Plans a program. Raises `Unsupported` where the engine lacks something. */
export function planProgram(program: Program, parameters: Float32Array, names: PlanNames): Plan {
  const outputs = Object.entries(program.outputs)
  const nodes = topological(Object.values(program.outputs))
  const planner = new Planner(usesOf(nodes, Object.values(program.outputs)))
  const values = new Map<Tensor, Value>()
  const known = bindParameters(program, parameters)
  loadInputs(planner, program, names, values)
  for (const node of nodes) {
    if (values.has(node)) continue
    planner.enter(node)
    const inputs = node.inputs.map((input) => values.get(input)!)
    const fixed = node.op !== 'random' && inputs.every(({ kind }) => kind === 'constant')
    if (!fixed) checkMasks(node, inputs)
    values.set(node, fixed ? folded(node, known) : (rules[node.op] as Rule<typeof node.op>)(planner, node, inputs))
  }
  for (const [name, node] of outputs) {
    if (node.dtype !== 'float32') throw new Unsupported(`outputs of type ${node.dtype}`)
    planner.enter(node)
    const from = planner.view(asImage(planner, values.get(node)!))
    const planes = planner.buffer(sizeOf(node.shape))
    planner.emit('store', { from, planes, output: names.outputs[name]!, shape: node.shape })
  }
  return planner.plan()
}
