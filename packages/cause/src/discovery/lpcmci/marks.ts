/**
 * Links of LPCMCI as small numbers: a mark at each end and one in the middle. Patterns of links become tables, so that a
 * rule looks a link up instead of comparing text.
 */
import type { Link } from '../graph.ts'

/** 0: no link. Otherwise `PRESENT | near << 5 | middle << 2 | far`. */
export type MarkedLink = number

export const ABSENT: MarkedLink = 0

/** Marks at the end of a link. */
export const TAIL = 0
export const HEAD = 1
export const CIRCLE = 2
/** Rules contradict each other. */
export const CONFLICT = 3

/** Marks in the middle (Gerhardus and Runge 2020, section 3.2): what is known of the sets that do not separate the ends. */
export const EMPTY = 0
/** Nothing is known. */
export const OPEN = 1
/** No set of ancestors of the left (earlier, or lower) node separates. */
export const LEFT = 2
/** No set of ancestors of the right node separates. */
export const RIGHT = 3
/** Neither. */
export const BOTH = 4
/** Rules contradict each other about whether the link exists. */
export const UNCLEAR = 5

const PRESENT = 128
const NEAR = '-<ox'
const FAR = '->ox'
const MIDDLE = '-?LR!x'

/** Link from its three marks. */
export const marked = (near: number, middle: number, far: number): MarkedLink =>
  PRESENT | (near << 5) | (middle << 2) | far
export const nearOf = (link: MarkedLink): number => (link >> 5) & 3
export const middleOf = (link: MarkedLink): number => (link >> 2) & 7
export const farOf = (link: MarkedLink): number => link & 3
export const withNear = (link: MarkedLink, near: number): MarkedLink => (link & ~(3 << 5)) | (near << 5)
export const withMiddle = (link: MarkedLink, middle: number): MarkedLink => (link & ~(7 << 2)) | (middle << 2)
export const withFar = (link: MarkedLink, far: number): MarkedLink => (link & ~3) | far

/** The link seen from its other end. */
export const MIRROR: Uint8Array = Uint8Array.from({ length: 256 }, (_, link) =>
  link < PRESENT ? ABSENT : marked(farOf(link), middleOf(link), nearOf(link)),
)

/** `o?>` and so on; `''` for none. */
export const markedOf = (text: Link): MarkedLink =>
  text === '' ? ABSENT : marked(NEAR.indexOf(text[0]!), MIDDLE.indexOf(text[1]!), FAR.indexOf(text[2]!))

export const textOf = (link: MarkedLink): Link =>
  link === ABSENT ? '' : `${NEAR[nearOf(link)]}${MIDDLE[middleOf(link)]}${FAR[farOf(link)]}`

/** 1 for each link that matches. */
export type Pattern = Uint8Array

const matches = (wanted: string, marks: string, mark: number): boolean =>
  wanted === '*' || (wanted === '+' ? mark === HEAD || mark === CIRCLE : marks[mark] === wanted)

const patterns = new Map<string, Pattern>()

/** Links like `o*+`: `*` is any mark, `+` at an end a head or a circle; `''` matches where there is no link. */
export function pattern(text: string): Pattern {
  const known = patterns.get(text)
  if (known) return known
  const made = Uint8Array.from({ length: 256 }, (_, link) => {
    if (text === '' || link < PRESENT) return Number(text === '' && link === ABSENT)
    const ends = matches(text[0]!, NEAR, nearOf(link)) && matches(text[2]!, FAR, farOf(link))
    return Number(ends && matches(text[1]!, MIDDLE, middleOf(link)))
  })
  patterns.set(text, made)
  return made
}

/** Links that match one of these. */
export const anyOf = (...texts: readonly string[]): Pattern => {
  const each = texts.map(pattern)
  return Uint8Array.from({ length: 256 }, (_, link) => Number(each.some((table) => table[link] === 1)))
}
