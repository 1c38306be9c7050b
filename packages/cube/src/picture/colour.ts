/** Colours of pictures: palettes for any colour vision and ramps computed in a perceptual space. Not a theme. */

/** Names of computed ramps; all are monotone in lightness except `diverging`, and readable with any colour vision. */
export type RampName = 'viridis' | 'magma' | 'cividis' | 'grey' | 'terrain' | 'ember' | 'dusk' | 'diverging' | 'balance'

/** What a class is called and how it is painted. */
export interface ClassColour {
  readonly name?: string
  readonly colour?: string
}

export type Rgb = readonly [red: number, green: number, blue: number]

/** Okabe & Ito 2008, reordered so that neighbours differ in lightness too. */
export const OKABE_ITO = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#d55e00',
  '#f0e442',
  '#6b6b6b',
] as const

/** Two classes are mostly "the rest" and "what is looked for". */
const BINARY = ['#d8d6cf', '#c8502d'] as const

/** One colour per class: the given ones, else a palette, else hues at golden angles. */
export function classColours(classes: readonly ClassColour[]): string[] {
  const palette: readonly string[] = classes.length === 2 ? BINARY : OKABE_ITO
  return classes.map(({ colour }, c) => (colour && isHex(colour) ? colour : (palette[c] ?? goldenHue(c))))
}

const isHex = (text: string): boolean => /^#[0-9a-f]{6}$/i.test(text)

function goldenHue(index: number): string {
  const hue = index * 2.399963
  const lightness = 0.55 + 0.2 * ((index % 3) - 1)
  return hexOf(fromOklab([lightness, 0.12 * Math.cos(hue), 0.12 * Math.sin(hue)]))
}

/** `#rrggbb` to bytes; anything else is mid grey. */
export function rgbOf(hex: string): Rgb {
  if (!isHex(hex)) return [128, 128, 128]
  const value = Number.parseInt(hex.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

export const hexOf = (rgb: Rgb): string => `#${rgb.map((v) => Math.round(v).toString(16).padStart(2, '0')).join('')}`

/** Anchors that are joined by straight lines in OKLab; first = low end. */
const ANCHORS: Record<RampName, readonly string[]> = {
  viridis: ['#440154', '#3b528b', '#21918c', '#5ec962', '#fde725'],
  magma: ['#000004', '#51127c', '#b73779', '#fc8961', '#fcfdbf'],
  cividis: ['#00224e', '#434e6c', '#7d7c78', '#bcae6c', '#fee838'],
  grey: ['#141414', '#f4f4f4'],
  terrain: ['#22513f', '#6f8f4e', '#c9b77c', '#a98a6d', '#f3f1ee'],
  ember: ['#faf6ec', '#f3cf9a', '#e0814c', '#a8321f', '#4d0f14'],
  dusk: ['#f7f5ef', '#a9c3cf', '#5484a6', '#2c4a7c', '#161a3a'],
  // Two hues that part at the middle, and lightness that rises throughout: told apart in grey as well.
  balance: ['#132a5e', '#3f6ea8', '#8d99a0', '#e2b25a', '#fdf3b5'],
  diverging: ['#2a5a9c', '#9fbfdd', '#f3f1ec', '#e8a783', '#a8321f'],
}

const tables = new Map<RampName, Uint8Array>()

/** The same hue, light and strong enough for a thin line on white and on black. */
export function lineColour(hex: string): string {
  const [lightness, a, b] = toOklab(rgbOf(hex))
  const strength = Math.hypot(a, b) < 0.025 ? 1 : Math.max(1, 0.11 / Math.hypot(a, b))
  return hexOf(fromOklab([Math.min(0.64, Math.max(0.5, lightness)), a * strength, b * strength]))
}

/** 256 colours of a ramp, `[256, 3]`, low to high. */
export function rampTable(name: RampName): Uint8Array {
  const known = tables.get(name)
  if (known) return known
  const anchors = ANCHORS[name].map((hex) => toOklab(rgbOf(hex)))
  const table = new Uint8Array(256 * 3)
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (anchors.length - 1)
    const left = Math.min(anchors.length - 2, Math.floor(at))
    const mix = (j: number): number => anchors[left]![j]! + (at - left) * (anchors[left + 1]![j]! - anchors[left]![j]!)
    table.set(fromOklab([mix(0), mix(1), mix(2)]), 3 * i)
  }
  tables.set(name, table)
  return table
}

/** Colour at a share of the ramp, clamped to [0, 1]. */
export function rampColour(name: RampName, share: number): string {
  const i = Math.round(255 * Math.min(1, Math.max(0, share)))
  const table = rampTable(name)
  return hexOf([table[3 * i]!, table[3 * i + 1]!, table[3 * i + 2]!])
}

/** CSS gradient of a ramp, left to right. */
export function rampGradient(name: RampName): string {
  const stops = Array.from({ length: 13 }, (_, i) => rampColour(name, i / 12))
  return `linear-gradient(90deg,${stops.join(',')})`
}

/** Black or white, whichever is easier to read on a colour (WCAG 2 contrast). */
export function inkOn(hex: string): string {
  const [r, g, b] = rgbOf(hex).map((v) => linear(v / 255)) as [number, number, number]
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b
  return luminance > 0.25 ? '#111111' : '#ffffff'
}

const linear = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
const encoded = (v: number): number => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055)

/** Ottosson 2020, "A perceptual color space for image processing". */
export function toOklab(rgb: Rgb): [number, number, number] {
  const [r, g, b] = rgb.map((v) => linear(v / 255)) as [number, number, number]
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

export function fromOklab([lightness, a, b]: readonly [number, number, number]): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const byte = (v: number): number => Math.round(255 * encoded(Math.min(1, Math.max(0, v))))
  return [
    byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    byte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}
