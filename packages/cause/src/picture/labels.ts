/** Names of nodes: broken into lines, and placed so that they cover neither nodes nor each other. */
import { textWidth } from '@ecotope/cube'
import type { Point } from './geometry.ts'

export const NAME_SIZE = 12
export const LINE_HEIGHT = 14
const WIDEST = 150
const GAP = 6

export interface Label {
  readonly lines: readonly string[]
  readonly anchor: 'start' | 'middle' | 'end'
  /** Of the anchor. */
  readonly x: number
  /** Of the upper edge. */
  readonly y: number
}

/** Lines of whole words, none much wider than `widest` pixels; a longer word has a line of its own. */
export function wrapped(text: string, widest = WIDEST): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/)) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`
    if (lines.length === 0 || textWidth(longer, NAME_SIZE) > widest) lines.push(word)
    else lines[lines.length - 1] = longer
  }
  return lines
}

export const labelHeight = ({ lines }: Pick<Label, 'lines'>): number => LINE_HEIGHT * lines.length

export const labelWidth = ({ lines }: Pick<Label, 'lines'>): number =>
  Math.max(...lines.map((line) => textWidth(line, NAME_SIZE)))

/** Left and right edge. */
export function labelSpan(label: Label): readonly [left: number, right: number] {
  const width = labelWidth(label)
  const left = label.x - { start: 0, middle: 0.5, end: 1 }[label.anchor] * width
  return [left, left + width]
}

/** Beside the nodes of a circle around the origin, outside of it; nodes run clockwise from the top. */
export function labelsAround(names: readonly string[], reach: number, radius: number): Label[] {
  const wished = names.map((name, i): Label & { readonly up: number } => {
    const angle = (2 * Math.PI * i) / names.length
    const [across, up] = [Math.sin(angle), Math.cos(angle)]
    const lines = wrapped(name)
    const height = labelHeight({ lines })
    const anchor = Math.abs(across) < 0.2 ? 'middle' : across > 0 ? 'start' : 'end'
    const y = -(reach + radius + GAP + height / 2) * up - height / 2
    return { lines, anchor, x: anchor === 'middle' ? across * reach : (reach + radius + GAP) * across, y, up }
  })
  // From the sides to the top and to the bottom, each one is moved out until it is clear of those before.
  const order = [...wished.keys()].toSorted((a, b) => Math.abs(wished[a]!.up) - Math.abs(wished[b]!.up))
  const placed = new Map<number, Label>()
  for (const i of order) {
    const { up, ...label } = wished[i]!
    placed.set(i, clearOf([...placed.values()], label, up >= 0 ? -1 : 1))
  }
  return names.map((_, i) => placed.get(i)!)
}

function clearOf(others: readonly Label[], label: Label, direction: -1 | 1): Label {
  const [left, right] = labelSpan(label)
  const rivals = others.filter((other) => {
    const [from, to] = labelSpan(other)
    return from < right + GAP && to > left - GAP
  })
  let y = label.y
  for (let moved = true; moved; ) {
    moved = false
    for (const other of rivals)
      if (y < other.y + labelHeight(other) + 2 && y + labelHeight(label) + 2 > other.y) {
        y = direction < 0 ? other.y - labelHeight(label) - 3 : other.y + labelHeight(other) + 3
        moved = true
      }
  }
  return { ...label, y }
}

/** Below nodes at their places, moved into the picture where they would be cut. */
export function labelsBelow(
  names: readonly string[],
  points: readonly Point[],
  radius: number,
  width: number,
): Label[] {
  return names.map((name, i) => {
    const lines = wrapped(name, 120)
    const half = labelWidth({ lines }) / 2 + GAP
    const [x, y] = points[i]!
    return { lines, anchor: 'middle', x: Math.max(half, Math.min(width - half, x)), y: y + radius + 3 }
  })
}
