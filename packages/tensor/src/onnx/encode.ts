/** An `OnnxGraph` as the bytes of an ONNX `ModelProto` (IR version 8). Field numbers are those of onnx.proto3. */

import {
  type Attribute,
  type Domain,
  elementType,
  type Initialiser,
  type OnnxGraph,
  type OnnxNode,
  type Value,
} from './graph.ts'
import { Writer } from './writer.ts'

const IR_VERSION = 8

const AttributeType = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const

export interface EncodeOptions {
  readonly opset: number
  /** Key-value pairs of `ModelProto.metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Names for dimensions that may vary: `dynamic[value name][axis]`. */
  readonly dynamic?: Readonly<Record<string, Readonly<Record<number, string>>>>
  readonly graphName?: string
}

function writeAttribute(w: Writer, name: string, attribute: Attribute): void {
  w.string(1, name)
  if (typeof attribute === 'number') {
    w.integer(3, attribute)
    w.integer(20, AttributeType.int)
  } else if (typeof attribute === 'string') {
    w.string(4, attribute)
    w.integer(20, AttributeType.string)
  } else if ('float' in attribute) {
    w.float(2, attribute.float)
    w.integer(20, AttributeType.float)
  } else if ('graph' in attribute) {
    w.message(6, () => writeGraph(w, attribute.graph, { graphName: name }))
    w.integer(20, AttributeType.graph)
  } else {
    for (const item of attribute) w.integer(8, item)
    w.integer(20, AttributeType.ints)
  }
}

function writeNode(w: Writer, node: OnnxNode, index: number): void {
  for (const input of node.inputs) w.string(1, input)
  for (const output of node.outputs) w.string(2, output)
  w.string(3, node.scope === '' ? `${node.op}.${index}` : `${node.scope}/${node.op}.${index}`)
  w.string(4, node.op)
  for (const [name, attribute] of Object.entries(node.attributes)) {
    w.message(5, () => writeAttribute(w, name, attribute))
  }
  if (node.domain !== '') w.string(7, node.domain)
}

function writeInitialiser(w: Writer, { value, data }: Initialiser): void {
  for (const extent of value.shape) w.integer(1, extent)
  w.integer(2, elementType[value.type])
  w.string(8, value.name)
  w.raw(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
}

function writeDimension(w: Writer, extent: number, name: string | undefined): void {
  if (name === undefined) w.integer(1, extent)
  else w.string(2, name)
}

function writeValueInfo(w: Writer, value: Value, dynamic: Readonly<Record<number, string>> | undefined): void {
  w.string(1, value.name)
  w.message(2, () => {
    w.message(1, () => {
      w.integer(1, elementType[value.type])
      w.message(2, () => {
        value.shape.forEach((extent, axis) => {
          w.message(1, () => writeDimension(w, extent, dynamic?.[axis]))
        })
      })
    })
  })
}

function writeGraph(w: Writer, graph: OnnxGraph, options: Omit<EncodeOptions, 'opset'>): void {
  graph.nodes.forEach((node, index) => {
    w.message(1, () => writeNode(w, node, index))
  })
  w.string(2, options.graphName ?? 'ecotope')
  for (const initialiser of graph.initialisers) w.message(5, () => writeInitialiser(w, initialiser))
  for (const value of graph.inputs) w.message(11, () => writeValueInfo(w, value, options.dynamic?.[value.name]))
  for (const value of graph.outputs) w.message(12, () => writeValueInfo(w, value, options.dynamic?.[value.name]))
}

/** Domains of a graph's operators, with those of its sub-graphs. */
function domainsOf({ nodes }: OnnxGraph): Domain[] {
  return nodes.flatMap(({ domain, attributes }) => [
    domain,
    ...Object.values(attributes).flatMap((a) => (typeof a === 'object' && 'graph' in a ? domainsOf(a.graph) : [])),
  ])
}

/** The model's bytes. Domains are declared only where a node uses them. */
export function encodeModel(graph: OnnxGraph, options: EncodeOptions): Uint8Array<ArrayBuffer> {
  const constants = graph.initialisers.reduce((sum, { data }) => sum + data.byteLength, 0)
  const w = new Writer(constants + 256 * graph.nodes.length + 4096)
  w.integer(1, IR_VERSION)
  w.string(2, 'ecotope')
  w.message(7, () => writeGraph(w, graph, options))
  const domains = new Set([...domainsOf(graph), ''])
  for (const domain of domains) {
    w.message(8, () => {
      w.string(1, domain)
      w.integer(2, domain === '' ? options.opset : 1)
    })
  }
  for (const [key, value] of Object.entries(options.metadata ?? {})) {
    w.message(14, () => {
      w.string(1, key)
      w.string(2, value)
    })
  }
  return w.bytes
}
