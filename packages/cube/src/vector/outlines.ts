/**
 * Outlines of raster regions along pixel edges. Walks with the region on its right; where a region touches itself at a
 * corner the walk is cut into simple loops, so that every ring is valid. Pixel coordinates only.
 */
import { type ClassArray, IntList } from './regions.ts'

/** Closed loops without their last vertex, one after the other. */
export interface Loops {
  /** x, y of every vertex in pixels. */
  readonly points: IntList
  /** First vertex of a loop; the next loop's first vertex ends it. */
  readonly starts: IntList
  /** Region that a loop bounds. */
  readonly regions: IntList
  /** 1 for a shell, 0 for a hole. */
  readonly shells: IntList
}

// Steps east, south, west, north; the pixel right of a step from (x, y) lies at (x + right.x, y + right.y).
const STEP_X = [1, 0, -1, 0]
const STEP_Y = [0, 1, 0, -1]
const RIGHT_X = [0, -1, -1, 0]
const RIGHT_Y = [0, 0, -1, -1]
const LEFT_X = [0, 0, -1, -1]
const LEFT_Y = [-1, 0, 0, -1]

export class Outliner {
  readonly loops: Loops = {
    points: new IntList(),
    starts: new IntList(),
    regions: new IntList(),
    shells: new IntList(),
  }
  private readonly seen: Uint8Array
  private readonly path = new IntList()
  /** Corners where the present walk may meet itself again: vertex → its place in `path`. */
  private readonly corners = new Map<number, number>()
  private readonly classes: ClassArray
  private readonly width: number
  private readonly height: number

  constructor(classes: ClassArray, width: number, height: number) {
    this.classes = classes
    this.width = width
    this.height = height
    this.seen = new Uint8Array(Math.ceil((width * height) / 8))
  }

  /** Whether the upper edge of a pixel bounds its region and has not been walked along. */
  isOpen(column: number, row: number): boolean {
    const at = row * this.width + column
    if (row > 0 && this.classes[at] === this.classes[at - this.width]) return false
    return (this.seen[at >> 3]! & (1 << (at & 7))) === 0
  }

  private holds(column: number, row: number, value: number): boolean {
    return (
      column >= 0 &&
      row >= 0 &&
      column < this.width &&
      row < this.height &&
      this.classes[row * this.width + column] === value
    )
  }

  /** Walks around from the upper edge of a pixel and adds the loops found. */
  trace(column: number, row: number, region: number): void {
    const value = this.classes[row * this.width + column]!
    const { path, corners } = this
    path.length = 0
    corners.clear()
    this.turnAt(column, row, region, true)
    let [x, y, direction] = [column, row, 0]
    for (;;) {
      if (direction === 0) {
        const at = y * this.width + x
        this.seen[at >> 3]! |= 1 << (at & 7)
      }
      x += STEP_X[direction]!
      y += STEP_Y[direction]!
      const left = this.holds(x + LEFT_X[direction]!, y + LEFT_Y[direction]!, value)
      const right = this.holds(x + RIGHT_X[direction]!, y + RIGHT_Y[direction]!, value)
      if (right && !left) continue
      direction = (direction + (right ? 3 : 1)) & 3
      if (x === column && y === row && direction === 0) break
      this.turnAt(x, y, region, left && !right)
    }
    this.close(0, region)
  }

  /** Adds a vertex; at a corner met before, what lies between is a loop of its own. */
  private turnAt(x: number, y: number, region: number, touches: boolean): void {
    const { path, corners } = this
    if (touches) {
      const key = y * (this.width + 1) + x
      const before = corners.get(key)
      if (before !== undefined) {
        this.close(before, region)
        path.length = before + 2
        return
      }
      corners.set(key, path.length)
    }
    path.push(x)
    path.push(y)
  }

  /** Makes a loop of the path from a place on. */
  private close(from: number, region: number): void {
    const { path, loops, corners } = this
    if (corners.size > 0 && from > 0) for (const [key, at] of corners) if (at > from) corners.delete(key)
    loops.starts.push(loops.points.length / 2)
    loops.regions.push(region)
    let twice = 0
    const points = path.data
    for (let i = from; i < path.length; i += 2) {
      const next = i + 2 < path.length ? i + 2 : from
      twice += points[i]! * points[next + 1]! - points[next]! * points[i + 1]!
      loops.points.push(points[i]!)
      loops.points.push(points[i + 1]!)
    }
    loops.shells.push(twice > 0 ? 1 : 0)
  }
}
