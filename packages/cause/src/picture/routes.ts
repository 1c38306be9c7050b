/** How much each edge bends, so that it runs behind no other node and over no other edge of its pair. */
import type { Edge } from './edges.ts'
import { curve, type Point } from './geometry.ts'

/** Lagged links bend, so that both directions and the contemporaneous one between them can be seen. */
const LAGGED = [0.13, -0.13, 0.22, -0.22, 0.32, -0.32, 0.06, -0.06]
const CONTEMPORANEOUS = [0, 0.1, -0.1, 0.2, -0.2, 0.3, -0.3]

/** Beyond so many comparisons of edges and nodes, edges are as dense as can be and take the first bend. */
const MOST = 100_000

export function bendsOf(edges: readonly Edge[], points: readonly Point[], radius: number): number[] {
  const taken = new Map<string, number[]>()
  const isDense = edges.length * points.length > MOST
  return edges.map(({ from, to, lags }) => {
    const wished = lags[0] === 0 ? CONTEMPORANEOUS : LAGGED
    const key = `${Math.min(from, to)},${Math.max(from, to)}`
    // The same curve run backward bends to its other side.
    const sign = from < to ? 1 : -1
    const used = taken.get(key) ?? []
    const free = wished.filter((bend) => used.every((other) => Math.abs(other - sign * bend) > 0.05))
    const isClear = (bend: number): boolean => {
      const line = curve(points[from]!, points[to]!, bend)
      return points.every(
        ([x, y], node) =>
          node === from || node === to || line.every((at) => Math.hypot(at[0] - x, at[1] - y) > radius + 6),
      )
    }
    const bend = (isDense ? undefined : free.find(isClear)) ?? free[0] ?? wished[0]!
    taken.set(key, [...used, sign * bend])
    return bend
  })
}
