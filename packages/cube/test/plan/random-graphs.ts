/** Made-up graphs of nodes for property tests: everything that processes build, over small sources. */
import fc from 'fast-check'
import type { Cell, Reducer } from '../../src/cells/cell.ts'
import { FLOAT64, type Packing } from '../../src/model/block.ts'
import type { CellNode, CubeNode } from '../../src/model/node.ts'
import { cutSchema, withDims } from '../../src/process/cubes/labels.ts'
import { concatNode } from '../../src/process/cubes/nodes.ts'
import { boxSum, fakeSource, other, runningSum } from './fakes.ts'

const UINT16: Packing = { dtype: 'uint16', nodata: 0, scale: 0.5, offset: -3 }
const input = (i: number): Cell => ({ kind: 'input', input: i })
const call = (operation: string, ...args: readonly Cell[]): Cell => ({ kind: 'call', operation, args })

/** Choices are numbers in [0, 1): fast-check shrinks them, and a graph depends on them alone. */
type Choose = (n: number) => number

const REDUCERS: readonly Reducer[] = ['sum', 'mean', 'min', 'max', 'countValid', 'median', 'variance', 'first', 'last']

function sources(choose: Choose): CubeNode[] {
  const chunk = () => 1 + choose(4)
  const t = fakeSource({ t: 5, b: 3, y: 6, x: 7 }, [1, 1, chunk(), chunk()], { packing: UINT16 })
  const s = fakeSource({ t: 5, b: 3, y: 6, x: 7 }, [chunk(), 3, chunk(), chunk()], {
    packing: FLOAT64,
    narrows: false,
    value: (i) => (i % 11 === 0 ? Number.NaN : (i * 31) % 17),
  })
  return [t.node, s.node]
}

const floats = (dims: CubeNode['schema']['dims'], like: CubeNode) => ({
  ...withDims(like.schema, dims),
  packing: FLOAT64,
})

const has = (node: CubeNode, name: string) => node.schema.dims.some((dim) => dim.name === name)
const lengthOf = (node: CubeNode, name: string) => node.schema.dims.find((dim) => dim.name === name)?.labels.length ?? 0
const sides = (node: CubeNode) => node.schema.dims.map(({ name, labels }) => `${name}${labels.length}`).join()

function arithmetic(node: CubeNode, partner: CubeNode, choose: Choose): CubeNode {
  const operation = ['add', 'multiply', 'subtract'][choose(3)]!
  const isFit = partner.schema.dims.every(({ name, labels }) => lengthOf(node, name) === labels.length)
  const right = isFit && choose(2) === 0 ? input(1) : ({ kind: 'constant', value: 1 + choose(3) } as const)
  const cell = call(operation, call('multiply', input(0), { kind: 'constant', value: 0.5 }), right)
  return { kind: 'cells', label: operation, inputs: [node, partner], cell, schema: floats(node.schema.dims, node) }
}

function reduction(node: CubeNode, choose: Choose): CubeNode {
  const dims = node.schema.dims.filter(({ name }) => name === 't' || name === 'b' || name === 'u')
  if (dims.length === 0) return node
  const { name: dim, labels } = dims[choose(dims.length)]!
  const reducer = REDUCERS[choose(REDUCERS.length)]!
  const base = { kind: 'reduce', reducer, dim, length: labels.length, of: input(0) } as const
  const options = choose(3) === 0 ? { ignoreNodata: false } : {}
  if (choose(2) === 0) {
    const rest = node.schema.dims.filter(({ name }) => name !== dim)
    const cell: Cell = { ...base, ...options }
    return { kind: 'cells', label: reducer, inputs: [node], cell, schema: floats(rest, node) }
  }
  const groups = [
    labels.map((_, i) => i).filter((i) => i % 2 === 0),
    labels.map((_, i) => i).filter((i) => i % 2 === 1),
  ]
  const grouped = node.schema.dims.map((dimension) => (dimension.name === dim ? other(dim, 2) : dimension))
  const cell: Cell = { ...base, ...options, groups }
  return { kind: 'cells', label: `${reducer} by`, inputs: [node], cell, schema: floats(grouped, node) }
}

function selection(node: CubeNode, choose: Choose): CubeNode {
  const names = node.schema.dims.map(({ name }) => name).filter((name) => name !== 'y' && name !== 'x')
  if (names.length === 0) return node
  const dim = names[choose(names.length)]!
  const [d, n] = [node.schema.dims.findIndex(({ name }) => name === dim), lengthOf(node, dim)]
  const base = { kind: 'cells', label: 'select', inputs: [node] } as const
  if (choose(2) === 0) {
    const cell: Cell = { kind: 'at', dim, index: choose(n), of: input(0) }
    const rest = node.schema.dims.filter((_, k) => k !== d)
    return { ...base, cell, schema: { ...withDims(node.schema, rest), packing: node.schema.packing } }
  }
  const indices = Array.from({ length: 1 + choose(3) }, () => choose(n))
  const cell: Cell = { kind: 'take', dim, indices, of: input(0) }
  const cut = cutSchema(node.schema, d, indices)
  const dims = cut.dims.map((dimension, k) => (k === d ? other(dim, indices.length) : dimension))
  return { ...base, cell, schema: { ...cut, dims } }
}

function renamedNode(node: CubeNode): CubeNode {
  if (!has(node, 't') || has(node, 'u')) return node
  const dims = node.schema.dims.map((dim) => (dim.name === 't' ? other('u', dim.labels.length) : dim))
  const cell: Cell = { kind: 'rename', names: { u: 't' }, of: input(0) }
  return { kind: 'cells', label: 'rename', inputs: [node], cell, schema: { ...node.schema, dims } } as CellNode
}

function joinedNode(node: CubeNode, partner: CubeNode): CubeNode {
  if (sides(node) !== sides(partner) || !has(node, 'b')) return node
  const isAlike = JSON.stringify(node.schema.packing) === JSON.stringify(partner.schema.packing)
  const joined = other('b', 2 * lengthOf(node, 'b'))
  return isAlike ? concatNode([node, partner], 'b', 'concat', joined) : node
}

/** A graph from a list of choices; the last node made is its root. */
export function graphOf(choices: readonly number[]): CubeNode {
  let at = 0
  const choose: Choose = (n) => Math.floor((choices[at++ % choices.length] ?? 0) * n)
  const nodes = sources(choose)
  const pick = () => nodes[nodes.length - 1 - Math.min(nodes.length - 1, choose(3))]!
  const steps = 2 + choose(6)
  for (let i = 0; i < steps; i++) {
    const node = pick()
    const made = [
      () => arithmetic(node, pick(), choose),
      () => arithmetic(node, node, choose),
      () => reduction(node, choose),
      () => selection(node, choose),
      () => renamedNode(node),
      () => joinedNode(node, pick()),
      () => boxSum(node, 1 + choose(2)),
      () => runningSum(node, choose(node.schema.dims.length)),
    ][choose(8)]!()
    if (made !== node) nodes.push(made)
  }
  return nodes.at(-1)!
}

/** Not doubles made up as such: most of them lie next to 0. */
const share = fc.nat({ max: 2 ** 20 - 1 }).map((n) => n / 2 ** 20)
export const choices = fc.array(share, { minLength: 40, maxLength: 60 })

/** boxSum and runningSum read raw cells, so they may only be compared where they stand over floats. */
export function isComparable(root: CubeNode): boolean {
  const visit = (node: CubeNode): boolean => {
    const isRaw = node.kind === 'blocks' && node.concat === undefined
    return node.inputs.every((below) => (!isRaw || below.schema.packing.dtype === 'float64') && visit(below))
  }
  return visit(root)
}
