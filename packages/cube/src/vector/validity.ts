/**
 * Finding polygons whose edges cross, and mending them. A ring that merely touches itself at a vertex is left as it is:
 * its area is not in doubt. Whatever a crossing ring winds around stays inside (non-zero rule), holes stay holes.
 */
import { InputError } from '@ecotope/core'
import type { MultiPolygon, Polygon, Position } from '../types.ts'
import { cross, geometryOf, partsOf, type Ring, type Rings, ringContains, ringsBounds } from './rings.ts'

/** An edge of a ring: indices of its ring and of its first vertex. */
interface Edge {
  readonly a: Position
  readonly b: Position
  readonly ring: number
  readonly index: number
  readonly count: number
  readonly west: number
  readonly east: number
}

const same = (a: Position, b: Position): boolean => a[0] === b[0] && a[1] === b[1]

/** The ring without repeated neighbours and without its closing vertex. */
function openRing(ring: Ring): Position[] {
  const out: Position[] = []
  for (const position of ring) {
    const last = out[out.length - 1]
    if (last === undefined || !same(last, position)) out.push(position)
  }
  while (out.length > 1 && same(out[0]!, out[out.length - 1]!)) out.pop()
  return out
}

function edgesOf(rings: Iterable<Ring>): Edge[] {
  const edges: Edge[] = []
  let number = 0
  for (const ring of rings) {
    const open = openRing(ring)
    for (let i = 0; i < open.length; i++) {
      const a = open[i]!
      const b = open[(i + 1) % open.length]!
      const [west, east] = a[0]! < b[0]! ? [a[0]!, b[0]!] : [b[0]!, a[0]!]
      edges.push({ a, b, ring: number, index: i, count: open.length, west, east })
    }
    number++
  }
  return edges
}

// Rounding of `cross` is below this share of the products' size (Shewchuk 1997, eq. for the static filter).
const FILTER = 3.4e-16

/** The side of c from a → b, as -1, 0 or 1; 0 also where rounding leaves it open. */
function side(a: Position, b: Position, c: Position): number {
  const left = (b[0]! - a[0]!) * (c[1]! - a[1]!)
  const right = (b[1]! - a[1]!) * (c[0]! - a[0]!)
  const d = left - right
  return Math.abs(d) > FILTER * (Math.abs(left) + Math.abs(right)) ? Math.sign(d) : 0
}

/** Where two edges cross in their interiors, or undefined. */
function properCrossing(e: Edge, f: Edge): Position | undefined {
  if (side(e.a, e.b, f.a) * side(e.a, e.b, f.b) !== -1) return undefined
  if (side(f.a, f.b, e.a) * side(f.a, f.b, e.b) !== -1) return undefined
  const p = cross(f.a, f.b, e.a)
  const t = p / (p - cross(f.a, f.b, e.b))
  return [e.a[0]! + t * (e.b[0]! - e.a[0]!), e.a[1]! + t * (e.b[1]! - e.a[1]!)]
}

const neighbours = (e: Edge, f: Edge): boolean => {
  const distance = Math.abs(e.index - f.index)
  return e.ring === f.ring && (distance <= 1 || distance === e.count - 1)
}

/** Sweeps over x and reports the first crossing of two edges. */
function crossingOfEdges(edges: readonly Edge[]): Position | undefined {
  const sorted = [...edges].sort((e, f) => e.west - f.west)
  const active: Edge[] = []
  for (const e of sorted) {
    const low = Math.min(e.a[1]!, e.b[1]!)
    const high = Math.max(e.a[1]!, e.b[1]!)
    let kept = 0
    for (const f of active) {
      if (f.east < e.west) continue
      active[kept++] = f
      if ((f.a[1]! < low && f.b[1]! < low) || (f.a[1]! > high && f.b[1]! > high) || neighbours(e, f)) continue
      const at = properCrossing(e, f)
      if (at !== undefined) return at
    }
    active.length = kept
    active.push(e)
  }
  return undefined
}

/** Direction of p → q as an angle. */
const bearing = (p: Position, q: Position): number => Math.atan2(q[1]! - p[1]!, q[0]! - p[0]!)

/** Whether two passages through one vertex change sides: their ends alternate around it. */
function alternate(p: Position, ends: readonly [Position, Position], others: readonly [Position, Position]): boolean {
  const start = bearing(p, ends[0])
  const turn = (q: Position): number => (bearing(p, q) - start + 4 * Math.PI) % (2 * Math.PI)
  const span = turn(ends[1])
  const [u, v] = [turn(others[0]), turn(others[1])]
  if (u === 0 || v === 0 || u === span || v === span) return false
  return u < span !== v < span
}

