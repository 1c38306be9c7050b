/** Roads: one along the valley, others winding up to farms by the least effort. Gives distances, paints nothing. */
import type { Random } from '@ecotope/core'
import { Heap, NEIGHBOUR_DISTANCE, NEIGHBOUR_X, NEIGHBOUR_Y } from './drainage.ts'
import type { Ground } from './landcover.ts'
import { PIXEL, type Relief } from './relief.ts'

export interface Roads {
  /** Metres to the nearest road, up to `FARTHEST`. */
  readonly distance: Float32Array<ArrayBuffer>
  /** 1 where that road is paved. */
  readonly paved: Uint8Array<ArrayBuffer>
}

const FARTHEST = 80
// Roads are planned on every second pixel.
const STRIDE = 2
// A grade of 12 % doubles the effort of a metre.
const HARD_GRADE = 0.12

interface Plan {
  readonly n: number
  readonly height: Float32Array
  /** Effort of leaving the present ground alone: slopes and water cost. */
  readonly burden: Float32Array
}

function planOf(relief: Relief, ground: Ground): Plan {
  const n = Math.floor(relief.side / STRIDE)
  const height = new Float32Array(n * n)
  const burden = new Float32Array(n * n)
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      const i = y * STRIDE * relief.side + x * STRIDE
      height[y * n + x] = relief.height[i]!
      const wet = relief.riverDistance[i]! < 22 ? 25 : 0
      burden[y * n + x] = 1 + (ground.slope[i]! / 22) ** 2 + wet
    }
  }
  return { n, height, burden }
}

/** Cheapest ways from the start pixels to everywhere (Dijkstra); each pixel's predecessor. */
function spread({ n, height, burden }: Plan, starts: readonly number[]): Int32Array {
  const cost = new Float64Array(n * n).fill(Number.POSITIVE_INFINITY)
  const from = new Int32Array(n * n).fill(-1)
  const heap = new Heap(n * n * 8)
  for (const start of starts) {
    cost[start] = 0
    heap.push(start, 0)
  }
  const done = new Uint8Array(n * n)
  while (heap.length > 0) {
    const i = heap.pop()
    if (done[i] === 1) continue
    done[i] = 1
    const x = i % n
    const y = (i - x) / n
    for (let k = 0; k < 8; k++) {
      const [nx, ny] = [x + NEIGHBOUR_X[k]!, y + NEIGHBOUR_Y[k]!]
      if (nx < 0 || ny < 0 || nx >= n || ny >= n) continue
      const j = ny * n + nx
      const length = NEIGHBOUR_DISTANCE[k]! * STRIDE * PIXEL
      const grade = Math.abs(height[j]! - height[i]!) / length
      const next = cost[i]! + length * burden[j]! * (1 + (grade / HARD_GRADE) ** 2)
      if (next >= cost[j]!) continue
      cost[j] = next
      from[j] = i
      heap.push(j, next)
    }
  }
  return from
}

function way(from: Int32Array, end: number): number[] {
  const out: number[] = []
  for (let i = end; i >= 0; i = from[i]!) out.push(i)
  return out
}

/** Marks distances around a line of plan pixels, smoothed so that it does not show the lattice. */
function mark(line: readonly number[], n: number, side: number, roads: Roads, paved: boolean): void {
  const at = (k: number): [number, number] => {
    let [x, y, count] = [0, 0, 0]
    for (let d = -4; d <= 4; d++) {
      const i = line[Math.min(line.length - 1, Math.max(0, k + d))]!
      x += (i % n) * STRIDE
      y += Math.floor(i / n) * STRIDE
      count++
    }
    return [x / count, y / count]
  }
  const reach = Math.ceil(FARTHEST / PIXEL)
  for (let k = 0; k < line.length; k++) {
    const [[ax, ay], [bx, by]] = [at(k), at(Math.min(line.length - 1, k + 1))]
    const radius = k % 6 === 0 ? reach : 4
    for (let y = Math.round(ay) - radius; y <= ay + radius; y++) {
      for (let x = Math.round(ax) - radius; x <= ax + radius; x++) {
        if (x < 0 || y < 0 || x >= side || y >= side) continue
        const t = Math.min(
          1,
          Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2 + 1e-9)),
        )
        const d = PIXEL * Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay))
        const i = y * side + x
        if (d >= roads.distance[i]!) continue
        roads.distance[i] = d
        roads.paved[i] = paved ? 1 : 0
      }
    }
  }
}

/** The plan pixel of a column that lies lowest outside the river, for the ends of the valley road. */
function valleyEnd({ n, height, burden }: Plan, x: number): number {
  let best = x
  for (let y = 2; y < n - 2; y++) {
    const i = y * n + x
    if (burden[i]! < 10 && (burden[best]! >= 10 || height[i]! < height[best]!)) best = i
  }
  return best
}

/** One valley road across the scene and farm roads to random places that are not too steep. */
export function roadsOf(random: Random, relief: Relief, ground: Ground): Roads {
  const { side } = relief
  const plan = planOf(relief, ground)
  const { n } = plan
  const roads: Roads = {
    distance: new Float32Array(side * side).fill(FARTHEST),
    paved: new Uint8Array(side * side),
  }
  const main = way(spread(plan, [valleyEnd(plan, 0)]), valleyEnd(plan, n - 1))
  mark(main, n, side, roads, true)
  const from = spread(plan, main)
  const wanted = 3 + Math.round(side / 180)
  for (let made = 0, tries = 0; made < wanted && tries < 2000; tries++) {
    const goal = random.integer(n * n)
    const i = Math.floor(goal / n) * STRIDE * side + (goal % n) * STRIDE
    const above = relief.aboveRiver[i]!
    if (ground.slope[i]! > 16 || above < 60 || above > 320 || roads.distance[i]! < FARTHEST) continue
    mark(way(from, goal), n, side, roads, false)
    made++
  }
  return roads
}
