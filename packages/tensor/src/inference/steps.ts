/** What a plan consists of. Plain data: a plan is made on the main thread and carried out by workers. */
import type { Shape } from '../shape.ts'
import type { Formula } from './formula.ts'
import type { Extent, View } from './layout.ts'

/** An image that is evaluated while it is read: channel ranges side by side, all but the last of whole vectors. */
export interface Source {
  readonly extent: Extent
  readonly parts: readonly { readonly channels: number; readonly formula: Formula }[]
}

/** Rows before columns. */
export type Pair = readonly [number, number]

export interface Reach {
  readonly kernel: Pair
  readonly stride: Pair
  readonly dilation: Pair
  /** Rows above, columns to the left. */
  readonly before: Pair
}

/** Where a step leaves partial moments of what it writes; see `moments.ts`. */
export interface Measured {
  /** A buffer, or undefined where nobody asks. */
  readonly moments: number | undefined
}

export interface StepKinds {
  /** A planar input `[N, C, H, W]` into an image. */
  readonly load: { readonly input: string; readonly planes: number; readonly to: View }
  /** An image as a planar output. */
  readonly store: { readonly from: View; readonly planes: number; readonly output: string; readonly shape: Shape }
  readonly map: { readonly from: Source; readonly to: View }
  /** 3 x 3, stride 1. */
  readonly winograd: Measured & {
    readonly from: Source
    readonly to: View
    readonly before: Pair
    readonly weights: number
    readonly bias: number
  }
  /** Any other convolution with all channels in one group, as a matrix product over gathered windows. */
  readonly gathered: Measured & {
    readonly from: Source
    readonly to: View
    readonly reach: Reach
    readonly weights: number
    readonly bias: number
  }
  /** Transposed convolution whose windows do not overlap: every pixel becomes `factor` pixels. */
  readonly spread: Measured & {
    readonly from: Source
    readonly to: View
    readonly factor: Pair
    readonly weights: number
    readonly bias: number
  }
  /** Each channel by itself: a weighted sum, or the largest, of a window. */
  readonly window: {
    readonly from: Source
    readonly to: View
    readonly reach: Reach
    /** What lies beside the image. */
    readonly fill: number
    readonly combine: 'max' | 'sum' | 'weighted'
    /** Of `weighted`: a buffer `[taps, C]`. */
    readonly weights: number | undefined
    readonly bias: number | undefined
  }
  /** Nearest neighbour. */
  readonly enlarge: { readonly from: Source; readonly to: View; readonly factor: Pair }
  readonly moments: { readonly from: Source; readonly moments: number }
  /** Moments to the factor and the summand of a normalisation, for each sample and channel. */
  readonly normalise: {
    readonly extent: Extent
    readonly moments: number
    readonly groups: number
    readonly eps: number
    readonly overBatch: boolean
    readonly scale: number
    readonly bias: number
    readonly factor: View
    readonly summand: View
  }
  /** Moments to each channel's sum or mean over the image. */
  readonly total: { readonly extent: Extent; readonly moments: number; readonly mean: boolean; readonly to: View }
  readonly peak: { readonly from: Source; readonly to: View }
  /** Over channels. */
  readonly softmax: { readonly from: Source; readonly to: View; readonly logarithm: boolean }
}

export type StepKind = keyof StepKinds

export type Step = { readonly [K in StepKind]: StepKinds[K] & { readonly kind: K; readonly name: string } }[StepKind]

export type StepOf<K extends StepKind> = StepKinds[K] & { readonly kind: K; readonly name: string }

/** How a constant is laid out in memory from its plain numbers; see `weights.ts`. */
export type Packing =
  | { readonly kind: 'plain' }
  /** `[O, I, 3, 3]`. */
  | { readonly kind: 'winograd'; readonly outputs: number; readonly inputs: readonly number[] }
  /** `[O, I, taps]`. */
  | { readonly kind: 'panels'; readonly outputs: number; readonly inputs: readonly number[]; readonly taps: number }

export interface Constant {
  readonly data: Float32Array<ArrayBuffer>
  readonly packing: Packing
}

export interface Buffer {
  readonly numbers: number
  readonly constant?: Constant
}

export interface Plan {
  readonly steps: readonly Step[]
  readonly buffers: readonly Buffer[]
}
