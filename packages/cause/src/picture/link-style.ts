/** How strength and sign of a link look: width and colour grow with strength, negative links are dashed (so grey print tells). */
import { FAINT, INK, rampColour, type Shape, tickText } from '@ecotope/cube'
import { type Pen, stroke } from './geometry.ts'

export interface Scale {
  /** Strength at which width and colour are fullest. */
  readonly most: number
  /** What strength is: `MCI partial correlation`. */
  readonly title: string
}

/** 1, 0.5, 0.2, 0.1, ...: the least such number that holds all values. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= value * (1 - 1e-9))!
}

export function penOf(value: number, { most }: Scale): Pen {
  const strength = Math.min(1, Math.abs(value) / most)
  return {
    colour:
      value === 0 || Number.isNaN(value) ? '#7c868e' : rampColour(value > 0 ? 'ember' : 'dusk', 0.38 + 0.47 * strength),
    width: 1.2 + 4.2 * strength,
    isDashed: value < 0,
  }
}

/** Fill of a node by its own strength (autocorrelation), light enough for dark text. */
export function fillOf(value: number, { most }: Scale): string {
  const strength = Math.min(1, Math.abs(value) / most)
  return rampColour('grey', 0.98 - 0.38 * strength)
}

export const LEGEND_HEIGHT = 80

/** Positive and negative samples of three strengths; `key` says what else there is to know. */
export function legend(x: number, y: number, scale: Scale, key: string): Shape[] {
  const strengths = [0.2, 0.5, 1].map((share) => share * scale.most)
  const row = (sign: number, at: number): Shape[] =>
    strengths.flatMap((strength, k): Shape[] => {
      const left = x + 70 + 96 * k
      const line = stroke(
        Array.from({ length: 34 }, (_, i) => [left + i, at - 4] as const),
        penOf(sign * strength, scale),
      )
      return [
        ...line,
        { kind: 'text', x: left + 40, y: at, text: tickText(sign * strength, strengths), size: 10, fill: FAINT },
      ]
    })
  return [
    { kind: 'text', x, y, text: scale.title, size: 10.5, isBold: true, fill: INK },
    { kind: 'text', x, y: y + 18, text: 'positive', size: 10, fill: FAINT },
    ...row(1, y + 18),
    { kind: 'text', x, y: y + 34, text: 'negative', size: 10, fill: FAINT },
    ...row(-1, y + 34),
    { kind: 'text', x, y: y + 50, text: key, size: 10, fill: FAINT },
  ]
}
