/**
 * Letters as strokes, for text in pixels without any font file. Units: the baseline is 0, capitals reach 7, small
 * letters 5, what hangs down -2; y runs up. `M x y` moves, `L x y` draws, `A cx cy rx ry from to` draws an arc (degrees
 * counterclockwise) from where the pen is not: its start is joined to nothing unless the pen is down there.
 */

/** Strokes of each letter and its width. */
const LETTERS: Readonly<Record<string, readonly [width: number, strokes: string]>> = {
  A: [5, 'M0 0L2.5 7L5 0M0.9 2.4L4.1 2.4'],
  B: [4.5, 'M0 0L0 7L2.6 7A2.6 5.3 1.7 1.7 90 -90L0 3.6M2.6 3.6A2.6 1.8 1.9 1.8 90 -90L0 0'],
  C: [5, 'A2.9 3.5 2.9 3.5 48 312'],
  D: [5, 'M0 0L0 7L2 7A2 3.5 3 3.5 90 -90L0 0'],
  E: [4, 'M4 7L0 7L0 0L4 0M0 3.7L3.4 3.7'],
  F: [3.9, 'M4 7L0 7L0 0M0 3.7L3.4 3.7'],
  G: [5.5, 'A2.9 3.5 2.9 3.5 48 330L5.4 3.3L3.4 3.3'],
  H: [5, 'M0 0L0 7M5 0L5 7M0 3.7L5 3.7'],
  I: [0.2, 'M0.1 0L0.1 7'],
  J: [3, 'M3 7L3 2A1.5 2 1.5 2 0 -160'],
  K: [4.7, 'M0 0L0 7M4.6 7L0 2.6M1.6 4.1L4.8 0'],
  L: [3.8, 'M0 7L0 0L3.8 0'],
  M: [6, 'M0 0L0 7L3 2L6 7L6 0'],
  N: [5, 'M0 0L0 7L5 0L5 7'],
  O: [6, 'A3 3.5 3 3.5 0 360'],
  P: [4.5, 'M0 0L0 7L2.6 7A2.6 5.1 1.9 1.9 90 -90L0 3.2'],
  Q: [6, 'A3 3.5 3 3.5 0 360M3.7 1.7L5.8 -0.6'],
  R: [4.6, 'M0 0L0 7L2.6 7A2.6 5.1 1.9 1.9 90 -90L0 3.2M2.4 3.2L4.6 0'],
  S: [4.4, 'A2.3 5.2 2.1 1.8 30 270A2.3 1.7 2.2 1.7 90 -150'],
  T: [5, 'M2.5 0L2.5 7M0 7L5 7'],
  U: [5, 'M0 7L0 2.4A2.5 2.4 2.5 2.4 180 360L5 7'],
  V: [5, 'M0 7L2.5 0L5 7'],
  W: [7, 'M0 7L1.7 0L3.5 6.4L5.3 0L7 7'],
  X: [4.8, 'M0 0L4.8 7M0 7L4.8 0'],
  Y: [4.8, 'M0 7L2.4 3.4L4.8 7M2.4 3.4L2.4 0'],
  Z: [4.6, 'M0 7L4.6 7L0 0L4.6 0'],
  a: [3.8, 'M3.8 5L3.8 0M3.8 2.5A1.9 2.5 1.9 2.5 0 360'],
  b: [3.8, 'M0 7.2L0 0M3.8 2.5A1.9 2.5 1.9 2.5 0 360'],
  c: [3.3, 'A1.9 2.5 1.9 2.5 48 312'],
  d: [3.8, 'M3.8 7.2L3.8 0M3.8 2.5A1.9 2.5 1.9 2.5 0 360'],
  e: [3.8, 'M0 2.7L3.8 2.7A1.9 2.5 1.9 2.5 4 315'],
  f: [2.2, 'M0.8 0L0.8 5.7A2.2 5.7 1.4 1.5 180 80M0 4.8L2.3 4.8'],
  g: [3.8, 'M3.8 5L3.8 -0.4A1.9 -0.4 1.9 1.7 0 -150M3.8 2.5A1.9 2.5 1.9 2.5 0 360'],
  h: [3.6, 'M0 7.2L0 0M0 3.1A1.8 3.1 1.8 1.9 180 0L3.6 0'],
  i: [0.2, 'M0.1 0L0.1 5M0.1 6.7L0.1 6.9'],
  j: [1, 'M0.9 5L0.9 -0.9A-0.1 -0.9 1 1.2 0 -100M0.9 6.7L0.9 6.9'],
  k: [3.5, 'M0 0L0 7.2M3.3 5L0 1.9M1.2 3L3.5 0'],
  l: [0.2, 'M0.1 0L0.1 7.2'],
  m: [6, 'M0 0L0 5M0 3.3A1.5 3.3 1.5 1.7 180 0L3 0M3 3.3A4.5 3.3 1.5 1.7 180 0L6 0'],
  n: [3.6, 'M0 0L0 5M0 3.1A1.8 3.1 1.8 1.9 180 0L3.6 0'],
  o: [4, 'A2 2.5 2 2.5 0 360'],
  p: [3.8, 'M0 5L0 -2M3.8 2.5A1.9 2.5 1.9 2.5 0 360'],
  q: [3.8, 'M3.8 5L3.8 -2M3.8 2.5A1.9 2.5 1.9 2.5 0 360'],
  r: [2.3, 'M0 0L0 5M0 3.2A1.8 3.2 1.8 1.8 180 75'],
  s: [3.2, 'A1.6 3.75 1.5 1.25 35 270A1.6 1.25 1.6 1.25 90 -150'],
  t: [2.4, 'M0.9 6.5L0.9 1.4A2.1 1.4 1.2 1.4 180 290M0 4.8L2.4 4.8'],
  u: [3.6, 'M0 5L0 1.9A1.8 1.9 1.8 1.9 180 360M3.6 5L3.6 0'],
  v: [3.6, 'M0 5L1.8 0L3.6 5'],
  w: [5.4, 'M0 5L1.3 0L2.7 4.6L4.1 0L5.4 5'],
  x: [3.4, 'M0 0L3.4 5M0 5L3.4 0'],
  y: [3.6, 'M0 5L1.8 0.2M3.6 5L1.4 -1.2L0.8 -1.9L0 -2'],
  z: [3.4, 'M0 5L3.3 5L0 0L3.4 0'],
  '0': [4.2, 'A2.1 3.5 2.1 3.5 0 360'],
  '1': [4.2, 'M0.6 5.6L2.4 7L2.4 0'],
  '2': [4.2, 'A2.1 5 2 2 160 -30L0.1 0L4.2 0'],
  '3': [4.2, 'A2 5.3 1.8 1.7 150 -90A2 1.8 2.1 1.8 90 -150'],
  '4': [4.4, 'M3.3 0L3.3 7L0 2L4.4 2'],
  '5': [4.2, 'M3.9 7L0.8 7L0.5 3.8A2 2.3 2.1 2.3 130 -150'],
  '6': [4.2, 'M3.4 7L1.2 4.9L0.3 3.4L0.05 2.3A2.1 2.3 2.05 2.3 180 540'],
  '7': [4.2, 'M0 7L4.2 7L1.5 0'],
  '8': [4.2, 'A2.1 5.3 1.8 1.7 270 630A2.1 1.8 2.1 1.8 90 450'],
  '9': [4.2, 'M0.9 0L3 2.1L3.9 3.6L4.15 4.7A2.1 4.7 2.05 2.3 0 360'],
  '.': [0.4, 'M0.2 0L0.2 0.2'],
  ',': [0.6, 'M0.4 0.2L0.1 -1.2'],
  ':': [0.4, 'M0.2 0L0.2 0.2M0.2 4L0.2 4.2'],
  ';': [0.6, 'M0.4 0.2L0.1 -1.2M0.4 4L0.4 4.2'],
  '-': [2.2, 'M0 2.7L2.2 2.7'],
  '+': [4, 'M0 3L4 3M2 1L2 5'],
  '=': [4, 'M0 2L4 2M0 4L4 4'],
  '/': [2.8, 'M0 -0.6L2.8 7.4'],
  '\\': [2.8, 'M2.8 -0.6L0 7.4'],
  '(': [1.4, 'A2.6 3 2.6 5.2 132 228'],
  ')': [1.4, 'A-1.2 3 2.6 5.2 48 -48'],
  '[': [1.4, 'M1.4 7.6L0 7.6L0 -1.4L1.4 -1.4'],
  ']': [1.4, 'M0 7.6L1.4 7.6L1.4 -1.4L0 -1.4'],
  '{': [1.8, 'M1.8 7.6L1 7.1L1 3.7L0 3.1L1 2.5L1 -0.9L1.8 -1.4'],
  '}': [1.8, 'M0 7.6L0.8 7.1L0.8 3.7L1.8 3.1L0.8 2.5L0.8 -0.9L0 -1.4'],
  '<': [3.6, 'M3.6 5.4L0 3L3.6 0.6'],
  '>': [3.6, 'M0 5.4L3.6 3L0 0.6'],
  '%': [6, 'M0.8 0L5.2 7A1.2 5.6 1.2 1.4 0 360A4.8 1.4 1.2 1.4 0 360'],
  '*': [2.8, 'M1.4 7L1.4 4.2M0.1 6.3L2.7 4.9M2.7 6.3L0.1 4.9'],
  _: [4, 'M0 -1L4 -1'],
  "'": [0.2, 'M0.1 7.2L0.1 5.4'],
  '"': [1.4, 'M0.1 7.2L0.1 5.4M1.3 7.2L1.3 5.4'],
  '`': [1, 'M0 7.2L1 6'],
  '!': [0.4, 'M0.2 7L0.2 2M0.2 0L0.2 0.2'],
  '?': [3.4, 'A1.7 5.3 1.7 1.7 170 -60L1.7 2.6L1.7 2M1.7 0L1.7 0.2'],
  '&': [5.4, 'M5.2 0L1.1 5A1.9 5.8 1.1 1.2 200 -30L0.8 3.2A2 1.8 2 1.8 130 300L5.2 3.2'],
  '#': [4.8, 'M1.2 0L1.9 7M3.1 0L3.8 7M0.2 2.2L4.5 2.2M0.5 4.8L4.8 4.8'],
  '@': [6.6, 'M4.6 4.6L4.6 2A3.3 3 1.3 1.5 0 360M4.6 2.2A5.5 2.3 0.9 1 190 350L6.5 3A3.3 3 3.3 3.8 0 300'],
  $: [4.4, 'A2.3 5.2 2.1 1.8 30 270A2.3 1.7 2.2 1.7 90 -150M2.3 8L2.3 -1'],
  '^': [3, 'M0 5L1.5 7L3 5'],
  '~': [4, 'M0 2.6L0.7 3.3L1.4 3.3L2.6 2.6L3.3 2.6L4 3.3'],
  '|': [0.2, 'M0.1 7.6L0.1 -1.4'],
  '°': [2, 'A1 6 1 1 0 360'],
  '×': [3.2, 'M0 1.4L3.2 4.6M0 4.6L3.2 1.4'],
  '−': [3.8, 'M0 3L3.8 3'],
  '–': [3.4, 'M0 2.7L3.4 2.7'],
  '—': [5.6, 'M0 2.7L5.6 2.7'],
  '·': [0.4, 'M0.2 2.8L0.2 3'],
  '…': [4.4, 'M0.2 0L0.2 0.2M2.2 0L2.2 0.2M4.2 0L4.2 0.2'],
  '²': [2.2, 'A1.1 6.2 1 1 160 -30L0.1 3.6L2.2 3.6'],
  '³': [2.2, 'A1 6.3 0.9 0.8 150 -90A1 4.6 1 0.9 90 -150'],
  '¹': [1.4, 'M0.2 6.4L1 7.1L1 3.6'],
  '⁻': [1.8, 'M0 5.3L1.8 5.3'],
  µ: [3.8, 'M0 5L0 -2M0 1.9A1.8 1.9 1.8 1.9 180 360M3.6 5L3.6 0'],
  ß: [3.9, 'M0 0L0 5.6A1.7 5.6 1.7 1.6 180 -60L1.7 4A1.8 2 2 2 80 -110'],
  '\u2426': [3.6, 'M0 0L3.6 0L3.6 7L0 7L0 0'],
}

