/**
 * Rewrites a graph of nodes so that it computes the same with less: cells over cells become one, selections of labels
 * move down to the sources, constants are folded.
 */
import type { Cell } from '../cells/cell.ts'
import type { CellNode, CubeNode } from '../model/node.ts'
import { narrowSources } from './narrow.ts'
import { consumersFirst } from './nodes.ts'
import { Simplifier } from './simplify.ts'
import { isCheap, isDeep, isUsedOnce, keepsValues, substitute } from './substitute.ts'

const fused = new WeakMap<CubeNode, CubeNode>()

/** The same cube, made from fewer nodes. Fusing twice changes nothing. */
export function fuse(root: CubeNode): CubeNode {
  const known = fused.get(root)
  if (known !== undefined) return known
  const result = fuseCells(narrowSources(fuseCells(root)))
  fused.set(root, result)
  fused.set(result, result)
  return result
}

/** How many nodes take each node as an input. */
function consumerCounts(root: CubeNode): Map<CubeNode, number> {
  const counts = new Map<CubeNode, number>()
  for (const node of consumersFirst(root))
    for (const input of new Set(node.inputs)) counts.set(input, (counts.get(input) ?? 0) + 1)
  return counts
}

/** The graph with every node replaced, inputs first. */
export function rewrite(root: CubeNode, change: (node: CubeNode, original: CubeNode) => CubeNode): CubeNode {
  const done = new Map<CubeNode, CubeNode>()
  for (const node of [...consumersFirst(root)].reverse())
    done.set(
      node,
      change(
        withInputs(
          node,
          node.inputs.map((input) => done.get(input)!),
        ),
        node,
      ),
    )
  return done.get(root)!
}

export function withInputs<Node extends CubeNode>(node: Node, inputs: readonly CubeNode[]): Node {
  return inputs.every((input, i) => input === node.inputs[i]) ? node : { ...node, inputs }
}

function fuseCells(root: CubeNode): CubeNode {
  const counts = consumerCounts(root)
  return rewrite(root, (node, original) => {
    if (node.kind !== 'cells') return node
    const isShared = original.inputs.map((input) => counts.get(input)! > 1)
    return simplified(inlined(node, isShared))
  })
}

function isInlined(node: CellNode, i: number, isShared: boolean): boolean {
  const input = node.inputs[i]!
  if (input.kind !== 'cells' || !keepsValues(input)) return false
  return isCheap(input.cell) || (!isShared && isUsedOnce(node, i) && !isDeep(node.cell, input.cell))
}

function inlined(node: CellNode, isShared: readonly boolean[]): CellNode {
  const inputs: CubeNode[] = []
  const place = (input: CubeNode): number => {
    const at = inputs.indexOf(input)
    return at < 0 ? inputs.push(input) - 1 : at
  }
  const cells = node.inputs.map((input, i): Cell => {
    if (!isInlined(node, i, isShared[i]!)) return { kind: 'input', input: place(input) }
    const { cell, inputs: below } = input as CellNode
    const places = below.map(place)
    return substitute(cell, (k) => ({ kind: 'input', input: places[k]! }))
  })
  const isSame = inputs.length === node.inputs.length && inputs.every((input, i) => input === node.inputs[i])
  if (isSame && cells.every((cell, i) => cell.kind === 'input' && cell.input === i)) return node
  return { ...node, inputs, cell: substitute(node.cell, (i) => cells[i]!) }
}

/** With its cell simplified and without the inputs that it no longer reads. */
export function simplified(node: CellNode): CellNode {
  const simplifier = new Simplifier(node.inputs.map((input) => input.schema))
  const cell = simplifier.simplify(node.cell)
  const used: number[] = []
  const kept = substitute(cell, (input) => {
    const at = used.indexOf(input)
    return { kind: 'input', input: at < 0 ? used.push(input) - 1 : at }
  })
  const isSame = used.length === node.inputs.length && used.every((input, i) => input === i)
  if (isSame) return cell === node.cell ? node : { ...node, cell }
  return { ...node, cell: kept, inputs: used.map((input) => node.inputs[input]!) }
}