/** The first vertex where a ring passes through itself or another ring. */
function crossingAtVertex(rings: Iterable<Ring>): Position | undefined {
  const passages = new Map<string, [Position, Position][]>()
  for (const ring of rings) {
    const open = openRing(ring)
    for (let i = 0; i < open.length; i++) {
      const p = open[i]!
      const key = `${p[0]} ${p[1]}`
      const ends: [Position, Position] = [open[(i + open.length - 1) % open.length]!, open[(i + 1) % open.length]!]
      const list = passages.get(key)
      if (list === undefined) passages.set(key, [ends])
      else {
        if (list.some((other) => alternate(p, other, ends))) return p
        list.push(ends)
      }
    }
  }
  return undefined
}

/** A point where one part of a multipolygon lies inside another, or a hole outside its shell. */
function misplacedRing(parts: readonly Rings[]): Position | undefined {
  for (const rings of parts) {
    const shell = rings[0]!
    const [west, south, east, north] = ringsBounds([shell])
    for (const hole of rings.slice(1)) {
      const out = hole.find((p) => p[0]! < west || p[0]! > east || p[1]! < south || p[1]! > north)
      if (out !== undefined) return out
    }
  }
  const bounds = parts.map((rings) => ringsBounds(rings.slice(0, 1)))
  for (let i = 0; i < parts.length; i++) {
    for (let j = 0; j < parts.length; j++) {
      const [a, b] = [bounds[i]!, bounds[j]!]
      if (i === j || a[0] <= b[0] || a[1] <= b[1] || a[2] >= b[2] || a[3] >= b[3]) continue
      const [x, y] = parts[i]![0]![0] as [number, number]
      if (parts[j]!.reduce((inside, ring) => inside !== ringContains(ring, x, y), false)) return [x, y]
    }
  }
  return undefined
}

/** A place where the geometry is not valid (edges cross, parts overlap, a hole lies outside), or undefined. */
export function invalidAt(geometry: Polygon | MultiPolygon): Position | undefined {
  const parts = partsOf(geometry)
  const rings = parts.flat()
  return crossingOfEdges(edgesOf(rings)) ?? crossingAtVertex(rings) ?? misplacedRing(parts)
}

// Vertices of a geometry under repair lie on a lattice of 2^-LATTICE of its extent (0.01 mm for 10 km), so that the exact
// arithmetic of the clipper meets no digits that nobody measured.
const LATTICE = 30

function onLattice(parts: readonly Rings[]): [number, number][][][] {
  const [west, south, east, north] = ringsBounds(parts.flat())
  const step = 2 ** (Math.ceil(Math.log2(Math.max(east - west, north - south, Number.MIN_VALUE))) - LATTICE)
  const snap = (value: number): number => Math.round(value / step) * step
  return parts.map((rings) => rings.map((ring) => ring.map((p): [number, number] => [snap(p[0]!), snap(p[1]!)])))
}

/**
 * The geometry with crossings resolved: everything its shells wind around, less its holes. Coordinates beyond x and y
 * are dropped, the others rounded to 1e-9 of the extent. Undefined when nothing with an area is left. Throws InputError
 * `InvalidGeometry` where it cannot be mended.
 */
export async function repair(geometry: Polygon | MultiPolygon): Promise<Polygon | MultiPolygon | undefined> {
  const [west, south, east, north] = ringsBounds(partsOf(geometry).flat())
  // A point or an upright line: the lattice would have no step.
  if (!(east > west && north > south)) return undefined
  // Loaded only when a polygon needs mending.
  const { union } = await import('polyclip-ts')
  const parts = onLattice(partsOf(geometry))
  if (parts.length === 0) return undefined
  for (const [k, turned] of TURNS.entries()) {
    try {
      const [first, ...rest] = mapped(parts, turned)
      const mended = mapped(union(first!, ...rest), turned)
      return mended.length === 0 ? undefined : geometryOf(mended)
    } catch (cause) {
      if (k === TURNS.length - 1) throw notMended(cause)
    }
  }
  return undefined
}

type Point = [number, number]

/**
 * Where many edges meet near one point, the clipper loses its way about once in 600 rings, as its sweep line goes from
 * left to right; seen from elsewhere it finds it. Each undoes itself, and all but the
 * first turn rings around.
 */
const TURNS: readonly ((p: Point) => Point)[] = [
  (p) => p,
  ([x, y]) => [-x, y],
  ([x, y]) => [y, x],
  ([x, y]) => [-y, -x],
]

const mapped = (parts: Point[][][], change: (p: Point) => Point): Point[][][] =>
  parts.map((rings) => rings.map((ring) => (change === TURNS[0] ? ring : ring.map(change).reverse())))

const notMended = (cause: unknown): InputError =>
  new InputError('InvalidGeometry', 'a polygon crosses itself so often at one place that it cannot be mended', {
    hint: 'simplify it, or mend it in a GIS',
    cause,
  })