/** Marks on letters, centred on x = 0 above a small letter; capitals lift them by 2. */
const MARKS: Readonly<Record<string, string>> = {
  '\u0308': 'M-1 6.4L-1 6.6M1 6.4L1 6.6',
  '\u0301': 'M-0.4 6L0.7 7.2',
  '\u0300': 'M0.4 6L-0.7 7.2',
  '\u0302': 'M-1 6L0 7.1L1 6',
  '\u030c': 'M-1 7.1L0 6L1 7.1',
  '\u0303': 'M-1.2 6.3L-0.5 6.8L0.5 6.3L1.2 6.8',
  '\u030a': 'A0 6.7 0.8 0.8 0 360',
  '\u0327': 'M0.1 0L0.2 -0.8L-0.6 -1.6',
}

/** Between letters. */
const GAP = 1.6
const SPACE = 2.7
/** Degrees of an arc per straight piece. */
const ARC_STEP = 15

type Strokes = readonly (readonly number[])[]

const known = new Map<string, Strokes>()

/** Polylines x0, y0, x1, y1, ... of a text of this size (pixels), its baseline starting at (0, 0), y running down. */
export function textStrokes(text: string, size: number): number[][] {
  const scale = size / 10
  const out: number[][] = []
  let x = 0
  for (const { strokes, width, mark } of glyphs(text)) {
    for (const line of strokes) {
      out.push(line.map((value, i) => (i % 2 === 0 ? (x + value + mark.x) * scale : -(value + mark.y) * scale)))
    }
    x += width
  }
  return out
}

