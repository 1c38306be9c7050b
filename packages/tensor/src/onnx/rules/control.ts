/** ONNX's operators with sub-graphs: conditions that are known while importing, and loops over sequences. */

import { reverse } from '../../ops/plain.ts'
import type { Tensor } from '../../primitive.ts'
import { range } from '../../shape.ts'
import { scan } from '../../transform/scan.ts'
import type { GraphData } from '../decode.ts'
import { type Call, type Item, isKnown, type Rule } from '../item.ts'

function graphOf(c: Call, name: string): GraphData {
  const graph = c.attribute(name)?.graph
  if (graph === undefined) throw c.fail(`the attribute ${name} is missing`)
  return graph
}

function branch(c: Call): readonly Item[] {
  const condition = c.item(0)
  if (!isKnown(condition))
    throw c.fail('the condition depends on the data, and must not', 'Write both branches with Where.')
  return c.around.run(graphOf(c, condition.data[0] === 0 ? 'else_branch' : 'then_branch'), [])
}

/** First states, then sequences (time first); the body takes both and gives states and one element of each result. */
function loop(c: Call): readonly Item[] {
  const body = graphOf(c, 'body')
  const count = c.integer('num_scan_inputs', 1)
  const states = c.items.length - count
  for (const name of ['scan_input_axes', 'scan_output_axes']) {
    if (c.integers(name)?.some((axis) => axis !== 0)) throw c.fail(name)
  }
  const flip = (list: readonly Tensor[], name: string): Tensor[] =>
    list.map((x, i) => (c.integers(name)?.[i] === 1 ? reverse(x, [0]) : x))
  const raw = range(0, c.items.length).map((i) => c.raw(i))
  const { carry, ys } = scan(
    (carries: readonly Tensor[], elements: readonly Tensor[]) => {
      const outputs = c.around.run(body, [...carries, ...elements]).map((item) => c.symbolic(item))
      return { carry: outputs.slice(0, states), y: outputs.slice(states) }
    },
    raw.slice(0, states),
    flip(raw.slice(states), 'scan_input_directions'),
  )
  return [...carry, ...flip(ys, 'scan_output_directions')]
}

export const controlRules = { If: branch, Scan: loop } as const satisfies Readonly<Record<string, Rule>>
