/** fit_curve along a dimension of a cube, for all its rows at once, with a compiled model. */
import type { Packing } from '../../model/block.ts'
import { type CubeNode, type CubeSchema, dimensionIndex } from '../../model/node.ts'
import type { Callback } from '../row.ts'
import { type ColumnLoop, columnsNode } from './columns.ts'
import { type Evaluator, fitCurve, modelOf, xOfLabel } from './curves.ts'
import type { Label } from './labels.ts'
import { linearFit } from './linear-fit.ts'

/** A callback that is one fit_curve of the whole row: its initial values and its model. */
function fitIn(process: Callback) {
  const nodes = Object.values(process.graph)
  const [only] = nodes
  if (nodes.length !== 1 || only?.process_id !== 'fit_curve') return undefined
  const args = only.arguments as {
    data?: { from_parameter?: string }
    parameters?: unknown
    function?: { process_graph?: Callback['graph'] }
    ignore_nodata?: boolean
  }
  const initial = args.parameters
  const isPlain = Array.isArray(initial) && initial.every((value) => typeof value === 'number')
  const graph = args.function?.process_graph
  if (args.data?.from_parameter !== 'data' || !isPlain || graph === undefined) return undefined
  if (args.ignore_nodata === false) return undefined
  return { initial: initial as number[], graph }
}

/**
 * The node of an apply_dimension whose callback is a single fit_curve with a model that compiles; undefined of any
 * other callback, which is interpreted.
 */
export function curveNode(
  node: CubeNode,
  process: Callback,
  source: string,
  target: string,
  schemaFor: (length: number) => CubeSchema & { readonly packing: Packing },
): CubeNode | undefined {
  const found = fitIn(process)
  if (found === undefined) return undefined
  const model = modelOf({ graph: found.graph }, found.initial.length)
  if (model === undefined) return undefined
  const labels = node.schema.dims[dimensionIndex(node.schema, source)]!.labels as readonly Label[]
  const xs = labels.map(xOfLabel)
  return columnsNode({
    label: 'fit_curve',
    inputs: [node],
    dim: source,
    target,
    schema: schemaFor(found.initial.length),
    loop: () => fitLoop(model(xs), xs.length, found.initial),
  })
}

/** Fits column by column. Infinite values are left out as missing ones are. */
function fitLoop(model: Evaluator, length: number, initial: readonly number[]): ColumnLoop {
  const n = initial.length
  const fast = model.isLinear ? linearFit(model, n) : undefined
  const ys = new Float64Array(length)
  return ([values], count, result) => {
    for (let c = 0; c < count; c++) {
      let known = 0
      for (let i = 0; i < length; i++) {
        const value = values![c * length + i]!
        ys[i] = Number.isFinite(value) ? value : Number.NaN
        known += Number(Number.isFinite(value))
      }
      if (known >= n && fast?.(ys, 0, result, c * n)) continue
      result.set(fitCurve(model, ys, initial), c * n)
    }
  }
}