/** Pixels from the start of a text to its end. */
export function textWidth(text: string, size: number): number {
  let width = 0
  for (const glyph of glyphs(text)) width += glyph.width
  return (Math.max(0, width - GAP) * size) / 10
}

interface Glyph {
  readonly strokes: Strokes
  readonly width: number
  readonly mark: { readonly x: number; readonly y: number }
}

const HERE = { x: 0, y: 0 }

function* glyphs(text: string): Generator<Glyph> {
  let last: [width: number, isTall: boolean] = [0, false]
  for (const letter of text.normalize('NFD')) {
    const mark = MARKS[letter]
    if (mark !== undefined) {
      const lift = last[1] && letter !== '\u0327' ? 2 : 0
      yield { strokes: strokesOf(letter, mark), width: 0, mark: { x: -GAP - last[0] / 2, y: lift } }
    } else if (/\s/.test(letter)) yield { strokes: [], width: SPACE, mark: HERE }
    else {
      const [width, strokes] = LETTERS[letter] ?? LETTERS[SIMILAR[letter] ?? '\u2426']!
      last = [width, /[A-Zbdfhijklt]/.test(letter)]
      yield { strokes: strokesOf(letter, strokes), width: width + GAP, mark: HERE }
    }
  }
}

/** Letters that look like another. */
const SIMILAR: Readonly<Record<string, string>> = {
  μ: 'µ',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '‐': '-',
  '‑': '-',
  '∕': '/',
  '⋅': '·',
  Δ: 'A',
}

