/** Discoveries as plain data, for the way between threads. Not a file format: see `discoveryJson` for that. */
import { type Discovery, type Link, LinkGraph } from './graph.ts'
import { LagArray } from './lag-array.ts'

/** A discovery whose arrays are bare: it survives `structuredClone`. */
export type PackedDiscovery = Omit<Discovery, 'graph' | 'values' | 'pValues' | 'qValues' | 'intervals'> & {
  readonly links: readonly Link[]
  readonly values: Float64Array
  readonly pValues: Float64Array
  readonly qValues?: Float64Array
  readonly intervals?: { readonly lower: Float64Array; readonly upper: Float64Array }
}

export function packDiscovery({ graph, values, pValues, qValues, intervals, ...rest }: Discovery): PackedDiscovery {
  return {
    ...rest,
    links: graph.links,
    values: values.data,
    pValues: pValues.data,
    ...(qValues && { qValues: qValues.data }),
    ...(intervals && { intervals: { lower: intervals.lower.data, upper: intervals.upper.data } }),
  }
}

export function unpackDiscovery({ links, values, pValues, qValues, intervals, ...rest }: PackedDiscovery): Discovery {
  const array = (data: Float64Array): LagArray => {
    const made = new LagArray(rest.variables.length, rest.tauMax)
    made.data.set(data)
    return made
  }
  return {
    ...rest,
    graph: new LinkGraph(rest.variables.length, rest.tauMax, links),
    values: array(values),
    pValues: array(pValues),
    ...(qValues && { qValues: array(qValues) }),
    ...(intervals && { intervals: { lower: array(intervals.lower), upper: array(intervals.upper) } }),
  }
}
