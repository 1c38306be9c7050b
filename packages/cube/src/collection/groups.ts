/**
 * Which images of a layer are one track: images on one lattice with one packing, which are put together as they are
 * stored. Where the order of images counts, the order of the tracks keeps it.
 */
import { gridBounds, transformBounds } from '../grid.ts'
import { samePacking } from '../model/packing.ts'
import type { Bounds, Grid } from '../types.ts'
import { turnsOf } from '../warp/turns.ts'
import type { Placed, Slot } from './assembly.ts'
import { joinGrids, lattices, offsetIn } from './lattice.ts'
import type { Piece } from './types.ts'

export interface Group {
  /** The grid of the result where all lie on its lattice, else the joined grid of the images. */
  readonly target: Grid
  readonly members: ReadonlySet<Piece>
}

/** Pieces that can be put together as they are stored, whatever lies between them. */
export function groupsOf(pieces: readonly Piece[], grid: Grid): Group[] {
  const isDirect = (own: Grid): boolean => offsetIn(grid, own) !== undefined && turnsOf(grid, own) === undefined
  const direct = pieces.filter((piece) => isDirect(piece.grid))
  const others = pieces.filter((piece) => !direct.includes(piece))
  const found = lattices(others.map((piece) => piece.grid)).map((indices) => indices.map((i) => others[i]!))
  const groups = [
    ...(direct.length === 0 ? [] : [{ target: grid, all: direct }]),
    ...found.map((all) => ({ target: joinGrids(all.map((piece) => piece.grid)), all })),
  ]
  return groups.flatMap(({ target, all }) => byPacking(all).map((members) => ({ target, members: new Set(members) })))
}

function byPacking(pieces: readonly Piece[]): Piece[][] {
  const groups: Piece[][] = []
  for (const piece of pieces) {
    const group = groups.find(([first]) => samePacking(first!.packing, piece.packing))
    if (group === undefined) groups.push([piece])
    else group.push(piece)
  }
  return groups
}

/**
 * The same in an order in which no image comes before one that it may lie upon and that comes earlier at some date, so
 * that the first (or last) track with a value has the first (or last) image with one. Groups are split where need be.
 * `pieces` are in the order that the lists of all dates have.
 */
export function inOrder(
  groups: readonly Group[],
  pieces: readonly Piece[],
  images: readonly (readonly Piece[])[],
  grid: Grid,
): readonly Group[] {
  if (groups.length < 2) return groups
  const earlier = earlierOf(images, overlapIn(grid))
  const split: { of: Group; members: Set<Piece> }[] = []
  const trackOf = new Map<Piece, number>()
  for (const piece of pieces) {
    const of = groups.find(({ members }) => members.has(piece))!
    const least = Math.max(0, ...(earlier.get(piece) ?? []).map((other) => trackOf.get(other)!))
    const found = split.findIndex((track, k) => k >= least && track.of === of)
    const at = found < 0 ? split.push({ of, members: new Set() }) - 1 : found
    split[at]!.members.add(piece)
    trackOf.set(piece, at)
  }
  return split.map(({ of, members }) => ({
    target: of.target === grid ? grid : joinGrids([...members].map((piece) => piece.grid)),
    members,
  }))
}

/** For each image those before it, at some date, that it may overlap. */
function earlierOf(
  images: readonly (readonly Piece[])[],
  overlap: (a: Piece, b: Piece) => boolean,
): Map<Piece, Piece[]> {
  const found = new Map<Piece, Piece[]>()
  for (const list of images) {
    for (const [i, piece] of list.entries()) {
      const before = list.slice(0, i).filter((other) => overlap(piece, other))
      found.set(piece, [...(found.get(piece) ?? []), ...before])
    }
  }
  return found
}

/** Whether the boxes of two images in the system of the grid meet; they may where a box cannot be told. */
function overlapIn({ crs }: Grid): (a: Piece, b: Piece) => boolean {
  const boxes = new Map<Grid, Bounds | undefined>()
  const boxOf = (grid: Grid): Bounds | undefined => {
    if (!boxes.has(grid)) boxes.set(grid, boundsIn(grid, crs))
    return boxes.get(grid)
  }
  const turns = crs.isGeographic ? [-360, 0, 360] : [0]
  return (a, b) => {
    const [one, other] = [boxOf(a.grid), boxOf(b.grid)]
    return one === undefined || other === undefined || turns.some((turn) => meet(one, other, turn))
  }
}

function boundsIn(grid: Grid, crs: Grid['crs']): Bounds | undefined {
  try {
    return transformBounds(gridBounds(grid), grid.crs, crs)
  } catch {
    return undefined
  }
}

const meet = ([w, s, e, n]: Bounds, [w2, s2, e2, n2]: Bounds, turn: number): boolean =>
  w + turn < e2 && w2 < e + turn && s < n2 && s2 < n

/** Slots without images upon each other, so that all of them count: as few as the images allow. */
export function byDepth(slots: readonly Slot[]): Slot[][] {
  const layers = slots.map(spread)
  const depth = Math.max(0, ...layers.map((list) => list.length))
  return Array.from({ length: depth }, (_, k) => layers.map((list) => list[k] ?? []))
}

/** Images in layers: each in the first where it meets none. */
function spread(slot: Slot): Placed[][] {
  const layers: Placed[][] = []
  for (const one of slot) {
    const layer = layers.find((list) => !list.some((other) => onEachOther(one, other)))
    if (layer === undefined) layers.push([one])
    else layer.push(one)
  }
  return layers
}

function onEachOther({ piece: a, offset: p }: Placed, { piece: b, offset: q }: Placed): boolean {
  return (
    p.column < q.column + b.grid.width &&
    q.column < p.column + a.grid.width &&
    p.row < q.row + b.grid.height &&
    q.row < p.row + a.grid.height
  )
}