function strokesOf(letter: string, commands: string): Strokes {
  const made = known.get(letter) ?? parse(commands)
  known.set(letter, made)
  return made
}

function parse(commands: string): Strokes {
  const lines: number[][] = []
  for (const [, kind, rest] of commands.matchAll(/([MLA])([^MLA]*)/g)) {
    const values = rest!.trim().split(/ +/).map(Number)
    if (kind === 'M') lines.push([values[0]!, values[1]!])
    else if (kind === 'L') lines.at(-1)!.push(values[0]!, values[1]!)
    else arc(lines, values)
  }
  return lines
}

/** An arc goes on from the pen where it starts there (nearly), else it is a stroke of its own. */
function arc(lines: number[][], [cx, cy, rx, ry, from, to]: readonly number[]): void {
  const steps = Math.max(2, Math.ceil(Math.abs(to! - from!) / ARC_STEP))
  const points: number[] = []
  for (let i = 0; i <= steps; i++) {
    const angle = ((from! + ((to! - from!) * i) / steps) * Math.PI) / 180
    points.push(cx! + rx! * Math.cos(angle), cy! + ry! * Math.sin(angle))
  }
  const last = lines.at(-1)
  const isNear = last !== undefined && Math.hypot(last.at(-2)! - points[0]!, last.at(-1)! - points[1]!) < 0.6
  if (isNear) last.push(...points)
  else lines.push(points)
}
