/** Values that the steps of a segmentation hand to one another, as they stand in JSON. Types only. */
import type { CalibrationFit, ConfusionMatrix, PrecisionRecallCurve, Reliability, Scores } from '@ecotope/belief'
import type { Warning } from '@ecotope/core'
import type { Affine } from '@ecotope/cube'
import type { EpochRecord, NetworkSpec, Normalisation, Role } from '@ecotope/model'

export interface GridValue {
  readonly crs: string
  readonly crsName: string
  readonly crsUnit: string
  readonly affine: Affine
  readonly width: number
  readonly height: number
}

export interface BandValue {
  readonly name: string
  readonly role?: string
  readonly unit?: string
  /** File or operation that the band comes from. */
  readonly source: string
}

export interface ClassValue {
  readonly name: string
  /** Value in `class.tif`. */
  readonly code: number
  /** Labelled pixels. */
  readonly pixels: number
  readonly polygons: number
}

export interface PreparedValue {
  readonly grid: GridValue
  /** First pixel of this grid in the reference layer's grid, on which blocks are counted. */
  readonly origin: { readonly row: number; readonly column: number }
  readonly bands: readonly BandValue[]
  readonly classes: readonly ClassValue[]
  readonly background: 'class' | 'ignore'
  readonly pixelAreaSquareMetres: number
  /** Pixels of the grid whose every band is valid, and whether each of these is labelled. */
  readonly validPixels: number
  readonly complete: boolean
  readonly warnings: readonly Warning[]
  readonly features: readonly string[]
  readonly labels: string
  readonly derived: readonly string[]
  readonly crsOverride: string | null
}

export interface SplitValue {
  readonly split: string
  readonly validation: readonly string[]
  readonly normalisation: Normalisation
  readonly counts: Readonly<Record<Role, readonly number[]>>
  readonly seed: number
  readonly warnings: readonly Warning[]
}

export interface MemberValue {
  readonly file: string
  readonly curve: readonly EpochRecord[]
  readonly bestEpoch: number
  readonly seconds: number
}

export interface FitValue {
  readonly network: NetworkSpec
  readonly parameters: number
  readonly loss: string
  readonly members: readonly MemberValue[]
  readonly seconds: number
}

export interface CalibrationValue {
  readonly fit: CalibrationFit
  readonly pixels: number
}

export interface MapValue {
  readonly mapped: readonly number[]
  readonly seconds: number
}

export interface BlockValue {
  readonly row: number
  readonly column: number
  readonly confusion: ConfusionMatrix
}

export interface AssessmentValue {
  readonly on: 'test blocks'
  readonly confusion: ConfusionMatrix
  readonly scores: Scores
  readonly before: Reliability
  readonly after: Reliability
  readonly precisionRecall: readonly { readonly name: string; readonly curve: PrecisionRecallCurve }[]
  readonly blocks: readonly BlockValue[]
}
