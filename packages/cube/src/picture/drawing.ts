/** A picture as a list of shapes, which is written as SVG or painted into pixels. Units are pixels, y runs down. */

export interface Style {
  /** `#rrggbb`. */
  readonly fill?: string
  readonly stroke?: string
  readonly strokeWidth?: number
  readonly opacity?: number
}

export type Shape =
  | ({
      readonly kind: 'rectangle'
      readonly x: number
      readonly y: number
      readonly width: number
      readonly height: number
    } & Style)
  /** Points x0, y0, x1, y1, ... joined by straight lines. */
  | ({ readonly kind: 'line'; readonly points: readonly number[] } & Style)
  | {
      readonly kind: 'text'
      readonly x: number
      /** Of the baseline. */
      readonly y: number
      readonly text: string
      readonly size: number
      readonly anchor?: 'start' | 'middle' | 'end'
      readonly isBold?: boolean
      readonly fill?: string
      /** Turned a quarter to the left around (x, y). */
      readonly isUpright?: boolean
    }
  /** RGBA pixels `[rows, columns, 4]` that fill a box. */
  | {
      readonly kind: 'image'
      readonly x: number
      readonly y: number
      readonly width: number
      readonly height: number
      readonly columns: number
      readonly rows: number
      readonly rgba: Uint8ClampedArray<ArrayBuffer>
      /** Smooth between pixels where it is enlarged; classes stay sharp. */
      readonly isSmooth?: boolean
    }

export interface Drawing {
  readonly width: number
  readonly height: number
  readonly background: string
  /** What it shows, for those who cannot see it. */
  readonly alt: string
  readonly shapes: readonly Shape[]
}

export const INK = '#1c2126'
export const FAINT = '#5f6b75'
export const HAIR = '#aab3ba'
/** What is missing. */
export const VOID = '#dfe3e6'
